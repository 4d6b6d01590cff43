"""What the engine remembers of one ticket between two facts.

The state is a cache of the journal: replaying the facts makes it again, byte for byte. It is
built by the engine only; others read `facts`, `commitments` and `next_at`.
"""

from typing import Any

import msgspec

from kept.policy.words import (
    Because,
    CommitmentKind,
    Instant,
    Micros,
    Status,
    Value,
    Verdict,
)


class Commitment(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One thing owed. Mutable inside the engine; copied at the façade.

    `id` is `{clause}:{name}:{n}`, unique in the ticket. Elapsed open time is `used` plus the open
    time since `since`; both stand still while `paused_for` is set.
    """

    id: str
    rule: int
    """Index of the rule in the policy it runs under; -1 for a promise."""
    policy_hash: str = ""
    name: str
    kind: CommitmentKind
    because: Because
    started_at: Instant
    due_at: Instant | None = None
    verdict: Verdict = Verdict.PENDING
    reason: str = ""
    settled_at: Instant | None = None
    missed_at: Instant | None = None
    late_open: Micros = 0
    late_wall: Micros = 0
    since: Instant | None = None
    used: Micros = 0
    paused_for: tuple[str, ...] = ()
    suspended: bool = False
    warned: int = 0
    cycle: int = 0
    extra: dict[str, Any] = {}


class TicketState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`facts` hold what conditions read; an absent name is unknown."""

    now: Instant = 0
    status: Status = Status.NEW
    facts: dict[str, Value] = {}
    commitments: dict[str, Commitment] = {}
    next_at: Instant | None = None
    """The earliest timer: the shell calls `advance` then."""
    memory: dict[str, Any] = {}
    """The engine's own: fired reactions, cycles, approvals, ladders. JSON values only."""

