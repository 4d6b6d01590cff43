"""The policy made ready to run: rules indexed by event, act and field, built once per policy.

Nothing is decided here. A `Plan` is one rule that can owe something; its names are sets so that
the engine asks "does this event stop it?" without reading the rule again. A `Reach` is all that
one event can touch: what it cannot, the engine does not look at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from typing import NamedTuple

from kept.policy.calendars import Calendar
from kept.policy.conditions import phrases_of
from kept.policy.rules import (
    Action,
    ApprovalRule,
    By,
    ClockRule,
    Condition,
    GateRule,
    Policy,
    ReactionRule,
    Rule,
    Scope,
    StepRule,
    TableRule,
    Target,
    TargetUnit,
    Truth,
    WindowRule,
)
from kept.policy.words import CommitmentKind

AFTER_RESOLVED = frozenset({"resolved", "confirmed", "closed", "reopened", "survey_answered"})
"""A rule that starts with one of these, or that waits for one of the last, outlives `resolved`."""
AFTER_CLOSED = frozenset({"resolved", "closed", "survey_answered", "reopened"})
ENDINGS = frozenset({"resolved", "confirmed", "closed", "survey_answered"})
"""What only these start is over once the ticket is reopened."""

OwingRule = ClockRule | WindowRule | StepRule | ReactionRule
Test = Callable[[Scope], Truth]


class Plan:
    """One rule that starts, runs and ends on a ticket."""

    __slots__ = (
        "act",
        "actions",
        "after_reopening",
        "base",
        "beaten_by",
        "because",
        "by",
        "by_anyone",
        "calendar",
        "ends",
        "fires",
        "index",
        "key",
        "kind",
        "name",
        "once_only",
        "order",
        "pause",
        "policy_hash",
        "reads",
        "rule",
        "start",
        "stop",
        "strict",
        "survives",
        "target",
        "test",
        "until",
        "warn",
    )  # fmt: skip

    def __init__(
        self, index: int, rule: OwingRule, *, calendar: Calendar | None, policy_hash: str
    ) -> None:
        self.index = index
        self.policy_hash = policy_hash
        self.rule = rule
        self.because = rule.because
        self.order = rule.order
        self.name = rule.name
        self.base = f"{rule.because.clause}:{rule.name}"
        self.key = self.base
        self.calendar = calendar
        self.test: Test | None = rule.when.test if rule.when else None
        self.reads = frozenset(rule.when.reads) if rule.when else frozenset()
        self.beaten_by: tuple[Test | None, ...] = ()
        self.kind = KINDS[type(rule)]
        self.fires = isinstance(rule, ReactionRule)
        self.until: frozenset[str] = frozenset()
        self.act: frozenset[str] = frozenset()
        self.warn: tuple[int, ...] = ()
        self.strict = False
        self.by = By()
        self.pause: frozenset[str] = frozenset()
        self.target: Target | None = None
        self.actions: tuple[Action, ...] = ()
        self.once_only = False
        self._fill(rule)
        self.ends = self.stop | self.until
        self.by_anyone = self.by.kind == "human"
        """Whether every person's act counts, whatever their role or level."""
        self.after_reopening = not self.start or bool(self.start - ENDINGS)
        self.survives = (self._survives_resolved(), bool(self.start & AFTER_CLOSED))

    def _fill(self, rule: OwingRule) -> None:
        match rule:
            case ClockRule():
                self.start, self.stop = frozenset(rule.start), frozenset(rule.stop)
                self.by, self.strict, self.warn = rule.by, rule.strict, tuple(sorted(rule.warn))
                self.target, self.pause = rule.target, frozenset(rule.pause)
                self.actions = rule.on_miss
            case WindowRule():
                self.start, self.stop = frozenset(rule.start), frozenset(rule.act)
                self.act, self.until = frozenset(rule.act), frozenset(rule.until)
                self.by, self.target = rule.by, rule.every
                self.pause, self.actions = frozenset(rule.pause), rule.on_miss
            case StepRule():
                self.start = frozenset(rule.after or ("created",))
                self.stop = frozenset((f"step:{rule.name}", *rule.auto))
                self.target, self.actions = rule.target, rule.on_miss
            case ReactionRule():
                delayed = rule.after is not None
                self.start = frozenset((rule.start or ("created",)) if delayed else ())
                self.stop, self.until = frozenset(), frozenset(rule.unless_events)
                self.target, self.pause = rule.after, frozenset(rule.pause)
                self.actions, self.once_only = rule.do, rule.once == "per ticket"

    def _survives_resolved(self) -> bool:
        gates_later = isinstance(self.rule, StepRule) and self.rule.before in AFTER_RESOLVED - {
            "resolved"
        }
        return bool(
            self.start & AFTER_RESOLVED
            or self.ends & {"confirmed", "closed", "survey_answered"}
            or gates_later
        )

    @property
    def counts_days(self) -> bool:
        return self.target is not None and self.target.unit is TargetUnit.WORKING_DAYS


KINDS: dict[type[OwingRule], CommitmentKind] = {
    ClockRule: CommitmentKind.CLOCK,
    WindowRule: CommitmentKind.WINDOW,
    StepRule: CommitmentKind.STEP,
    ReactionRule: CommitmentKind.CLOCK,
}


class Reach(NamedTuple):
    """All that an event of one name can touch."""

    starts: tuple[Plan, ...] = ()
    reactions: tuple[Plan, ...] = ()
    ends: bool = False
    cycles: frozenset[str] = frozenset()
    """Keys of the rules whose cycle it ends."""


NOTHING = Reach()


class Program:
    """All plans of one policy, by what sets them going."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.plans: dict[int, Plan] = {}
        self.starts: dict[str, list[Plan]] = defaultdict(list)
        self.reactions: dict[str, list[Plan]] = defaultdict(list)
        self.readers: dict[str, list[Plan]] = defaultdict(list)
        self.gates: dict[str, list[GateRule]] = defaultdict(list)
        self.steps_before: dict[str, list[Plan]] = defaultdict(list)
        self.steps: dict[str, Plan] = {}
        self.approvals: list[tuple[int, ApprovalRule]] = []
        self.tables: dict[str, list[TableRule]] = defaultdict(list)
        self.by_key: dict[str, Plan] = {}
        self.by_name: dict[str, list[Plan]] = defaultdict(list)
        self.severity_rank = {each.id: rank for rank, each in enumerate(policy.severities)}
        self.levels = {each.id: each for each in policy.levels}
        self.promised_by = tuple(
            (r.when.test if r.when else None, r.because)
            for r in policy.rules
            if "promised" in _events_of(r)
        )
        self.phrases: frozenset[str] = frozenset().union(
            *(phrases_of(each) for rule in policy.rules for each in _conditions_of(rule))
        )
        for index, rule in enumerate(policy.rules):
            self._take(index, rule)
        self._let_exceptions_beat()
        self.reach = self._reaches()
        self.reading = frozenset(self.readers)
        self.deriving = frozenset(self.tables)
        self._touched: dict[frozenset[str], frozenset[Plan]] = {}
        self.guarded = frozenset(
            (*self.gates, *self.steps_before, *(act for _, r in self.approvals for act in r.acts))
        )

    def calendar(self, name: str) -> Calendar | None:
        return None if name == "24x7" else self.policy.calendars.get(name)

    def touched_by(self, changed: Set[str]) -> frozenset[Plan]:
        """Return the rules that start and whose conditions read one of the changed fields."""
        fields = self.reading & changed
        found = self._touched.get(fields)
        if found is None:
            if len(self._touched) >= _KEPT:
                self._touched.clear()
            found = frozenset(plan for field in fields for plan in self.readers[field])
            self._touched[fields] = found
        return found

    def _reaches(self) -> dict[str, Reach]:
        """Return what each event that any plan names can touch."""
        ended = defaultdict(list)
        for plan in self.plans.values():
            for event in plan.ends:
                ended[event].append(plan.key)
        return {
            event: Reach(
                tuple(self.starts.get(event, ())),
                tuple(self.reactions.get(event, ())),
                event in ended,
                frozenset(ended.get(event, ())),
            )
            for event in {*self.starts, *self.reactions, *ended}
        }

    def _take(self, index: int, rule: Rule) -> None:
        match rule:
            case ClockRule() | WindowRule() | StepRule() | ReactionRule():
                self._plan(index, rule)
            case GateRule():
                self.gates[rule.name].append(rule)
            case ApprovalRule():
                self.approvals.append((index, rule))
            case TableRule():
                for field in rule.inputs:
                    self.tables[field].append(rule)
            case _:
                pass

    def _plan(self, index: int, rule: OwingRule) -> None:
        calendar = self.calendar(rule.calendar)
        plan = Plan(index, rule, calendar=calendar, policy_hash=self.policy.hash)
        while plan.key in self.by_key:
            plan.key += "+"
        self.plans[index] = self.by_key[plan.key] = plan
        for event in plan.start:
            self.starts[event].append(plan)
        if isinstance(rule, ReactionRule):
            for event in rule.on:
                self.reactions[event].append(plan)
            return
        self.by_name[plan.name].append(plan)
        if isinstance(rule, StepRule):
            self.steps.setdefault(rule.name, plan)
            if rule.before:
                self.steps_before[rule.before].append(plan)

    def _let_exceptions_beat(self) -> None:
        """Give each plan the conditions of the rules that beat it, and index what they read."""
        beating: dict[str, list[Condition | None]] = defaultdict(list)
        for rule in self.policy.rules:
            for clause in rule.exception_to:
                beating[clause].append(rule.when)
        for plan in self.plans.values():
            found = beating.get(plan.because.clause, ())
            plan.beaten_by = tuple(each.test if each else None for each in found)
            plan.reads |= {field for each in found if each for field in each.reads}
            for field in plan.reads:
                if plan.start:
                    self.readers[field].append(plan)


_PROGRAMS: dict[int, Program] = {}
_KEPT = 64


def program_of(policy: Policy) -> Program:
    """Return the policy's program, built at its first use; the same object every time after."""
    found = _PROGRAMS.get(id(policy))
    if found is not None and found.policy is policy:
        return found
    if len(_PROGRAMS) >= _KEPT:
        _PROGRAMS.pop(next(iter(_PROGRAMS)))
    program = _PROGRAMS[id(policy)] = Program(policy)
    return program


def holds(plan: Plan, scope: Scope) -> Truth:
    """Say whether a plan's condition holds and no exception beats it; None is unknown."""
    truth = True if plan.test is None else plan.test(scope)
    if plan.beaten_by and truth is True and is_beaten(plan, scope):
        return False
    return truth


def is_beaten(plan: Plan, scope: Scope) -> bool:
    """Say whether an exception to a plan's clause holds."""
    return any(test is None or test(scope) is True for test in plan.beaten_by)


def _events_of(rule: Rule) -> Iterable[str]:
    for key in ("start", "after", "auto", "on"):
        value = getattr(rule, key, None)
        if isinstance(value, tuple):
            yield from value


def _conditions_of(rule: Rule) -> Iterable[Condition | None]:
    return (rule.when, getattr(rule, "unless", None), getattr(rule, "needs", None))
