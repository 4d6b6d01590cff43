"""Late facts: what a fact changes that is heard of after the timers it bears on (R11).

The history is run again with the fact in its place. What differs is told as new decisions, so a
miss is retracted by a decision, never by deletion, and no effect is repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec

from kept.policy.decisions import (
    Decision,
    Effect,
    MissCommitment,
    MoveDue,
    Refuse,
    ReopenCommitment,
    RetractMiss,
    SettleCommitment,
    StartCommitment,
)
from kept.policy.engine import Outcome, first_version, in_order, outcome_of, start, take
from kept.policy.facts import Fact
from kept.policy.rules import Policy
from kept.policy.run import Run
from kept.policy.state import Commitment, TicketState
from kept.policy.timers import fire_timers
from kept.policy.words import Instant, Verdict

EFFECTS: tuple[type, ...] = get_args(Effect)
_ENCODER = msgspec.json.Encoder()


def amend(policy: Policy, history: Iterable[Fact], state: TicketState, fact: Fact) -> Outcome:
    """Work a late fact into a history whose timers have fired beyond it.

    The outcome's state is that of the whole history; its decisions are only what changes.
    """
    if fact.id and fact.id in state.memory.seen:
        return Outcome(state=state)
    known = list(history)
    fired_to, now = state.memory.fired_to, state.now
    before, _ = _run(policy, known, fired_to=fired_to, now=now)
    after, refused = _run(policy, [*known, fact], fired_to=fired_to, now=now, watched=fact)
    told = [*_changes(state, after.state, after.state.now), *_new_effects(before, after)]
    if refused is not None:
        told.append(refused)
    return outcome_of(after, refused, decisions=tuple(told))


def _run(
    policy: Policy, facts: list[Fact], *, fired_to: Instant, now: Instant,
    watched: Fact | None = None,
) -> tuple[Run, Refuse | None]:  # fmt: skip
    ordered = in_order(facts)
    run = Run(first_version(policy, ordered), start(), policy)
    refused = None
    for fact in ordered:
        outcome = take(run, fact)
        refused = outcome if fact is watched else refused
    fire_timers(run, fired_to)
    run.now = run.state.now = max(run.now, now)
    return run, refused


def _new_effects(before: Run, after: Run) -> Iterator[Decision]:
    """Yield the effects that only the amended history has; their instant makes no difference."""
    done = Counter(_effect(each) for each in before.decisions if isinstance(each, EFFECTS))
    for decision in after.decisions:
        if isinstance(decision, EFFECTS):
            key = _effect(decision)
            if done[key]:
                done[key] -= 1
            else:
                yield decision


def _effect(decision: Decision) -> bytes:
    told = msgspec.to_builtins(decision)
    for key in ("at", "accept_by", "due_at"):
        told.pop(key, None)
    return _ENCODER.encode(told)


def _changes(old: TicketState, new: TicketState, at: Instant) -> Iterator[Decision]:
    for key in sorted({*old.commitments, *new.commitments}):
        was, now = old.commitments.get(key), new.commitments.get(key)
        if was is None and now is not None:
            yield from _begun(now, at)
        elif was is not None and now is None:
            yield from _undone(was, at)
        elif was is not None and now is not None:
            yield from _differs(was, now, at)


def _begun(now: Commitment, at: Instant) -> Iterator[Decision]:
    yield StartCommitment(
        at=at, because=now.because, commitment=now.id, name=now.name, what=now.kind,
        started_at=now.started_at, due_at=now.due_at,
    )  # fmt: skip
    if now.missed_at is not None:
        yield _missed(now, at)
    if now.settled_at is not None:
        yield _settled(now, at)


def _undone(was: Commitment, at: Instant) -> Iterator[Decision]:
    """A commitment that, as it turns out, was never owed."""
    if was.missed_at is not None:
        yield RetractMiss(at=at, because=was.because, commitment=was.id, reason="late_fact")
    yield SettleCommitment(
        at=at, because=was.because, commitment=was.id, verdict=Verdict.CANCELLED,
        reason="never_owed",
    )  # fmt: skip


def _differs(was: Commitment, now: Commitment, at: Instant) -> Iterator[Decision]:
    if was.missed_at is not None and now.missed_at is None:
        yield RetractMiss(at=at, because=now.because, commitment=now.id, reason="late_fact")
    if was.due_at != now.due_at:
        yield MoveDue(
            at=at, because=now.because, commitment=now.id, due_at=now.due_at, why="late_fact"
        )
    if was.missed_at is None and now.missed_at is not None:
        yield _missed(now, at)
    if was.settled_at is not None and now.settled_at is None:
        yield ReopenCommitment(
            at=at, because=now.because, commitment=now.id, due_at=now.due_at, why="late_fact"
        )
    elif now.settled_at is not None and _ending(was) != _ending(now):
        yield _settled(now, at)


def _ending(commitment: Commitment) -> tuple[object, ...]:
    each = commitment
    return each.verdict, each.settled_at, each.reason, each.late_open, each.late_wall


def _missed(now: Commitment, at: Instant) -> Decision:
    assert now.due_at is not None
    return MissCommitment(at=at, because=now.because, commitment=now.id, due_at=now.due_at)


def _settled(now: Commitment, at: Instant) -> Decision:
    return SettleCommitment(
        at=at, because=now.because, commitment=now.id, verdict=now.verdict, reason=now.reason,
        late_open=now.late_open, late_wall=now.late_wall,
    )  # fmt: skip
