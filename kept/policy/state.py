"""What the engine remembers of one ticket between two facts.

The state is a cache of the journal: replaying the facts makes it again, byte for byte. It is
built by the engine only; others read `facts`, `commitments` and `next_at`.
"""

from copy import copy

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
    """Index of the rule in the policy it runs under; -1 for a promise, an approval, a level."""
    policy_hash: str = ""
    name: str
    kind: CommitmentKind
    because: Because
    order: int = 0
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
    days: int = 0
    """Working days consumed before `since`, for a target in working days."""
    left: Micros | None = None
    """Open time that was left when the clock was paused, suspended or ended."""
    capped: bool = False
    """The due was taken over from elsewhere (R7 raised, R9), not counted from the target."""
    paused_for: tuple[str, ...] = ()
    suspended: bool = False
    warned: int = 0
    wake: Instant | None = None
    """Its next timer: a warn point or the due."""
    ended_by: str = ""
    """The event that settled it."""
    first_settled_at: Instant | None = None
    """When it was settled before the ticket was reopened: the first resolution (R8)."""
    what: str = ""
    """What a promise is about; whose acceptance; which approval."""


class Page(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A call for a role that repeats until someone accepts."""

    id: str
    role: str
    because: Because
    every: Micros
    wake: Instant
    order: int = 0
    repeats: int = 0


class Approval(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One request: `amount` is what was asked, `total` what the rule weighs, sums included."""

    id: str
    rule: int
    policy_hash: str = ""
    kind: str
    because: Because
    order: int = 0
    amount: int
    total: int
    requester: str = ""
    payee: str = ""
    spent_before: dict[str, int] = {}
    result: str = "asked"
    """asked, approved, rejected, expired, void, not_needed or used."""
    by: str = ""
    commitment: str = ""
    wake: Instant | None = None
    """When the request or the approval lapses."""


class Absorption(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a merge changed here, so that an unmerge can take it back (R9)."""

    severity: str | None = None
    moved: tuple[str, ...] = ()
    """Commitments whose due came from the other ticket."""


class Memory(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The engine's own notes on a ticket; nobody else reads them."""

    policy_hash: str = ""
    fired_to: Instant = 0
    """Every timer up to here, inclusive, has fired."""
    seen: dict[str, int] = {}
    """Ids of the facts taken in: a second delivery changes nothing."""
    waiting: dict[str, Instant] = {}
    """Rules whose start came while their condition did not hold: key -> that start."""
    counts: dict[str, int] = {}
    fired: dict[str, int] = {}
    """Causes that reactions have answered."""
    timers: dict[str, Commitment] = {}
    """Reactions that wait for their delay, counted as clocks are."""
    pages: dict[str, Page] = {}
    approvals: dict[str, Approval] = {}
    waits: tuple[tuple[str, Instant, Instant | None], ...] = ()
    """(reason, from, to) of each time the ticket stood still; the last may be open."""
    turn: str = ""
    """Who spoke last in public: `customer` or `agent`."""
    by_hand: tuple[str, ...] = ()
    """Fields a person set, which no table overrules."""
    unaccepted: bool = False
    """An escalation nobody has accepted: automatic steps up keep quiet."""
    resolved_at: Instant | None = None
    paid: dict[str, int] = {}
    absorbed: dict[str, Absorption] = {}
    ended_as: str = ""
    """Why the ticket ended outside of its resolution: merged, spam, withdrawn, duplicate."""


class TicketState(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`facts` hold what conditions read; an absent name is unknown."""

    now: Instant = 0
    status: Status = Status.NEW
    facts: dict[str, Value] = {}
    commitments: dict[str, Commitment] = {}
    next_at: Instant | None = None
    """The earliest timer: the shell calls `advance` then."""
    memory: Memory = msgspec.field(default_factory=Memory)


def is_settled(commitment: Commitment) -> bool:
    """Say whether a commitment is over for good, unless the ticket itself comes back."""
    return commitment.settled_at is not None and not commitment.suspended


def copied(state: TicketState) -> TicketState:
    """Return a state to go on with, which leaves the given one as it is.

    Settled commitments are shared, so that a long history costs little; `Run.thawed` copies the
    few that come back.
    """
    fresh = copy(state)
    fresh.facts = dict(state.facts)
    fresh.commitments = {
        key: each if is_settled(each) else copy(each) for key, each in state.commitments.items()
    }
    memory = fresh.memory = copy(state.memory)
    memory.seen = dict(memory.seen)
    memory.waiting = dict(memory.waiting)
    memory.counts = dict(memory.counts)
    memory.fired = dict(memory.fired)
    memory.timers = {
        key: each if is_settled(each) else copy(each) for key, each in memory.timers.items()
    }
    memory.pages = {key: copy(each) for key, each in memory.pages.items()}
    memory.approvals = {key: copy(each) for key, each in memory.approvals.items()}
    memory.paid = dict(memory.paid)
    memory.absorbed = dict(memory.absorbed)
    return fresh
