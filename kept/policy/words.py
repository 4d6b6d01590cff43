"""The vocabulary every other part of the policy speaks.

Instants are whole microseconds since 1970-01-01T00:00Z (SOP language, R1) and
durations are whole microseconds too: no float, no time zone, no "now".
"""

from enum import StrEnum
from typing import Final

import msgspec

Instant = int
"""UTC microseconds since the epoch."""
Micros = int
"""A physical duration in microseconds."""

SECOND: Final[Micros] = 1_000_000
MINUTE: Final[Micros] = 60 * SECOND
HOUR: Final[Micros] = 60 * MINUTE
DAY: Final[Micros] = 24 * HOUR

Value = str | int | bool | tuple[str, ...] | None
"""What a fact can hold. Money is whole minor units (cents); a score is whole thousandths."""


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """A value: immutable, compared by content, cheap to build and to write as JSON."""


class Verdict(StrEnum):
    """What became of a commitment (SOP language, section 4)."""

    KEPT = "kept"
    MISSED = "missed"
    PENDING = "pending"
    CANCELLED = "cancelled"
    EXEMPT = "exempt"
    UNKNOWN = "unknown"
    ABANDONED = "abandoned"
    WAIVED = "waived"


class Status(StrEnum):
    """Where a ticket stands; only facts move it."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CLOSED_UNCONFIRMED = "closed_unconfirmed"
    MERGED = "merged"
    SPAM = "spam"


class Enforce(StrEnum):
    """How hard a clause holds, from noting to forbidding."""

    OBSERVE = "observe"
    WARN = "warn"
    REQUIRE = "require"
    BLOCK = "block"


class CommitmentKind(StrEnum):
    """What a clause made the desk owe."""

    CLOCK = "clock"
    WINDOW = "window"
    STEP = "step"
    PROMISE = "promise"
    ACCEPTANCE = "acceptance"
    APPROVAL = "approval"
    CADENCE = "cadence"


class Because(Frozen, frozen=True, kw_only=True, array_like=True):
    """Where a decision comes from: no effect can be built without one."""

    clause: str
    line: int
    rule: str
    """The rule's key inside its clause, such as `clock:first_response`."""


# The engine asks for these at every turn, and a global is found ten times as fast as a member.
PENDING: Final = Verdict.PENDING
KEPT: Final = Verdict.KEPT
MISSED: Final = Verdict.MISSED
CANCELLED: Final = Verdict.CANCELLED
NEW: Final = Status.NEW
RESOLVED: Final = Status.RESOLVED
CLOCK: Final = CommitmentKind.CLOCK
WINDOW: Final = CommitmentKind.WINDOW
STEP: Final = CommitmentKind.STEP
PROMISE: Final = CommitmentKind.PROMISE
ACCEPTANCE: Final = CommitmentKind.ACCEPTANCE
