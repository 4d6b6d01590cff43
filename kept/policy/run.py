"""One evaluation at work: a state that may be changed, and the decisions so far.

Everything the engine does to a ticket goes through a `Run`; it is the only owner of the state
while it lives, and `run.emit` is the only way to a decision.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from msgspec import Struct

from kept.policy.decisions import Decision
from kept.policy.facts import MACHINE, UNNAMED, Actor, ActorKind
from kept.policy.plans import Plan
from kept.policy.program import Program, program_of
from kept.policy.rules import By, Policy
from kept.policy.state import Commitment, TicketState, is_settled
from kept.policy.words import Because, Instant, Status, Value

UNSET = object()
SYSTEM = Actor(kind=ActorKind.SYSTEM)
BY_POLICY = frozenset(
    {"escalated", "assigned", "severity_changed", "resolved", "closed", "missed", "warned"}
)
"""Events that count though no person made them: the policy's own acts."""
OVER = frozenset({Status.RESOLVED, Status.CLOSED, Status.CLOSED_UNCONFIRMED})


class Event(Struct, frozen=True):
    """Something that rules react to: from outside, or derived in the same turn."""

    names: tuple[str, ...]
    fields: dict[str, Value]
    by: Actor = SYSTEM
    cause: str = ""
    """What makes two events the same cause; empty is an event of its own."""


Owed = tuple[Commitment, Plan | None]
"""A commitment and its rule; None for a promise, an approval or a level's acceptance."""


NOT_OWED = (None, None)


class Run:
    """The working memory of one step, advance or replay."""

    __slots__ = (
        "actor", "asks_actor", "by_rule", "changed", "decisions", "emit", "event", "facts",
        "found_late", "is_over", "knows_one_version", "memory", "now", "open", "pinned", "policy",
        "program", "queue", "raised", "ran", "scope", "state", "suspended", "timed", "unruled",
        "versions",
    )  # fmt: skip

    def __init__(self, policy: Policy, state: TicketState, known: Policy | None = None) -> None:
        """`known` holds further versions a history may have run under."""
        self.policy = policy
        self.program: Program = program_of(policy)
        self.versions: dict[str, Policy] = {**policy.earlier, policy.hash: policy}
        if known is not None and known is not policy:
            self.versions |= {**known.earlier, known.hash: known}
        self.state = state
        self.memory = state.memory
        self.facts = state.facts
        self.scope: dict[str, Value] = dict(state.facts)
        self.now: Instant = state.now
        self.decisions: list[Decision] = []
        self.emit: Callable[[Decision], None] = self.decisions.append
        self.open: dict[str, Owed] = {}
        """All that is owed now; only `hold` and `release` change what it holds."""
        self.by_rule: dict[str, tuple[Commitment, ...]] = {}
        """The same by the rule's key; several where one was missed and stands aside."""
        self.unruled: dict[str, Commitment] = {}
        """The promises, acceptances and approvals among it: no rule of the SOP began them."""
        self.timed: dict[str, Commitment] = {}
        """What can have a timer."""
        self.suspended: dict[str, tuple[Commitment, Plan]] = {}
        self.changed: set[str] = set()
        self.queue: list[Event] = []
        self.found_late: list[Owed] = []
        """Missed by the very act that should have kept them: on the dot of an `under`."""
        self.ran: set[str] = set()
        self.actor: Actor = UNNAMED
        self.event = ""
        self.raised = False
        self.is_over = state.status in OVER
        self.knows_one_version = len(self.versions) == 1
        self.asks_actor = self.program.asks_actor or not self.knows_one_version
        self.pinned = False
        """Whether a commitment runs under another version: its rule is not in the program."""
        for each in (*state.commitments.values(), *state.memory.timers.values()):
            if each.settled_at is None or each.suspended:
                plan = self.plan_of(each)
                if each.settled_at is None:
                    self.hold(each, plan)
                if each.suspended and plan is not None:
                    self.suspended[each.id] = (each, plan)

    def adopt(self, policy: Policy) -> None:
        """Go on under another version; what runs is pinned until it is carried over."""
        self.pinned = True
        self.policy = policy
        self.program = program_of(policy)
        self.versions |= {**policy.earlier, policy.hash: policy}
        self.knows_one_version, self.asks_actor = False, True

    def put(self, field: str, value: Value) -> None:
        """Set a fact that conditions read; only a real change is one."""
        if self.facts.get(field, UNSET) != value:
            self.facts[field] = value
            self.scope[field] = value
            self.changed.add(field)

    def count(self, field: str, by: int = 1) -> None:
        """Raise a count among the facts."""
        self.put(field, int(self.facts.get(field) or 0) + by)  # type: ignore[arg-type]  # a count

    def add_to(self, field: str, value: str) -> bool:
        """Add a word to a list among the facts; False when it was there."""
        known = self.facts.get(field) or ()
        assert isinstance(known, tuple)
        if value in known:
            return False
        self.put(field, (*known, value))
        return True

    def take_from(self, field: str, value: str) -> None:
        """Take a word out of a list among the facts."""
        known = self.facts.get(field) or ()
        assert isinstance(known, tuple)
        self.put(field, tuple(each for each in known if each != value))

    def word(self, field: str) -> str | None:
        """Return a fact that is a word, or None where it is unknown."""
        value = self.facts.get(field)
        return value if isinstance(value, str) else None

    def stand(self, status: Status) -> None:
        """Give the ticket a status."""
        self.state.status = status
        self.is_over = status in OVER
        self.put("status", status.value)
        self.put("resolved", self.is_over)

    def derive(self, *names: str, cause: str = "", **fields: Value) -> None:
        """Queue an event of the policy's own making."""
        self.queue.append(Event(names, fields, SYSTEM, cause))

    def hold(self, clock: Commitment, plan: Plan | None) -> None:
        """Owe a commitment from now on."""
        self.open[clock.id] = (clock, plan)
        if plan is None:
            self.unruled[clock.id] = self.timed[clock.id] = clock
            return
        held = self.by_rule.get(plan.key)
        self.by_rule[plan.key] = (clock,) if held is None else (*held, clock)
        if plan.target is not None or clock.due_at is not None:
            self.timed[clock.id] = clock

    def release(self, clock: Commitment) -> Plan | None:
        """Owe it no longer; return its rule, None where it has none or was not owed."""
        _, plan = self.open.pop(clock.id, NOT_OWED)
        self.timed.pop(clock.id, None)
        if plan is None:
            self.unruled.pop(clock.id, None)
            return None
        held = self.by_rule.pop(plan.key)
        if len(held) > 1:
            self.by_rule[plan.key] = tuple(each for each in held if each.id != clock.id)
        return plan

    def is_running(self, key: str) -> bool:
        """Say whether a rule runs on the ticket; what is set aside does not."""
        held = self.by_rule.get(key)
        return held is not None and not all(each.suspended for each in held)

    def thawed(self, commitment: Commitment) -> Commitment:
        """Return a commitment that may be changed: a settled one is shared with earlier states."""
        if not is_settled(commitment):
            return commitment
        own = copy(commitment)
        timers = self.memory.timers
        (timers if own.id in timers else self.state.commitments)[own.id] = own
        return own

    def plan_of(self, commitment: Commitment) -> Plan | None:
        """Return the rule a commitment runs under, in the version it is pinned to."""
        if commitment.rule < 0:
            return None
        if commitment.policy_hash in ("", self.policy.hash):
            return self.program.plans[commitment.rule]
        self.pinned = True
        return program_of(self.versions[commitment.policy_hash]).plans[commitment.rule]

    def number(self, base: str) -> int:
        """Return the next number of a commitment of this clause and name, from 1."""
        number = self.memory.counts.get(base, 0) + 1
        self.memory.counts[base] = number
        return number

    def own(self, rule: str) -> Because:
        """Cite the language's own rule (`R6`) where no clause of the SOP says it."""
        return Because(clause=self.policy.sop, line=0, rule=rule)

    def counts_by(self, by: By, event: str) -> bool:
        """Say whether the one who acted is one whose act counts for a rule (R5)."""
        if by.kind == "any":
            return True
        if self.is_of_machine(event):
            return False
        if by.kind == "role":
            return by.role in self.actor.roles
        return by.kind != "level" or self.is_of_level(self.actor)

    def is_of_machine(self, event: str) -> bool:
        """Say whether nobody stands behind an event that only people's acts are."""
        return self.actor.kind is MACHINE and event not in BY_POLICY and event[:5] != "step:"

    def is_of_level(self, actor: Actor) -> bool:
        """Say whether someone stands on the ticket's level or above it."""
        levels = self.program.levels
        theirs, needed = levels.get(actor.level or ""), levels.get(self.word("level") or "")
        return theirs is not None and (needed is None or theirs.rank >= needed.rank)
