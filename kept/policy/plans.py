"""Plans: one rule that can owe something, made ready to run.

Nothing is decided here. Names are sets, so that the engine asks "does this event stop it?" without
reading the rule again, and what depends on the rule alone is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable

from kept.policy.calendars import Calendar
from kept.policy.conditions import Expr
from kept.policy.rules import (
    Action,
    By,
    ClockRule,
    ReactionRule,
    Scope,
    StepRule,
    Target,
    TargetUnit,
    Truth,
    WindowRule,
)
from kept.policy.words import CommitmentKind, Micros, Value

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
        "asks",
        "base",
        "beaten_by",
        "because",
        "by",
        "by_anyone",
        "calendar",
        "counts_days",
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
        "span",
        "start",
        "step",
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
        self.asks = _asked(rule.when.tree) if rule.when else None
        """A field and its only values under which the condition can hold, where it names such."""
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
        self.step = rule if isinstance(rule, StepRule) else None
        unit = self.target.unit if self.target else None
        self.counts_days = unit is TargetUnit.WORKING_DAYS
        self.span: Micros | None = None
        """How long it runs where the hour of the day makes no difference."""
        if self.target is not None and unit is TargetUnit.TIME and calendar is None:
            self.span = max(self.target.amount, 0)
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


KINDS: dict[type[OwingRule], CommitmentKind] = {
    ClockRule: CommitmentKind.CLOCK,
    WindowRule: CommitmentKind.WINDOW,
    StepRule: CommitmentKind.STEP,
    ReactionRule: CommitmentKind.CLOCK,
}


def _asked(tree: Expr | None) -> tuple[str, frozenset[Value]] | None:
    if tree is None or not tree.args:
        return None
    first, last = tree.args[0], tree.args[-1]
    if tree.op == "and":
        return _asked(first) or _asked(last)
    if tree.op == "==" and first.op == "field" and last.op == "literal":
        return first.name, frozenset((last.value,))
    if tree.op == "in" and first.op == "field" and last.op == "list":
        return first.name, frozenset(part.value for part in last.args)
    return None


def holds(plan: Plan, scope: Scope) -> Truth:
    """Say whether a plan's condition holds and no exception beats it; None is unknown."""
    truth = True if plan.test is None else plan.test(scope)
    if plan.beaten_by and truth is True and is_beaten(plan, scope):
        return False
    return truth


def is_beaten(plan: Plan, scope: Scope) -> bool:
    """Say whether an exception to a plan's clause holds."""
    return any(test is None or test(scope) is True for test in plan.beaten_by)
