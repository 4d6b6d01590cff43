"""What particular facts do beyond the rules they set off: the language's own words for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kept.policy import approvals, endings, ladder
from kept.policy.clocks import settle
from kept.policy.decisions import RetractMiss
from kept.policy.facts import (
    Absorbed,
    Accepted,
    ApprovalAsked,
    Approved,
    CallAbandoned,
    Escalated,
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
    Waived,
    Withdrawn,
)
from kept.policy.migrate import change
from kept.policy.promises import count_open, promise
from kept.policy.rules import Level
from kept.policy.run import Run
from kept.policy.words import CANCELLED, Verdict


def _rested(run: Run, fact: Resolved) -> None:
    endings.begin_rest(run)
    if run.facts.get("open_promises"):
        count_open(run)


def _escalated(run: Run, fact: Escalated) -> None:
    """A person escalates, upwards or, unlike the policy, downwards."""
    level = asked_level(run, fact)
    if level is not None:
        ladder.arrive(run, level, run.own("escalated"))


def asked_level(run: Run, fact: Escalated) -> Level | None:
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
    settle(run, clock, Verdict.WAIVED if waived else CANCELLED, fact.reason)
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
