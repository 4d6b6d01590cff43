"""Locked clauses: a child may make them tighter, never looser."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kept.policy.rules import (
    ClockRule,
    Policy,
    Rule,
    StepRule,
    Target,
    TargetUnit,
    WindowRule,
)
from kept.policy.sop.extends import Family
from kept.policy.sop.source import Place, Problems
from kept.policy.words import DAY, Enforce, Micros

LADDER = tuple(Enforce)
LENGTHS: dict[TargetUnit, tuple[Micros, Micros]] = {
    TargetUnit.TIME: (1, 1),
    TargetUnit.WORKING_DAYS: (DAY // 24, 14 * DAY),
    TargetUnit.MONTHS: (28 * DAY, 31 * DAY),
    TargetUnit.YEARS: (365 * DAY, 366 * DAY),
}
"""The shortest and the longest that one of each unit can be."""
FREE = frozenset({"because", "order", "fact", "enforce", "say"})
"""What a child may change in a locked rule: how it is told. `enforce` is looked at apart."""
GROWING = ("warn", "on_warn", "on_miss", "do")
"""What a child may add to, and take nothing from."""
TIMES = ("target", "every", "expires", "lasts", "due", "after")


def check_locked(
    old: Policy, new: Policy, locked: dict[str, int], family: Family, problems: Problems
) -> None:
    """Tell every locked clause of the parent that the child loosens."""
    parent = family.parent.source.name if family.parent is not None else ""
    now = {(rule.because.clause, rule.because.rule): rule for rule in new.rules}
    for rule in old.rules:
        clause = rule.because.clause
        if clause not in locked:
            continue
        why = _loosened(rule, now.get((clause, rule.because.rule)))
        if why:
            place = family.touched.get(clause) or family.place
            problems.error(
                place, "E505", f'"{clause}" is locked and would be looser: {why}', clause=clause,
                advice=f"only tighten it; line {locked[clause]} of {parent} locks it",
            )  # fmt: skip
    for rule in new.rules:
        if rule.because.clause.split(".")[0] != new.sop:
            continue
        for beaten in rule.exception_to:
            if beaten in locked:
                problems.error(
                    Place(family.document.source, rule.because.line), "E505",
                    f'"{beaten}" is locked and takes no exception', clause=rule.because.clause,
                    advice=f"drop exception_to; line {locked[beaten]} of {parent} locks it",
                )  # fmt: skip


def _loosened(old: Rule, new: Rule | None) -> str:
    """Return why the new rule asks for less than the old one; nothing when it does not."""
    if new is None:
        return "it is gone"
    if type(new) is not type(old):
        return "it is another kind of rule"
    if LADDER.index(new.enforce) < LADDER.index(old.enforce):
        return f"{new.enforce} instead of {old.enforce}"
    return next(_changes(old, new), "")


def _changes(old: Rule, new: Rule) -> Iterator[str]:
    for name in old.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if name in FREE or before == after or _same_condition(before, after):
            continue
        if name in TIMES and isinstance(before, Target) and isinstance(after, Target):
            if _may_be_longer(before, after):
                yield f"{after.text} instead of {before.text}"
        elif name == "strict" or (name == "pause" and set(after) <= set(before)):
            if name == "strict" and isinstance(new, ClockRule) and not new.strict:
                yield "within instead of under"
        elif name in GROWING:
            if any(one not in after for one in before):
                yield f"{name} does less"
        elif name == "calendar" and isinstance(old, ClockRule | WindowRule | StepRule):
            if after != "24x7":
                yield f"it counts on {after}"
        else:
            yield f"its {name} is another"


def _same_condition(before: object, after: object) -> bool:
    source = getattr(before, "source", None)
    return (
        source is not None
        and source == getattr(after, "source", None)
        and (
            msgspec.to_builtins(getattr(before, "tree", None))
            == msgspec.to_builtins(getattr(after, "tree", None))
        )
    )


def _may_be_longer(before: Target, after: Target) -> bool:
    if before.unit is after.unit:
        return after.amount > before.amount
    return after.amount * LENGTHS[after.unit][1] > before.amount * LENGTHS[before.unit][0]
