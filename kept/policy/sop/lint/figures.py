"""Lints about measures: a formula that shows nothing, a target in another unit."""

from __future__ import annotations

from collections.abc import Iterator

from kept.policy.formulas import (
    Count,
    Formula,
    FormulaError,
    Over,
    Rate,
    Ratio,
    Times,
    read_formula,
)
from kept.policy.measures import goal_in
from kept.policy.rules import MeasureRule, Policy
from kept.policy.sop.lint.desk import Desk
from kept.policy.sop.resolve import BUILT_IN_FIELDS, EVENTS
from kept.policy.sop.source import did_you_mean

PLAIN = frozenset({
    "tickets", "page", "notify", "assign", "escalate", "start", "miss", "settle", "warn", "sent",
    "refused", "flag", "close",
})  # fmt: skip
"""What is counted besides events: tickets, and decisions of the policy."""
SAID = {"share": "a share", "time": "a time", "score": "a score", "money": "an amount of money",
        "count": "a number"}  # fmt: skip
EXAMPLES = {"share": "> 90%", "time": "<= 2 hours", "score": "> 4.5", "money": "< $100",
            "count": "< 3"}  # fmt: skip


def measures_that_show_nothing(desk: Desk) -> None:
    """A formula is read when the SOP is written, not when the month is over."""
    for rule in desk.rules(MeasureRule):
        try:
            formula = read_formula(desk.policy, rule.of)
        except FormulaError as wrong:
            _warn(desk, rule, str(wrong), "write share(..), rate(..), count(..) or mean(..)")
            continue
        known = set(_known(desk.policy))
        for name in _names(formula):
            if name not in known and name.partition(":")[0] not in PLAIN | {"step", "approved"}:
                _warn(desk, rule, f'nothing is called "{name}"', did_you_mean(name, known))
        _check_unit(desk, rule, formula)


def _warn(desk: Desk, rule: MeasureRule, why: str, advice: str) -> None:
    desk.warning(
        "W715", f"{rule.because.rule} will show no figure: {why}",
        line=rule.because.line, clause=rule.because.clause,
        advice=advice or "name a commitment, an event or a field",
    )  # fmt: skip


def _names(formula: Formula) -> Iterator[str]:
    match formula:
        case Rate(name=name) if name:
            yield name
        case Ratio(above=above, below=below):
            yield from (
                one.removeprefix("kept:").removeprefix("missed:") for one in (above, below)
            )
        case Count(of=name):
            yield name
        case Over(of=Times(of=name, to=to)):
            yield name
            if to:
                yield to
        case Over(of=str(name)):
            yield name


def _known(policy: Policy) -> Iterator[str]:
    """Return what a formula may name: events, commitments, clauses by their ends, fields."""
    yield from EVENTS
    yield from BUILT_IN_FIELDS
    yield from policy.fields
    yield from (form.event for form in policy.forms.values() if form.event)
    yield from (f"{form.id}.{part.id}" for form in policy.forms.values() for part in form.fields)
    yield "promise"
    yield from (f"accept_{level.id}" for level in policy.levels)
    for rule in policy.rules:
        yield rule.name
    for clause in policy.clauses:
        parts = clause.split(".")
        yield from (".".join(parts[start:]) for start in range(len(parts)))


def _check_unit(desk: Desk, rule: MeasureRule, formula: Formula) -> None:
    units = _units(desk.policy, formula)
    if rule.goal is None or any(goal_in(rule.goal, unit) is not None for unit in units):
        return
    desk.error(
        "E305",
        f"{rule.because.rule} is {SAID[units[0]]}, its target {rule.op} {rule.goal} is not",
        line=rule.because.line, clause=rule.because.clause,
        advice=f'write it as in "{EXAMPLES[units[0]]}"',
    )  # fmt: skip


def _units(policy: Policy, formula: Formula) -> tuple[str, ...]:
    """Return in what units a formula's value may be."""
    match formula:
        case Ratio():
            return ("share", "count", "score")
        case Count():
            return ("count",)
        case Over(of="score"):
            return ("score",)
        case Over(of="amount"):
            return ("money",)
        case Over(of=str(name)):
            counted = name in BUILT_IN_FIELDS or name in policy.fields
            return ("count", "score") if counted else ("time", "count", "score")
        case Over():
            return ("time",)
    return ("share",)
