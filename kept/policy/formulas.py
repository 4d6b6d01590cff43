"""The formulas of measures: one small expression over a month's tickets.

kept / (kept + missed)          of every commitment        rate(NAME)   of those of a name
share(CONDITION)                tickets of which it holds, among those where it is known
count(X) / count(Y)             X, Y: `tickets`, an event (`escalated`, `page`, `sent:TEMPLATE`,
                                `refused:CLAUSE`) or a commitment's name
mean(V) median(V) p90(V) max(V) sum(V)
V: score, amount or another figure of the ticket; NAME or time(NAME), how long its commitments
took; time(EVENT, EVENT), from the first of one to the next of the other (`first` may stand
before either).
A bare time(..) is its mean. NAME is a commitment's name or the end of its clause's id.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kept.policy.condition_types import Checker
from kept.policy.conditions import (
    ConditionError,
    Fields,
    FieldType,
    Type,
    compile_tree,
    parse,
)
from kept.policy.rules import Policy, Truth
from kept.policy.sop.figures import Kind
from kept.policy.sop.params import read_figure
from kept.policy.sop.resolve import BUILT_IN_FIELDS
from kept.policy.words import Frozen, Value

FUNCTION = re.compile(r"(\w+)\s*\((.*)\)$", re.DOTALL)
NAME = re.compile(r"[\w.:]+$")
ALL_KEPT = re.compile(r"kept\s*/\s*\(\s*kept\s*\+\s*missed\s*\)$")
OVER = ("mean", "median", "p90", "max", "sum")
FIGURE_KINDS = {Type.MONEY: Kind.MONEY, Type.SCORE: Kind.SCORE, Type.COUNT: Kind.COUNT}


class FormulaError(ValueError):
    """A formula that cannot be read; `str()` says what in it."""


class Rate(Frozen, frozen=True, kw_only=True, tag="rate"):
    """kept / (kept + missed); of all commitments where `name` is empty."""

    name: str = ""


class Share(Frozen, frozen=True, kw_only=True, tag="share"):
    """The tickets of which a condition holds, among those of which it is known."""

    source: str
    test: Callable[[dict[str, Value]], Truth]


class Ratio(Frozen, frozen=True, kw_only=True, tag="ratio"):
    """How often one thing happened to how often another did."""

    above: str
    below: str


class Count(Frozen, frozen=True, kw_only=True, tag="count"):
    of: str


class Times(Frozen, frozen=True, kw_only=True, tag="times"):
    """How long a commitment took, or, with `to`, from one event to the next of another."""

    of: str
    to: str = ""


class Over(Frozen, frozen=True, kw_only=True, tag="over"):
    """One figure made of many: `how` is mean, median, p90, max or sum; `of` a field or times."""

    how: str
    of: str | Times


Formula = Rate | Share | Ratio | Count | Over


def read_formula(policy: Policy, source: str) -> Formula:
    """Return what a measure's `of` asks for; raise FormulaError where it cannot be read."""
    text = " ".join(source.split())
    if ALL_KEPT.match(text):
        return Rate()
    parts = _split(text, "/")
    if len(parts) == 2:
        above, below = (_counted(part) for part in parts)
        return Ratio(above=above, below=below)
    name, inner = _call(text)
    match name:
        case "rate" | "kept_rate":
            return Rate(name=_name(inner))
        case "share":
            return _share(policy, inner)
        case "count":
            return Count(of=_name(inner))
        case "time":
            return Over(how="mean", of=_times(inner))
        case "avg" | "average":
            return Over(how="mean", of=_value(inner))
        case how if how in OVER:
            return Over(how=how, of=_value(inner))
    raise FormulaError(f"{name}(..) is no formula")


def _call(text: str) -> tuple[str, str]:
    found = FUNCTION.match(text.strip())
    if found is None:
        raise FormulaError(f'"{text[:60]}" is no formula')
    return found[1], found[2].strip()


def _counted(text: str) -> str:
    name, inner = _call(text)
    if name not in ("count", "kept", "missed"):
        raise FormulaError(f"{name}(..) cannot be counted")
    return inner if name == "count" and NAME.match(inner) else f"{name}:{_name(inner)}"


def _name(text: str) -> str:
    if not NAME.match(text):
        raise FormulaError(f'"{text[:60]}" is no name')
    return text


def _value(inner: str) -> str | Times:
    if inner.startswith("time("):
        return _times(_call(inner)[1])
    return _name(inner)


def _times(inner: str) -> Times:
    parts = [part.removeprefix("first ").strip() for part in _split(inner, ",")]
    if len(parts) not in (1, 2):
        raise FormulaError(f"time({inner}) takes one name or two events")
    return Times(of=_name(parts[0]), to=_name(parts[1]) if len(parts) == 2 else "")


def _share(policy: Policy, inner: str) -> Formula:
    found = FUNCTION.match(inner)
    if found is not None and found[1] == "kept":
        return Rate(name=_name(found[2].strip()))
    fields = fields_of(policy)
    try:
        tree = parse(inner)
    except ConditionError as problem:
        raise FormulaError(f"share({inner}): {problem}") from None
    checker = Checker(fields, lambda name, kind, offset: _figure(policy, name, kind))
    checked = checker.truth(tree)
    if checker.problems:
        raise FormulaError(f"share({inner}): {checker.problems[0].message}")
    return Share(source=inner, test=compile_tree(checked, fields))


def _figure(policy: Policy, name: str, kind: Type) -> Value:
    """Return a parameter's value in the units of a field."""
    parameter = policy.parameters.get(name)
    if parameter is None or parameter.value is None:
        return None
    asked = FIGURE_KINDS.get(kind)
    if asked is None:
        return parameter.value
    quantity = read_figure(parameter.value, asked)
    return quantity.amount if quantity else None


def fields_of(policy: Policy) -> Fields:
    """Return the ticket's fields by type, as conditions of this SOP read them."""
    fields: dict[str, FieldType] = dict(BUILT_IN_FIELDS)
    fields["severity"] = FieldType(
        type=Type.CHOICE, values=tuple(each.id for each in policy.severities)
    )
    fields["level"] = FieldType(
        type=Type.CHOICE, values=tuple(each.id for each in policy.levels), ordered=True
    )
    fields |= {name: FieldType(type=Type.CHOICE) for name in ("channel", "team")}
    for name, declared in policy.fields.items():
        fields[name] = FieldType(type=_type(declared.type), values=declared.values)
    return fields


def _type(declared: str) -> Type:
    return Type(declared) if declared in tuple(Type) else Type.CHOICE


def _split(text: str, at: str) -> list[str]:
    """Split at a sign outside of brackets and quotes."""
    parts, depth, quoted, begin = [], 0, "", 0
    for index, sign in enumerate(text):
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "\"'":
            quoted = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == at and not depth:
            parts.append(text[begin:index].strip())
            begin = index + 1
    return [*parts, text[begin:].strip()]
