"""The front matter: what the SOP is called, its zone, words, parameters and custom fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from kept.policy.conditions import FieldType, Type
from kept.policy.rules import CustomField, Parameter, TargetUnit
from kept.policy.sop.declare_calendar import read_zone
from kept.policy.sop.figures import Kind, Quantity
from kept.policy.sop.keys import Keys
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.params import UNITS, parameter_quantity, read_figure
from kept.policy.sop.parse import SOP_NAME, Document
from kept.policy.sop.source import Place, did_you_mean
from kept.policy.sop.yaml import Map, Scalar, Seq
from kept.policy.sop.zones import instant_of, zone_named
from kept.policy.words import HOUR, Frozen, Instant, Micros

VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){0,2}(?:[-+][0-9A-Za-z.+-]{1,60})?$")
CURRENCY = re.compile(r"[A-Z]{3}$")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}$")
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}$")
FIELD_SOURCES = ("customer", "purchase")
"""Books of the desk that may know a field before the ticket does."""
FIELD_TYPES = {
    "text": Type.CHOICE, "bool": Type.BOOL, "count": Type.COUNT, "money": Type.MONEY,
    "date": Type.DATE, "choice": Type.CHOICE, "list": Type.LIST, "score": Type.SCORE,
}  # fmt: skip


class Front(Frozen, frozen=True, kw_only=True):
    """The front matter, typed."""

    title: str
    version: str
    zone: str
    currency: str
    effective_at: Instant | None
    confirm_window: Micros
    parameters: dict[str, Parameter]
    words: dict[str, str]
    fields: dict[str, CustomField]
    extends: str | None


def lower_front(lowering: Lowering, document: Document, overrides: Mapping[str, str]) -> Front:
    """Read the front matter; declares words, parameters and fields for the rules to use."""
    keys = lowering.keys(document.front, document.root)
    keys.lenient = document.front_end == 1
    name = keys.required("sop")
    if name is not None and not SOP_NAME.match(name.text):
        keys.tell(name.place, "E432", f'"{name.text[:60]}" is no name', "letters, digits, - and _")
    title = keys.required("title")
    zone = read_zone(keys, keys.required("zone"), "UTC")
    _parameters(lowering, keys, overrides)
    words = _words(lowering, keys)
    front = Front(
        title=title.text.strip() if title else document.sop,
        version=_version(keys),
        zone=zone,
        currency=_currency(keys),
        effective_at=_effective(keys, zone),
        confirm_window=_confirm_window(lowering, keys),
        parameters=lowering.figures.parameters,
        words=words,
        fields=_fields(lowering, keys),
        extends=keys.text("extends") or None,
    )
    keys.used.update(("updated", "tombstones", "set", "remove"))
    keys.done()
    return front


def _version(keys: Keys) -> str:
    scalar = keys.required("version")
    if scalar is None:
        return "0"
    if not VERSION.match(scalar.text.strip()):
        keys.tell(scalar.place, "E432", f'"{scalar.text[:60]}" is no version', "write 1.0.0")
    return scalar.text.strip()


def _currency(keys: Keys) -> str:
    scalar = keys.scalar("currency")
    if scalar is not None and not CURRENCY.match(scalar.text):
        keys.tell(scalar.place, "E432", f'"{scalar.text[:60]}" is no currency', "write USD")
        return "USD"
    return scalar.text if scalar else "USD"


def _effective(keys: Keys, zone: str) -> Instant | None:
    scalar = keys.scalar("effective")
    if scalar is None:
        return None
    try:
        local = datetime.fromisoformat(scalar.text.strip())
        if not 1970 < local.year < 2200:
            raise ValueError
        return instant_of(local, zone_named(zone))
    except (ValueError, OverflowError):
        keys.tell(
            scalar.place, "E432", f'"{scalar.text[:60]}" is no instant', "write 2026-12-01T00:00"
        )
        return None


def _confirm_window(lowering: Lowering, keys: Keys) -> Micros:
    one, _ = lowering.quantity(keys, "confirm_window", Kind.DURATION, bound=False)
    if one is not None and one.unit is not TargetUnit.TIME:
        keys.tell(
            keys.key_place("confirm_window"), "E301", f"{one.text} is no elapsed time",
            "write hours or days, such as 72h",
        )  # fmt: skip
    return one.amount if one is not None else 72 * HOUR


def _parameters(lowering: Lowering, keys: Keys, overrides: Mapping[str, str]) -> None:
    node = keys.map("parameters")
    found = lowering.figures.parameters
    for name, (key, value) in (node.entries if node else {}).items():
        if not isinstance(value, Map):
            keys.tell(
                value.place, "E431", f'the parameter "{name[:60]}" takes a mapping',
                f"{name}: {{value: 2, unit: count}}",
            )  # fmt: skip
            continue
        inner = keys.inner(value)
        unit = inner.choice("unit", UNITS, "")
        if not inner.has("unit"):
            inner.required("unit")
        scalar = inner.scalar("value")
        text = scalar.text.strip() if scalar is not None else None
        parameter = Parameter(
            id=name, value=overrides.get(name, text), unit=unit or "text",
            why=inner.text("why"), line=_line_of(lowering, keys, key.place),
        )  # fmt: skip
        _check_parameter(inner, parameter, scalar or key)
        inner.done()
        found[name] = parameter
    for name in overrides:
        if name not in found:
            keys.tell(
                keys.node.place, "E113", f'unknown parameter "{name[:60]}"',
                did_you_mean(name, found),
            )  # fmt: skip


def _line_of(lowering: Lowering, keys: Keys, place: Place) -> int:
    """Return the line of a place in this file; what a parent says stands where it is named."""
    if place.source is lowering.source:
        return place.line
    return keys.key_place("extends").line


def _check_parameter(keys: Keys, parameter: Parameter, scalar: Scalar) -> None:
    if not FIELD_NAME.match(parameter.id) or parameter.id == "text":
        keys.tell(
            scalar.place, "E432", f'"{parameter.id[:60]}" cannot name a parameter',
            "letters, digits and _",
        )  # fmt: skip
    if parameter.value is None or parameter.unit == "text":
        return
    if parameter.unit == "date":
        _check_date(keys, parameter.value, scalar)
        return
    if parameter_quantity(parameter.value, parameter.unit) is None:
        keys.tell(
            scalar.place, "E301", f'"{parameter.value[:60]}" does not fit {parameter.unit}',
            "correct the value or its unit",
        )  # fmt: skip


def _check_date(keys: Keys, written: str, scalar: Scalar) -> None:
    try:
        date.fromisoformat(written)
    except ValueError:
        keys.tell(scalar.place, "E301", f'"{written[:60]}" is no date', "write 2026-12-24")


def _words(lowering: Lowering, keys: Keys) -> dict[str, str]:
    node = keys.map("words")
    told: dict[str, str] = {}
    for name, (_, value) in (node.entries if node else {}).items():
        if isinstance(value, Seq):
            keys.tell(value.place, "E431", f'the word "{name[:60]}" takes a duration', "as in 1h")
            continue
        parts = value.entries if isinstance(value, Map) else {"": (value, value)}
        read: dict[str, Quantity] = {}
        for part, (_, scalar) in parts.items():
            one = read_figure(scalar.text, Kind.DURATION) if isinstance(scalar, Scalar) else None
            if one is None:
                keys.tell(
                    scalar.place, "E301", f'the word "{name[:60]}" is no duration', "as in 1h"
                )
                continue
            read[part] = one
            told[f"{name}.{part}" if part else name] = one.text
        lowering.figures.words[name] = read
    return told


def _fields(lowering: Lowering, keys: Keys) -> dict[str, CustomField]:
    node = keys.map("fields")
    found: dict[str, CustomField] = {}
    for name, (key, value) in (node.entries if node else {}).items():
        if not isinstance(value, Map):
            keys.tell(
                value.place, "E431", f'the field "{name[:60]}" takes a mapping', "{type: bool}"
            )
            continue
        inner = keys.inner(value)
        kind = inner.choice("type", FIELD_TYPES, "text")
        values = inner.texts("values")
        if kind == "choice" and not values:
            inner.required("values")
        of = inner.choice("of", FIELD_SOURCES, "")
        inner.used.update(("label", "help"))
        inner.done()
        if not FIELD_NAME.match(name) or name in lowering.names.fields:
            keys.tell(
                key.place, "E432", f'"{name[:60]}" cannot name a field',
                "it is built in" if name in lowering.names.fields else "letters, digits and _",
            )  # fmt: skip
            continue
        found[name] = CustomField(id=name, type=kind, values=values, line=key.place.line, of=of)
        lowering.names.fields[name] = FieldType(type=FIELD_TYPES[kind], values=values)
        lowering.names.of("field")[name] = key.place.line
    return found
