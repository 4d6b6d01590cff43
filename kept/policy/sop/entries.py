"""Entries of the lists of `kept sop show`: a rule's words, with its figures filled in.

Each known list has one function that adds the figures; an entry that nobody worded is described
from the rule itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kept.policy.rules import (
    ApprovalRule,
    AssignAction,
    CadenceRule,
    ClockRule,
    EscalateAction,
    MeasureRule,
    NotifyAction,
    PageAction,
    Policy,
    ReactionRule,
    Rule,
)
from kept.policy.sop import told

Told = dict[str, Any]


def entry(policy: Policy, rule: Rule, into: str, fact: Told) -> Any:
    """Return the entry of a rule in a list; `value` alone makes it that value."""
    if set(fact) == {"value"}:
        return told.words("value", fact["value"], policy, rule)
    whole: Told = told.words(into, fact, policy, rule)
    fill = FILLED.get(into)
    if fill is not None:
        fill(policy, rule, whole)
    return whole


def _trigger(policy: Policy, rule: Rule, whole: Told) -> None:
    if not whole:
        whole |= _unnamed_trigger(policy, rule)
    kind, money = whole.get("kind"), policy.currency.lower()
    if kind == "time" and told.target_of(rule) is not None:
        whole.setdefault("after_min", told.figure(policy, rule, "after_min"))
    if kind == "money":
        op, value = told.comparison(policy, rule)
        whole |= {"op": op, money: value}
    if kind == "count":
        whole.setdefault("n", told.figure(policy, rule, "n"))
    if kind == "keyword" and "when" not in whole:
        whole["words"] = list(told.phrases(rule))


def _unnamed_trigger(policy: Policy, rule: Rule) -> Told:
    kind = "other"
    if isinstance(rule, ReactionRule) and rule.after is not None:
        kind = "time"
    elif list(told.phrases(rule)):
        kind = "keyword"
    elif rule.when is not None and told.comparison(policy, rule)[0] is not None:
        kind = "money" if "amount" in rule.when.reads else "count"
    elif rule.when is not None and "severity" in rule.when.reads:
        kind = "topic"
    found: Told = {"kind": kind}
    if kind != "keyword":
        found["when"] = rule.when.source if rule.when else rule.name.replace("_", " ")
    return found | _then(policy, rule)


def _then(policy: Policy, rule: Rule) -> Told:
    for action in getattr(rule, "do", ()):
        match action:
            case EscalateAction(to=str(level)):
                names = {one.id: one.name for one in policy.levels}
                return {"then": names.get(level, level)}
            case AssignAction(team=str(team)):
                return {"then": policy.teams[team].name if team in policy.teams else team}
            case PageAction(role=role) | NotifyAction(who=(role, *_)):
                return {"then": policy.roles[role].name if role in policy.roles else role}
    return {}


def _approval(policy: Policy, rule: Rule, whole: Told) -> None:
    whole.setdefault("what", rule.name.replace("_", " "))
    op, value = told.comparison(policy, rule)
    whole |= {"op": op, policy.currency.lower(): value}
    if isinstance(rule, ApprovalRule):
        whole.setdefault("by", " or ".join(rule.by))


def _deadline(policy: Policy, rule: Rule, whole: Told) -> None:
    whole.setdefault("what", rule.name.replace("_", " "))
    if "at" in whole:
        return
    target = told.stated(policy, rule)
    days = told.in_unit(target, "within_business_days")
    if days is not None:
        whole.setdefault("within_business_days", days)
    else:
        whole.setdefault("within_min", told.in_unit(target, "within_min"))


def _target(policy: Policy, rule: Rule, whole: Told) -> None:
    whole.setdefault("metric", rule.name.replace("_", " "))
    if isinstance(rule, MeasureRule):
        figures = told.goal(policy, rule)
        written = {key for key in figures if key in whole}
        whole |= {key: value for key, value in figures.items() if key not in written}


def _periodic(policy: Policy, rule: Rule, whole: Told) -> None:
    whole.setdefault("what", rule.name.replace("_", " "))
    if isinstance(rule, CadenceRule):
        every = rule.every if told.is_stated(policy, rule, rule.every) else None
        whole.setdefault("every", told.period(every))


def _is_trigger(rule: Rule) -> bool:
    kinds = (EscalateAction, AssignAction, PageAction, NotifyAction)
    return isinstance(rule, ReactionRule) and any(isinstance(act, kinds) for act in rule.do)


FILLED: dict[str, Callable[[Policy, Rule, Told], None]] = {
    "triggers": _trigger,
    "approvals": _approval,
    "deadlines": _deadline,
    "targets": _target,
    "periodic": _periodic,
}
DERIVED: dict[str, Callable[[Rule], bool]] = {
    "triggers": _is_trigger,
    "approvals": lambda rule: isinstance(rule, ApprovalRule),
    "deadlines": lambda rule: isinstance(rule, ClockRule) and rule.when is None,
    "targets": lambda rule: isinstance(rule, MeasureRule) and rule.goal is not None,
    "periodic": lambda rule: isinstance(rule, CadenceRule),
}
