"""Weighing one changed part of a rule: does the new version ask more of the desk, or less?

What cannot be ordered (another role, another template, hours that only moved) is `changed`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from kept.policy.rules import EntitlementRule, MeasureRule, Rule, Target
from kept.policy.words import Enforce

LADDER = tuple(Enforce)


class Weight(StrEnum):
    """Which way one change goes."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    CHANGED = "changed"
    SAME = "same"


def weigh(rule: Rule, part: str, before: Any, after: Any) -> Weight:
    """Return which way a part of a rule has changed; the two differ."""
    if isinstance(rule, EntitlementRule) and part == "lasts":
        return _shorter(after, before)
    if isinstance(rule, MeasureRule) and part == "goal":
        return _goal(rule, before, after)
    judge = JUDGES.get(part)
    return judge(before, after) if judge else Weight.CHANGED


def _shorter(before: Target | None, after: Target | None) -> Weight:
    """A time that appears or shrinks asks more."""
    if before is None or after is None:
        return Weight.TIGHTER if before is None else Weight.LOOSER
    if before.unit is not after.unit:
        return Weight.CHANGED
    return Weight.TIGHTER if after.amount < before.amount else Weight.LOOSER


def _more(before: tuple[Any, ...], after: tuple[Any, ...]) -> Weight:
    """Asking the same of more asks more."""
    old, new = set(map(repr, before)), set(map(repr, after))
    if old < new:
        return Weight.TIGHTER
    return Weight.LOOSER if new < old else Weight.CHANGED


def _fewer(before: tuple[Any, ...], after: tuple[Any, ...]) -> Weight:
    """Fewer ways to be done ask more."""
    return _more(after, before)


def _yes(before: Any, after: Any) -> Weight:
    return Weight.TIGHTER if after else Weight.LOOSER


def _who(before: Any, after: Any) -> Weight:
    """Anybody, a person, a person of the level or a role: each narrower than the one before."""
    rank = {"any": 0, "human": 1, "level": 2, "role": 2}
    old, new = rank.get(before.kind, 1), rank.get(after.kind, 1)
    if old == new:
        return Weight.CHANGED
    return Weight.TIGHTER if new > old else Weight.LOOSER


def _harder(before: Enforce, after: Enforce) -> Weight:
    harder = LADDER.index(after) > LADDER.index(before)
    return Weight.TIGHTER if harder else Weight.LOOSER


def _always(before: str, after: str) -> Weight:
    """Time that runs day and night runs out sooner than that of any opening hours."""
    if after == "24x7":
        return Weight.TIGHTER
    return Weight.LOOSER if before == "24x7" else Weight.CHANGED


def _goal(rule: MeasureRule, before: str | None, after: str | None) -> Weight:
    if before is None or after is None:
        return Weight.TIGHTER if before is None else Weight.LOOSER
    try:
        old, new = float(before.rstrip("%")), float(after.rstrip("%"))
    except ValueError:
        return Weight.CHANGED
    if rule.op in (">", ">="):
        return Weight.TIGHTER if new > old else Weight.LOOSER
    if rule.op in ("<", "<="):
        return Weight.TIGHTER if new < old else Weight.LOOSER
    return Weight.CHANGED


JUDGES: dict[str, Callable[[Any, Any], Weight]] = {
    "target": _shorter, "every": _shorter, "after": _shorter, "expires": _shorter,
    "due": _shorter, "strict": _yes, "start": _more, "stop": _fewer, "act": _fewer,
    "until": _fewer, "pause": _fewer, "by": lambda before, after: (
        _fewer(before, after) if isinstance(before, tuple) else _who(before, after)
    ),
    "warn": _more, "on_warn": _more, "on_miss": _more, "do": _more, "distinct_from": _more,
    "sum_over": _more, "acts": _more, "enforce": _harder, "calendar": _always,
    "exception_to": lambda before, after: Weight.CHANGED, "before": _yes, "complete": _yes,
    "unique": _yes,
}  # fmt: skip
