"""Rows that follow from the engine's state: the ticket's columns and its commitments.

Pure functions of policy and state, so `verify` can make every row again and compare.
"""

from typing import Any

from kept.policy import Commitment, Policy, TicketState
from kept.policy.rules import ClockRule
from kept.policy.words import CommitmentKind, Verdict
from kept.records.instants import moment_or_none
from kept.records.models.tickets import NOTHING_DUE, OPEN

AT_RISK_PERMILLE = 800
"""Where a clock without a warn point counts as at risk."""


def ticket_columns(policy: Policy, state: TicketState) -> dict[str, Any]:
    """Return the projected columns of a ticket, in the order in which `save` writes them."""
    facts = state.facts
    due = next_due(state)
    status = state.status.value
    return {
        "status": status,
        "severity": _word(facts.get("severity")),
        "level": _word(facts.get("level")),
        "type": _word(facts.get("type")),
        "topic": _word(facts.get("topic")),
        "owner_id": agent_of(facts.get("owner")),
        "team": _word(facts.get("team")),
        "channel": _word(facts.get("channel")),
        "waiting_on": _word(facts.get("waiting_on")),
        "next_timer_at": moment_or_none(state.next_at),
        "next_due_at": moment_or_none(due.due_at) if due else None,
        "next_due_name": due.name[:200] if due else None,
        "next_due_clause": due.because.clause[:200] if due else None,
        "next_due_commitment": due.id[:300] if due else None,
        "next_at_risk_at": moment_or_none(at_risk_at(policy, due)) if due else None,
        "missed_count": sum(c.missed_at is not None for c in state.commitments.values()),
        "queue_key": _queue_key(due, status),
    }


def commitment_columns(commitment: Commitment) -> dict[str, Any]:
    """Return one commitment as a row; instants stay microseconds."""
    return {
        "commitment": commitment.id[:300],
        "clause": commitment.because.clause[:200],
        "name": commitment.name[:200],
        "kind": commitment.kind.value,
        "started_at": commitment.started_at,
        "due_at": commitment.due_at,
        "verdict": commitment.verdict.value,
        "reason": commitment.reason[:200],
        "missed_at": commitment.missed_at,
        "settled_at": commitment.settled_at,
        "paused": bool(commitment.paused_for),
        "suspended": commitment.suspended,
        "late_open": commitment.late_open,
        "late_wall": commitment.late_wall,
    }


def next_due(state: TicketState) -> Commitment | None:
    """Return what is owed next: the earliest due of what still runs or is missed and undone."""
    owed = [c for c in state.commitments.values() if is_owed(c)]
    return min(owed, key=lambda c: (c.due_at or 0, c.id), default=None)


def is_owed(commitment: Commitment) -> bool:
    """Tell whether the desk still owes it at a known time."""
    return (
        commitment.due_at is not None
        and commitment.settled_at is None
        and commitment.verdict in (Verdict.PENDING, Verdict.MISSED)
        and not commitment.paused_for
        and not commitment.suspended
    )


def at_risk_at(policy: Policy, commitment: Commitment) -> int | None:
    """Return when a commitment begins to be at risk: its first warn point or 80 %."""
    if commitment.due_at is None:
        return None
    permille = AT_RISK_PERMILLE
    rules = policy.earlier.get(commitment.policy_hash, policy).rules
    if commitment.kind is CommitmentKind.CLOCK and 0 <= commitment.rule < len(rules):
        rule = rules[commitment.rule]
        if isinstance(rule, ClockRule) and rule.warn:
            permille = rule.warn[0]
    span = commitment.due_at - commitment.started_at
    return commitment.started_at + span * permille // 1000


def agent_of(value: Any) -> int | None:
    """Return the agent id a fact holds as text; anything else is nobody."""
    return int(value) if isinstance(value, str) and value.isdigit() else None


def _queue_key(due: Commitment | None, status: str) -> int:
    if due is None or due.due_at is None or status not in OPEN:
        return NOTHING_DUE
    return due.due_at


def _word(value: Any) -> str | None:
    return value[:60] if isinstance(value, str) and value else None
