"""What every lint needs: the policy, its cells and a place to tell what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from kept.policy.rules import Condition, Policy, Rule, RuleBase, Target, TargetUnit
from kept.policy.sop.cells import Cell, Cells, Undecided, Unset, Want
from kept.policy.sop.source import Place, Problems, Source
from kept.policy.words import Value

Kind = TypeVar("Kind", bound=RuleBase)


class Desk:
    """A policy under inspection."""

    def __init__(self, policy: Policy, source: Source, problems: Problems) -> None:
        self.policy = policy
        self.source = source
        self.problems = problems
        self.cells = Cells(policy)
        self.unanswered: set[int] = set()

    def rules(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yield the rules of one kind, in the document's order."""
        for rule in self.policy.rules:
            if isinstance(rule, kind):
                yield rule

    def error(
        self, code: str, message: str, *, line: int, clause: str, advice: str,
        other_line: int | None = None,
    ) -> None:  # fmt: skip
        self.problems.error(
            Place(self.source, line), code, message,
            clause=clause, advice=advice, other_line=other_line,
        )  # fmt: skip

    def warning(
        self, code: str, message: str, *, line: int, clause: str, advice: str,
        other_line: int | None = None,
    ) -> None:  # fmt: skip
        self.problems.warning(
            Place(self.source, line), code, message,
            clause=clause, advice=advice, other_line=other_line,
        )  # fmt: skip

    def line_with(self, sign: re.Pattern[str], start: int) -> int:
        """Return the first line from `start` on that shows a sign, or `start`."""
        for number in range(start, len(self.source.lines) + 1):
            if sign.search(self.source.line(number)):
                return number
        return start

    def together(self, rule: Rule, *others: Condition | None) -> Cell | None:
        """Return a ticket for which the rule and the other conditions hold, if it is decided."""
        wants = [Want(condition=each) for each in (rule.when, *others)]
        return self.sample(rule, *wants)

    def sample(self, rule: Rule, *wants: Want) -> Cell | None:
        """Return a ticket that meets the wants; undecided is told and counts as none."""
        try:
            return self.cells.sample(*wants)
        except Undecided as why:
            self.undecided(rule, why)
            return None

    def holds(self, rule: Rule, one: Condition | None, other: Condition | None) -> bool:
        """Tell whether `other` holds wherever `one` does; undecided is told and counts as no."""
        try:
            return self.cells.implies(one, other)
        except Undecided as why:
            self.undecided(rule, why)
            return False

    def never(self, rule: Rule, *wants: Want, fixed: Mapping[str, Value] | None = None) -> bool:
        """Tell whether no ticket meets the wants; undecided is told and counts as no."""
        try:
            return self.cells.sample(*wants, fixed=fixed) is None
        except Undecided as why:
            self.undecided(rule, why)
            return False

    def undecided(self, rule: Rule, why: Undecided) -> None:
        if isinstance(why, Unset) or rule.order in self.unanswered:
            return
        self.unanswered.add(rule.order)
        self.warning(
            "W799", f"{rule.because.rule} is not decided: too many cases to look at",
            line=rule.because.line, clause=rule.because.clause,
            advice="split its condition; nothing is concluded about it",
        )  # fmt: skip


def physical(target: Target | None) -> int | None:
    """Return microseconds of a target that counts time; None for days of a calendar."""
    return target.amount if target is not None and target.unit is TargetUnit.TIME else None


def comparable(one: RuleBase, other: RuleBase, a: Target | None, b: Target | None) -> bool:
    """Tell whether two targets count the same time: same unit on the same calendar."""
    return (
        a is not None and b is not None and a.unit is b.unit
        and (one.calendar == other.calendar)
    )  # fmt: skip
