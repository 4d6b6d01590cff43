"""One turn: an event has its effects in the language's order, and what it leads to as well.

Order (section 4): cancel, stop, pause or resume, start, reactions. A turn ends at a fixpoint, when
no derived event is left, and with the next timer known.
"""

from __future__ import annotations

from kept.policy import commitments, endings, ladder
from kept.policy.actions import perform, react
from kept.policy.facts import Fact
from kept.policy.particulars import PARTICULAR
from kept.policy.plans import Plan
from kept.policy.promises import keep_promises
from kept.policy.reach import ENDINGS, KEEPING, Reach
from kept.policy.run import Event, Run
from kept.policy.state import Commitment
from kept.policy.succession import reclassify
from kept.policy.tables import derive_fields
from kept.policy.words import ACCEPTANCE, Instant

MAX_TURNS = 1_000
"""Derived events one outside event may lead to: a fixpoint needs far fewer."""


def settle_down(run: Run) -> None:
    """Handle derived events until there are none, then set the next timer."""
    turns = 0
    while run.queue:
        turns += 1
        assert turns < MAX_TURNS, "the rules of this policy never come to rest"
        handle(run, run.queue.pop(0), None)
    run.state.next_at = next_wake(run)


def handle(run: Run, event: Event, fact: Fact | None) -> None:
    """Let one event have its effects, in the language's order."""
    run.actor = event.by
    fields, program, changed = event.fields, run.program, run.changed
    if fields:
        run.scope.update(fields)
    if changed and not program.deriving.isdisjoint(changed):
        derive_fields(run)
    reaches = program.reached_by(event.names)
    for reach in reaches:
        run.event = reach.name
        if reach.may_end or run.pinned:
            _end(run, reach)
    if fact is not None:
        particular = PARTICULAR.get(type(fact))
        if particular is not None:
            particular(run, fact)
    if changed:
        if "waiting_on" in changed:
            commitments.follow_waiting(run)
        reclassify(run, event.names)
    _begin(run, event, reaches)
    run.raised = False
    if fields:
        _forget(run, event)
    if changed:
        reclassify(run, ())


def _end(run: Run, reach: Reach) -> None:
    """Cancel and stop what an event ends."""
    name = reach.name
    if name in ENDINGS:
        commitments.cancel_at_end(run, name)
    if reach.ends or run.pinned:
        commitments.stop(run, reach)
    if name in KEEPING:
        keep_promises(run, name)
    elif name == "closed":
        endings.begin_rest(run)


def _begin(run: Run, event: Event, reaches: tuple[Reach, ...]) -> None:
    """Start what an event starts, then let the rules react to it."""
    alive = not run.memory.ended_as
    if alive:
        for reach in reaches:
            if reach.starts:
                commitments.start_rules(run, reach.name, reach.starts)
    while run.found_late:
        answer_miss(run, *run.found_late.pop(0))
    if alive:
        for reach in reaches:
            if reach.reactions is not None:
                react(run, reach.name, event, reach.reactions)


def _forget(run: Run, event: Event) -> None:
    """Take what only an event told out of what conditions read."""
    facts, scope = run.facts, run.scope
    for field in event.fields:
        if field in facts:
            scope[field] = facts[field]
        else:
            del scope[field]


def answer_miss(run: Run, clock: Commitment, plan: Plan | None) -> None:
    """Do what a clause asks for when it is missed."""
    run.derive("missed", cause=clock.id, clock=clock.name, clause=clock.because.clause)
    if plan is not None:
        perform(run, plan.actions, plan.because, cause="missed", owed=plan)
    elif clock.kind is ACCEPTANCE:
        above = ladder.level_above(run, 1)
        if above is not None:
            ladder.climb(run, above.id, clock.because, cause="missed")


def next_wake(run: Run) -> Instant | None:
    """Return the earliest timer of all."""
    memory, timed = run.memory, run.timed.values()
    wakes = [wake for clock in timed if (wake := clock.wake) is not None]
    if memory.pages or memory.approvals:
        wakes += [page.wake for page in memory.pages.values()]
        wakes += [each.wake for each in memory.approvals.values() if each.wake is not None]
    return min(wakes, default=None)
