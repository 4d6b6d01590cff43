"""The engine: one outside event at a time, timers in between, everything to a fixpoint.

Order (section 4): update facts, cancel, stop, pause or resume, start, reactions. Timers at the
same instant run after outside events, by (due, clause order, id).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from kept.policy import approvals, commitments, endings, ladder
from kept.policy.actions import fire, perform, react
from kept.policy.clocks import miss, settle, warn
from kept.policy.decisions import Decision, RaiseFlag, Refuse, RetractMiss
from kept.policy.facts import (
    Absorbed,
    Accepted,
    ApprovalAsked,
    Approved,
    CallAbandoned,
    ClockRanOut,
    Escalated,
    Fact,
    MarkedSpam,
    Merged,
    MissRetracted,
    Paid,
    PolicyChanged,
    Promised,
    Rejected,
    Reopened,
    Resolved,
    SplitOff,
    Unmerged,
    WaitingOn,
    Waived,
    Withdrawn,
)
from kept.policy.gates import gate
from kept.policy.migrate import change, switch, with_earlier
from kept.policy.program import NOTHING, Plan, Reach
from kept.policy.promises import count_open, keep_promises, promise
from kept.policy.rules import Level, Policy
from kept.policy.run import Event, Run
from kept.policy.state import Approval, Commitment, Page, TicketState, copied
from kept.policy.succession import reclassify
from kept.policy.tables import derive_fields
from kept.policy.updates import effective_at, is_idle, names_of, prepare, sets, take_in, told
from kept.policy.words import SECOND, CommitmentKind, Instant, Verdict

ASKED_ALWAYS = frozenset({WaitingOn, Waived, MissRetracted, Approved, Rejected})
"""Facts that the language itself may forbid, whatever the SOP says."""
ENDINGS = frozenset({"resolved", "closed"})
KEEPING = frozenset({"agent_public", "resolved"})
"""Events that may keep a promise."""
MAX_SKEW = 120 * SECOND
MAX_TURNS = 1_000
"""Derived events one outside event may lead to: a fixpoint needs far fewer."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The state after, what follows, and the refusal if the act was forbidden."""

    state: TicketState
    decisions: tuple[Decision, ...] = ()
    refused: Refuse | None = None


def start() -> TicketState:
    """Return the state of a ticket of which nothing is known."""
    return TicketState()


def step(policy: Policy, state: TicketState, fact: Fact) -> Outcome:
    """Take one fact in; timers strictly before it fire first.

    The given state is never changed. A fact that was taken in before changes nothing; one that
    is earlier than the state counts from the state's own time: `amend` works such facts in.
    """
    run = Run(policy, copied(state))
    refused = take(run, fact)
    return outcome_of(run, refused)


def what_if(policy: Policy, state: TicketState, fact: Fact) -> Outcome:
    """Return what a fact would lead to; nothing of it is kept."""
    return step(policy, state, fact)


def advance(
    policy: Policy, state: TicketState, until: Instant, *, inclusive: bool = True
) -> Outcome:
    """Fire the timers due up to an instant, in nominal order (R12)."""
    run = Run(policy, copied(state))
    fire_timers(run, until if inclusive else until - 1)
    if inclusive:
        run.now = max(run.now, until)
    return outcome_of(run, None)


def replay(policy: Policy, facts: Iterable[Fact], *, until: Instant | None = None) -> Outcome:
    """Run a whole history: sorted by effective instant, duplicates dropped, timers made anew."""
    ordered = in_order(facts)
    run = Run(first_version(policy, ordered), start(), policy)
    refused = None
    for fact in ordered:
        refused = take(run, fact)
    if until is not None:
        fire_timers(run, until)
        run.now = max(run.now, until)
    return outcome_of(run, refused)


def migrate(old: Policy, new: Policy, state: TicketState, at: Instant) -> Outcome:
    """Move a ticket from one version to another at an instant; the decisions are moved dues.

    Run the ticket with `with_earlier(new, old)` from then on: pinned commitments look there.
    """
    run = Run(with_earlier(old, new), copied(state))
    fire_timers(run, at - 1)
    run.now = max(run.now, at)
    switch(run, with_earlier(new, old))
    run.state.next_at = next_wake(run)
    return outcome_of(run, None)


def first_version(policy: Policy, facts: list[Fact]) -> Policy:
    """Return the version a history began under: the given one, unless it tells of another."""
    for fact in facts:
        if isinstance(fact, PolicyChanged) and fact.from_hash in policy.earlier:
            return policy.earlier[fact.from_hash]
    return policy


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Return facts by effective instant, without those that only repeat the worker's timers."""
    outside = [fact for fact in facts if type(fact) is not ClockRanOut]
    outside.sort(key=effective_at)
    return outside


# One fact ------------------------------------------------------------------------------------


def take(run: Run, fact: Fact) -> Refuse | None:
    """Take one fact into a run; return the refusal where a clause forbids it."""
    memory = run.memory
    if fact.id:
        if fact.id in memory.seen:
            return None
        memory.seen[fact.id] = 1
    at = effective_at(fact)
    if type(fact) is ClockRanOut:
        fire_timers(run, at)
        return None
    if run.state.next_at is not None and run.state.next_at < at:
        fire_timers(run, at - 1)
    if at > run.now:
        run.now = at
    if at > memory.fired_to:
        memory.fired_to = at - 1
    if not run.facts:
        prepare(run)
    if is_idle(run, fact):
        return None
    return _act(run, fact)


def _act(run: Run, fact: Fact) -> Refuse | None:
    names = names_of(fact)
    kind = type(fact)
    if isinstance(fact, Escalated) and (level := _asked_level(run, fact)):
        names = (*names, *ladder.reached(run, level))
    fields = told(run, fact)
    given = sets(run, fact)
    run.actor = fact.by
    if kind in ASKED_ALWAYS or not run.program.guarded.isdisjoint(names):
        scope = {**run.scope, **given, **fields}
        refused = gate(run, fact, names, scope) or approvals.guard(run, fact, names, scope)
        if refused is not None:
            run.emit(refused)
            return refused
    run.ran.clear()
    if fact.received_at is not None and fact.at - fact.received_at > MAX_SKEW:
        _flag_skew(run)
    before = run.word("severity")
    take_in(run, fact, given)
    after = run.word("severity")
    if after != before and after is not None and before is not None:
        run.raised, lowered = ladder.compare(run, before, after)
        if "severity_changed" not in names:
            names = (*names, "severity_changed")
            fields |= {"to": after, "raised": run.raised, "lowered": lowered}
    handle(run, Event(names, fields, fact.by), fact)
    settle_down(run)
    return None


def _flag_skew(run: Run) -> None:
    """A source's clock is ahead of ours by more than networks explain (R11)."""
    if run.add_to("flags", "clock_skew"):
        run.emit(RaiseFlag(at=run.now, because=run.own("R11"), flag="clock_skew"))


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
    run.scope.update(event.fields)
    names, program, changed = event.names, run.program, run.changed
    if changed and not program.deriving.isdisjoint(changed):
        derive_fields(run)
    reaches = [(name, program.reach.get(name, NOTHING)) for name in names]
    for name, reach in reaches:
        run.event = name
        _end(run, name, reach)
    if fact is not None:
        particular = PARTICULAR.get(type(fact))
        if particular is not None:
            particular(run, fact)
    if changed:
        if "waiting_on" in changed:
            commitments.follow_waiting(run)
        reclassify(run, names)
    _begin(run, event, reaches)
    run.raised = False
    _forget(run, event.fields)
    if changed:
        reclassify(run, ())


def _end(run: Run, name: str, reach: Reach) -> None:
    """Cancel and stop what an event ends."""
    if name in ENDINGS:
        commitments.cancel_at_end(run, name)
    if reach.ends or run.pinned:
        commitments.stop(run, name, reach.cycles)
    if name in KEEPING:
        keep_promises(run, name)
    elif name == "closed":
        endings.begin_rest(run)


def _begin(run: Run, event: Event, reaches: list[tuple[str, Reach]]) -> None:
    """Start what an event starts, then let the rules react to it."""
    alive = not run.memory.ended_as
    if alive:
        for name, reach in reaches:
            if reach.starts:
                commitments.start_rules(run, name, reach.starts)
    while run.found_late:
        _answer_miss(run, *run.found_late.pop(0))
    if alive:
        for name, reach in reaches:
            if reach.reactions:
                react(run, name, event, reach.reactions)


def _forget(run: Run, fields: Iterable[str]) -> None:
    """Take what only an event told out of what conditions read."""
    facts, scope = run.facts, run.scope
    for field in fields:
        if field in facts:
            scope[field] = facts[field]
        else:
            del scope[field]


# What particular facts do ---------------------------------------------------------------------


def _rested(run: Run, fact: Resolved) -> None:
    endings.begin_rest(run)
    if run.facts.get("open_promises"):
        count_open(run)


def _escalated(run: Run, fact: Escalated) -> None:
    """A person escalates, upwards or, unlike the policy, downwards."""
    level = _asked_level(run, fact)
    if level is not None:
        ladder.arrive(run, level, run.own("escalated"))


def _asked_level(run: Run, fact: Escalated) -> Level | None:
    """Return the level a person asks for, `+1` being the next one."""
    if fact.to.startswith("+") and fact.to[1:].isdigit():
        return ladder.level_above(run, int(fact.to[1:]))
    return run.program.levels.get(fact.to)


def _abandoned(run: Run, fact: CallAbandoned) -> None:
    """The caller hung up in time: nobody let them down, and nobody kept anything."""
    for clock, plan in list(run.open.values()):
        if plan is not None and "call_answered" in plan.stop and clock.missed_at is None:
            settle(run, clock, Verdict.ABANDONED)


def _lifted(run: Run, fact: Waived | MissRetracted) -> None:
    """Two people lift a commitment, or take its miss back (R5)."""
    clock = run.state.commitments.get(fact.commitment)
    if clock is None:
        return
    clock = run.thawed(clock)
    if clock.missed_at is not None:
        run.emit(
            RetractMiss(at=run.now, because=clock.because, commitment=clock.id, reason=fact.reason)
        )
        clock.missed_at = None
    waived = isinstance(fact, Waived)
    settle(run, clock, Verdict.WAIVED if waived else Verdict.CANCELLED, fact.reason)
    clock.suspended = False
    run.suspended.pop(clock.id, None)


PARTICULAR: dict[type, Callable[[Run, Any], None]] = {
    Resolved: _rested,
    Reopened: lambda run, fact: endings.reopen(run),
    Escalated: _escalated,
    Accepted: lambda run, fact: ladder.accept(run),
    Promised: promise,
    Merged: endings.merge_away,
    Absorbed: endings.absorb,
    Unmerged: endings.unmerge,
    SplitOff: endings.split_off,
    MarkedSpam: lambda run, fact: endings.mark_spam(run),
    Withdrawn: endings.withdraw,
    ApprovalAsked: approvals.ask,
    Approved: approvals.decide,
    Rejected: approvals.decide,
    Paid: approvals.pay,
    CallAbandoned: _abandoned,
    PolicyChanged: change,
    Waived: _lifted,
    MissRetracted: _lifted,
}


# Timers --------------------------------------------------------------------------------------


def next_wake(run: Run) -> Instant | None:
    """Return the earliest timer of all."""
    earliest: Instant | None = None
    for clock, _ in run.open.values():
        wake = clock.wake
        if wake is not None and (earliest is None or wake < earliest):
            earliest = wake
    memory = run.memory
    if memory.pages or memory.approvals:
        wakes = [page.wake for page in memory.pages.values()]
        wakes += [each.wake for each in memory.approvals.values() if each.wake is not None]
        if wakes and (earliest is None or min(wakes) < earliest):
            earliest = min(wakes)
    return earliest


def fire_timers(run: Run, until: Instant) -> None:
    """Fire every timer due up to an instant, in nominal order."""
    memory = run.memory
    wake, turns = None, 0
    while run.state.next_at is not None and run.state.next_at <= until:
        turns = turns + 1 if wake == run.state.next_at else 0
        assert turns < MAX_TURNS, "the timers of this policy never come to rest"
        wake = run.state.next_at
        _fire(run, _first(run, wake))
    memory.fired_to = max(memory.fired_to, until)


def _first(run: Run, wake: Instant) -> Commitment | Page | Approval:
    memory = run.memory
    due: list[tuple[int, str, Commitment | Page | Approval]] = [
        (clock.order, clock.id, clock) for clock, _ in run.open.values() if clock.wake == wake
    ]
    due += [(page.order, page.id, page) for page in memory.pages.values() if page.wake == wake]
    due += [(a.order, a.id, a) for a in memory.approvals.values() if a.wake == wake]
    return min(due, key=lambda each: each[:2])[2]


def _fire(run: Run, timer: Commitment | Page | Approval) -> None:
    assert timer.wake is not None
    run.now = max(run.now, timer.wake)
    run.event = ""
    run.ran.clear()
    if isinstance(timer, Page):
        ladder.call_again(run, timer)
    elif isinstance(timer, Approval):
        approvals.lapse(run, timer)
    else:
        _run_out(run, timer, run.open[timer.id][1])
    settle_down(run)


def _run_out(run: Run, clock: Commitment, plan: Plan | None) -> None:
    """A clock's timer has come: a reaction, a warn point, or the due itself."""
    if plan is not None and plan.fires:
        fire(run, clock, plan)
    elif plan is not None and clock.warned < len(plan.warn):
        warn(run, clock, plan)
        run.derive("warned", cause=clock.id, clock=clock.name, clause=clock.because.clause)
        perform(run, getattr(plan.rule, "on_warn", ()), plan.because, cause="warned")
    else:
        _miss(run, clock, plan)


def _miss(run: Run, clock: Commitment, plan: Plan | None) -> None:
    miss(run, clock)
    if plan is not None and clock.kind is CommitmentKind.WINDOW:
        settle(run, clock, Verdict.MISSED)
        assert clock.due_at is not None
        commitments.start(run, plan, clock.due_at)
    _answer_miss(run, clock, plan)


def _answer_miss(run: Run, clock: Commitment, plan: Plan | None) -> None:
    """Do what a clause asks for when it is missed."""
    run.derive("missed", cause=clock.id, clock=clock.name, clause=clock.because.clause)
    if plan is not None:
        perform(run, plan.actions, plan.because, cause="missed", owed=plan)
    elif clock.kind is CommitmentKind.ACCEPTANCE:
        above = ladder.level_above(run, 1)
        if above is not None:
            ladder.climb(run, above.id, clock.because, cause="missed")


def outcome_of(
    run: Run, refused: Refuse | None, decisions: tuple[Decision, ...] | None = None
) -> Outcome:
    """Close a run: its state, what follows, and whether the last act was refused."""
    state = run.state
    state.now = run.now
    told = tuple(run.decisions) if decisions is None else decisions
    return Outcome(state=state, decisions=told, refused=refused)
