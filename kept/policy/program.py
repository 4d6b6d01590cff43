"""The policy made ready to run: rules indexed by event, act and field, built once per policy.

Nothing is decided here: a changed field leads to the plans that read it, an event to its reach.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set

from kept.policy.calendars import Calendar
from kept.policy.conditions import phrases_of
from kept.policy.plans import OwingRule, Plan
from kept.policy.reach import Choice, Reach
from kept.policy.rules import (
    ApprovalRule,
    ClockRule,
    Condition,
    GateRule,
    Policy,
    ReactionRule,
    Rule,
    StepRule,
    TableRule,
    WindowRule,
)

OF_ACTOR = frozenset({"by_kind", "by_role", "by_level"})
"""What an event tells of who acted."""


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
        self.asks_actor = any(
            not OF_ACTOR.isdisjoint(condition.reads)
            for rule in policy.rules
            for condition in _conditions_of(rule)
            if condition is not None
        )
        for index, rule in enumerate(policy.rules):
            self._take(index, rule)
        self._let_exceptions_beat()
        self.reach = self._reaches()
        self.reading = frozenset(self.readers)
        self.deriving = frozenset(self.tables)
        self._touched: dict[frozenset[str], frozenset[Plan]] = {}
        self._reached: dict[tuple[str, ...], tuple[Reach, ...]] = {}
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

    def reached_by(self, names: tuple[str, ...]) -> tuple[Reach, ...]:
        """Return what an event of these names can touch, name by name."""
        found = self._reached.get(names)
        if found is None:
            if len(self._reached) >= _KEPT:
                self._reached.clear()
            found = tuple(self.reach.get(name) or Reach(name) for name in names)
            self._reached[names] = found
        return found

    def _reaches(self) -> dict[str, Reach]:
        """Return what each event that any plan names can touch."""
        ended = defaultdict(list)
        for plan in self.plans.values():
            for event in plan.ends:
                ended[event].append(plan)
        return {
            event: Reach(
                name=event,
                starts=tuple(self.starts.get(event, ())),
                reactions=Choice(self.reactions[event]) if event in self.reactions else None,
                ends=frozenset(ended.get(event, ())),
                cycles=frozenset(plan.key for plan in ended.get(event, ())),
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


def _events_of(rule: Rule) -> Iterable[str]:
    for key in ("start", "after", "auto", "on"):
        value = getattr(rule, key, None)
        if isinstance(value, tuple):
            yield from value


def _conditions_of(rule: Rule) -> Iterable[Condition | None]:
    return (rule.when, getattr(rule, "unless", None), getattr(rule, "needs", None))
