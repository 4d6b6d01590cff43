"""Figures as `kept sop show` tells them: taken from the compiled rule, in the unit a key asks for.

A figure that comes from a parameter or an agreed word is ours, not the text's: it is told as
None. Nothing here invents a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kept.policy.conditions import COMPARISONS, Expr, walk
from kept.policy.rules import (
    ApprovalRule,
    CadenceRule,
    ClockRule,
    EntitlementRule,
    MeasureRule,
    Policy,
    ReactionRule,
    Rule,
    RuleBase,
    StepRule,
    Target,
    TargetUnit,
    WindowRule,
)
from kept.policy.sop.figures import Kind, quantities
from kept.policy.words import DAY, HOUR, MINUTE, SECOND

TIME_ENDS = {"_sec": SECOND, "_min": MINUTE, "_hours": HOUR, "_days": DAY}
UNIT_ENDS = {
    "_business_days": TargetUnit.WORKING_DAYS,
    "_months": TargetUnit.MONTHS,
    "_years": TargetUnit.YEARS,
}
ENDS = (*TIME_ENDS, *UNIT_ENDS, "_pct")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")
NAMES_OF_FIGURES = frozenset({"n", "pct", "value", "of", "usd", "eur", "gbp", "inr", "count"})
FIGURE = "$figure"
ANY_HOUR = re.compile(r"24\s?[x/×]\s?7|day and night|around the clock|at any (?:hour|time)", re.I)


def is_figure_key(key: str) -> bool:
    """Tell whether the value under a key is a number."""
    return key in NAMES_OF_FIGURES or key.endswith(ENDS)


def number(text: str) -> int | float:
    """Return the number as JSON has it: whole where it is whole as written."""
    return int(text) if "." not in text else float(text)


def share(amount: int, unit: int) -> int | float:
    """Return `amount / unit`, whole where it is."""
    return amount // unit if amount % unit == 0 else amount / unit


def target_of(rule: RuleBase) -> Target | None:
    """Return the one duration of a rule."""
    match rule:
        case ClockRule() | StepRule():
            return rule.target
        case WindowRule():
            return rule.every
        case ReactionRule():
            return rule.after
        case EntitlementRule():
            return rule.lasts
        case CadenceRule():
            return rule.due or rule.every
        case ApprovalRule():
            return rule.expires
        case _:
            return None


def clause_text(policy: Policy, rule: RuleBase) -> str:
    clause = policy.clauses.get(rule.because.clause)
    return clause.text if clause else ""


def is_stated(policy: Policy, rule: RuleBase, target: Target | None) -> bool:
    """Tell whether the clause's own sentence gives the duration."""
    if target is None or target.param:
        return False
    said = quantities(clause_text(policy, rule))
    return any(
        one.kind is Kind.DURATION and (one.unit, one.amount) == (target.unit, target.amount)
        for one in said
    )


def stated(policy: Policy, rule: RuleBase) -> Target | None:
    """Return the rule's duration where the text states it."""
    target = target_of(rule)
    return target if is_stated(policy, rule, target) else None


def in_unit(target: Target | None, key: str) -> int | float | None:
    """Return the duration in the unit that the key's end names; None where it has no such."""
    if target is None:
        return None
    for end, unit in UNIT_ENDS.items():
        if key.endswith(end):
            return target.amount if target.unit is unit else None
    if target.unit is not TargetUnit.TIME:
        return target.amount if key.endswith("_days") else None
    for end, micros in TIME_ENDS.items():
        if key.endswith(end):
            return share(target.amount, micros)
    return share(target.amount, MINUTE)


def figure(policy: Policy, rule: Rule, key: str) -> Any:
    """Return the rule's own figure for a key, None where the text states none."""
    money = policy.currency.lower()
    match key:
        case "op":
            return comparison(policy, rule)[0]
        case "words":
            return list(phrases(rule)) or None
        case "every":
            return period(stated(policy, rule))
        case "n":
            return comparison(policy, rule)[1]
    if key == money or key.endswith("_" + money):
        return comparison(policy, rule)[1]
    if key == "pct" or key.endswith("_pct"):
        return percent(policy, rule)
    if isinstance(rule, MeasureRule):
        return goal(policy, rule).get("value")
    return in_unit(stated(policy, rule), key)


def percent(policy: Policy, rule: Rule) -> int | float | None:
    if isinstance(rule, EntitlementRule):
        return share(rule.fee_permille, 10) if rule.fee_permille else None
    return goal(policy, rule).get("pct") if isinstance(rule, MeasureRule) else None


def period(target: Target | None) -> str | None:
    """Return `week`, `month`, `3 months`, `30 days`."""
    if target is None:
        return None
    names = {TargetUnit.MONTHS: "month", TargetUnit.YEARS: "year"}
    names[TargetUnit.WORKING_DAYS] = "working day"
    count, name = target.amount, names.get(target.unit, "")
    if not name:
        units = (("week", 7 * DAY), ("day", DAY), ("hour", HOUR), ("minute", MINUTE))
        name, micros = next((one for one in units if count % one[1] == 0), units[-1])
        count //= micros
    return name if count == 1 else f"{count} {name}s"


def goal(policy: Policy, rule: MeasureRule) -> dict[str, Any]:
    """Return `op` and `pct` or `value` of a measure's target."""
    if rule.op is None and rule.goal is None:
        return {"value": None}
    written = (rule.goal or "").strip()
    digits = re.search(r"\d+(?:\.\d+)?", written)
    text = clause_text(policy, rule)
    said = digits is not None and re.search(rf"(?<![\d.]){re.escape(digits[0])}(?![\d])", text)
    value = number(digits[0]) if digits and said else None
    key = "pct" if written.endswith("%") else "value"
    return {"op": rule.op, key: value}


def comparison(policy: Policy, rule: RuleBase) -> tuple[str | None, int | float | None]:
    """Return the operator and figure of the first comparison with an amount or a count."""
    condition = rule.when or getattr(rule, "needs", None)
    if condition is None or not isinstance(condition.tree, Expr):
        return None, None
    said = {(one.kind, one.amount) for one in quantities(clause_text(policy, rule))}
    for node in walk(condition.tree):
        if node.op not in COMPARISONS or node.args[0].op != "field":
            continue
        right = node.args[1]
        is_money = _is_money(policy, node.args[0].name)
        if right.op != "literal" or isinstance(right.value, bool):
            if right.op in ("unset", "param"):
                return node.op, None
            continue
        if isinstance(right.value, int):
            kind = Kind.MONEY if is_money else Kind.COUNT
            value = share(right.value, 100) if is_money else right.value
            return node.op, value if (kind, right.value) in said else None
    return None, None


def _is_money(policy: Policy, field: str) -> bool:
    declared = policy.fields.get(field)
    if declared is not None:
        return declared.type == "money"
    form, _, part = field.rpartition(".")
    if form in policy.forms:
        return any(f.id == part and f.type == "money" for f in policy.forms[form].fields)
    return field == "amount"


def phrases(rule: RuleBase) -> Iterator[str]:
    """Yield the phrases a rule looks for, as written."""
    if rule.when is not None and isinstance(rule.when.tree, Expr):
        for node in walk(rule.when.tree):
            if node.op == "has":
                yield from (str(part.value) for part in node.args[1].args)


def clock_word(policy: Policy, rule: RuleBase) -> str:
    """Return `business`, `24x7` or, where the text does not say, `unstated`."""
    target = target_of(rule)
    if rule.calendar != "24x7" or (target and target.unit is TargetUnit.WORKING_DAYS):
        return "business"
    return "24x7" if ANY_HOUR.search(clause_text(policy, rule)) else "unstated"


def words(key: str, value: Any, policy: Policy, rule: Rule | None = None) -> Any:
    """Return what is written in a `fact`: `$figure` replaced, true, null and numbers typed."""
    if isinstance(value, Mapping):
        return {name: words(name, each, policy, rule) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [words(key, each, policy, rule) for each in value]
    if value == FIGURE and rule is not None:
        return figure(policy, rule, key)
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    if value in ("null", "~"):
        return None
    if is_figure_key(key) and NUMBER.match(value):
        return number(value)
    levels = {level.id: place for place, level in enumerate(listed(policy.levels), 1)}
    return levels.get(value, value) if key == "escalate_to" else value


def listed(declared: Any) -> list[Any]:
    """Return the declarations that the text itself names."""
    return [one for one in declared if not getattr(one, "implied", False)]
