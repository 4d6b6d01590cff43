"""The engine: one outside event at a time, timers in between, everything to a fixpoint.

A fact is looked at, asked of the gates, taken into the state and handled (section 4). Timers
at the same instant run after outside events.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kept.policy import approvals, ladder
from kept.policy.decisions import Decision, RaiseFlag, Refuse
from kept.policy.facts import ClockRanOut, Escalated, Fact, PolicyChanged
from kept.policy.gates import gate
from kept.policy.migrate import switch, with_earlier
from kept.policy.particulars import asked_level
from kept.policy.rules import Policy
from kept.policy.run import Event, Run
from kept.policy.state import TicketState, copied
from kept.policy.timers import fire_timers
from kept.policy.turns import handle, next_wake, settle_down
from kept.policy.updates import KINDS, Kind, effective_at, names_of, prepare, sets, take_in, told
from kept.policy.words import SECOND, Instant

MAX_SKEW = 120 * SECOND


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
    next_at = run.state.next_at
    if next_at is not None and next_at < at:
        fire_timers(run, at - 1)
    if at > run.now:
        run.now = at
    if at > memory.fired_to:
        memory.fired_to = at - 1
    if not run.facts:
        prepare(run)
    kind = KINDS[type(fact)]
    if kind.is_idle is not None and kind.is_idle(run, fact):
        return None
    return _act(run, fact, kind)


def _act(run: Run, fact: Fact, kind: Kind) -> Refuse | None:
    names = kind.names or names_of(fact)
    if isinstance(fact, Escalated) and (level := asked_level(run, fact)):
        names = (*names, *ladder.reached(run, level))
    fields = told(run, fact, kind)
    given = sets(run, fact, kind)
    run.actor = fact.by
    if kind.is_asked_always or not run.program.guarded.isdisjoint(names):
        scope = {**run.scope, **given, **fields} if given or fields else run.scope
        refused = gate(run, fact, names, scope)
        if refused is None and (run.program.approvals or kind.is_asked_always):
            refused = approvals.guard(run, fact, names, scope)
        if refused is not None:
            run.emit(refused)
            return refused
    run.ran.clear()
    if fact.received_at is not None and fact.at - fact.received_at > MAX_SKEW:
        _flag_skew(run)
    before = run.word("severity") if "severity" in given else None
    take_in(run, fact, kind, given)
    after = run.word("severity") if before is not None else None
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


def outcome_of(
    run: Run, refused: Refuse | None, decisions: tuple[Decision, ...] | None = None
) -> Outcome:
    """Close a run: its state, what follows, and whether the last act was refused."""
    state = run.state
    state.now = run.now
    told = tuple(run.decisions) if decisions is None else decisions
    return Outcome(state=state, decisions=told, refused=refused)
