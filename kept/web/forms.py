"""Forms: fields as values, filled in from what was posted; what was typed is never lost.

The SOP defines most of them (steps, hand-offs), so a form is a tuple of fields, not a class.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from kept.policy.rules import Form

INPUTS = {"date": "date", "time": "time", "moment": "datetime-local", "email": "email"}
LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form. `choices` are (value, words); `key` is its id in the page."""

    name: str
    label: str
    type: str = "text"
    required: bool = True
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    value: str = ""
    error: str = ""
    key: str = ""
    decides: bool = False
    """Whether what it says changes what else the form asks."""
    folded: bool = False
    """Whether the form shows it only when asked for more."""

    @property
    def input_type(self) -> str:
        return INPUTS.get(self.type, "text")


def of_sop(form: Form | None, sources: Mapping[str, str], key: str) -> tuple[Field, ...]:
    """Return the fields of a form that the SOP defines, filled from their sources."""
    if form is None:
        return ()
    return tuple(
        Field(
            name=one.id,
            label=one.label,
            type=one.type,
            required=one.required,
            help=one.help,
            choices=tuple((choice, choice.replace("_", " ")) for choice in one.choices),
            value=sources.get(one.source or "", ""),
            key=f"{key}-{one.id}",
        )
        for one in form.fields
    )


def keyed(fields: tuple[Field, ...], key: str) -> tuple[Field, ...]:
    """Return the fields with ids that are unique in the page."""
    return tuple(replace(one, key=one.key or f"{key}-{one.name}") for one in fields)


def filled(fields: tuple[Field, ...], posted: Mapping[str, str]) -> tuple[Field, ...]:
    """Return the fields with what was typed, and what is wrong with each."""
    return tuple(_filled(one, posted) for one in fields)


def prefilled(fields: tuple[Field, ...], written: Mapping[str, str]) -> tuple[Field, ...]:
    """Return the fields with what was written so far, nothing judged yet."""
    return tuple(
        replace(one, value=written.get(one.name, "").replace("\x00", "")[:LONGEST] or one.value)
        for one in fields
    )


def wrong(fields: tuple[Field, ...]) -> bool:
    """Return whether any field has something to say."""
    return any(one.error for one in fields)


def answers(fields: tuple[Field, ...]) -> dict[str, str]:
    """Return what was answered, without what was left empty."""
    return {one.name: one.value for one in fields if one.value}


def moment(text: str, zone: str) -> datetime | None:
    """Return a datetime-local value as an aware instant, None where it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return None


def minor_units(text: str) -> int | None:
    """Return an amount of money in minor units, None where it is none."""
    try:
        amount = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount < 0 or amount > 10**12 or amount != round(amount, 2):
        return None
    return int(amount * 100)


def _filled(field: Field, posted: Mapping[str, str]) -> Field:
    text = posted.get(field.name, "").replace("\x00", "").strip()[:LONGEST]
    return replace(field, value=text, error=_problem(field, text))


def _problem(field: Field, text: str) -> str:
    if not text:
        return f"{field.label}: the SOP wants this." if field.required else ""
    if field.type == "choice" and text not in {value for value, _ in field.choices}:
        return "Choose one of the list."
    if field.type == "yes_no" and text not in {"yes", "no"}:
        return "Yes or no."
    if field.type == "money" and minor_units(text) is None:
        return "An amount such as 120.00."
    if field.type == "number" and not text.lstrip("-").replace(".", "", 1).isdecimal():
        return "A number."
    if field.type in {"date", "moment"} and moment(text, "UTC") is None:
        return "A date and time such as 2026-03-01 14:00." if field.type == "moment" else "A date."
    return ""
