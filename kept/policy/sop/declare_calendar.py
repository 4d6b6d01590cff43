"""A calendar block: every hour, day, zone and holiday is read where it stands.

What cannot be is told at its own word; only a calendar without such words is lowered.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date

import holidays

from kept.policy.calendars import Calendar
from kept.policy.sop.calendar import (
    FROM_YEAR,
    UNTIL_YEAR,
    CalendarSpec,
    hours_written,
    lower_calendar,
    weekdays_named,
)
from kept.policy.sop.keys import Keys
from kept.policy.sop.source import did_you_mean
from kept.policy.sop.yaml import Map, Scalar
from kept.policy.sop.zones import zone_named, zone_names

Read = Callable[[str], object]
REFUSALS: dict[Read, tuple[str, str]] = {
    weekdays_named: ("names no weekdays", "write mon, mon-fri, sat,sun or daily"),
    hours_written: ("is no span of hours", "write 09:00-17:00"),
    date.fromisoformat: ("is no date", "write 2026-12-24"),
}
"""What is said of a word that one of the readers does not take."""


def read_zone(keys: Keys, scalar: Scalar | None, default: str) -> str:
    """Return a zone's name; tell one that the zone data does not have."""
    if scalar is None:
        return default
    name = scalar.text.strip()
    try:
        zone_named(name)
    except (LookupError, ValueError, OSError):
        advice = did_you_mean(name, zone_names()) or "write Europe/London"
        keys.tell(scalar.place, "E117", f'unknown zone "{name[:60]}"', advice)
        return default
    return name


def read_calendar(keys: Keys, name: str, zone: str) -> Calendar | None:
    """Return the calendar of a block; None after telling all that is wrong with it."""
    before = len(keys.problems.found)
    country, subdivision, also, excluded = _holidays(keys)
    spec = CalendarSpec(
        name=name,
        zone=read_zone(keys, keys.scalar("zone"), zone),
        open=_hours(keys, "open", weekdays_named),
        breaks=_hours(keys, "breaks", weekdays_named),
        dates=_hours(keys, "dates", date.fromisoformat),
        country=country,
        subdivision=subdivision,
        also=also,
        excluded=excluded,
        from_year=_year(keys, "from", FROM_YEAR),
        until_year=_year(keys, "until", UNTIL_YEAR),
    )
    if spec.until_year < spec.from_year:
        keys.tell(
            keys.key_place("until"), "E433",
            f"the calendar ends in {spec.until_year}, before {spec.from_year}",
            "write a later year",
        )  # fmt: skip
    if len(keys.problems.found) > before:
        return None
    try:
        with warnings.catch_warnings():
            # A country's list that ends too early is a lint, not a line on the terminal.
            warnings.simplefilter("ignore")
            return lower_calendar(spec)
    except (LookupError, ValueError, OverflowError) as wrong:
        said = str(wrong.args[0] if wrong.args else wrong)[:200]
        keys.tell(keys.key_place("name"), "E433", f"this calendar cannot be: {said}")
        return None


def _can_be(keys: Keys, scalar: Scalar, read: Read) -> None:
    """Tell a word that its reader does not take."""
    try:
        read(scalar.text.strip())
    except ValueError:
        told, advice = REFUSALS[read]
        keys.tell(scalar.place, "E433", f'"{scalar.text[:60]}" {told}', advice)


def _hours(keys: Keys, key: str, read: Read) -> dict[str, tuple[str, ...]]:
    """Return hours by their days; a bare list of hours is for every day of the week."""
    node = keys.node_of(key)
    if node is None:
        return {}
    if not isinstance(node, Map):
        if read is date.fromisoformat:
            keys.map(key)
            return {}
        spans = keys.flat(node, key)
        for span in spans:
            _can_be(keys, span, hours_written)
        return {"mon-sun": tuple(one.text.strip() for one in spans)}
    inner = keys.inner(node)
    for day, _ in node.entries.values():
        _can_be(keys, day, read)
        for span in inner.scalars(day.text):
            _can_be(keys, span, hours_written)
    return {day.strip(): inner.texts(day) for day in node.entries}


def _holidays(keys: Keys) -> tuple[str | None, str | None, tuple[str, ...], tuple[str, ...]]:
    node = keys.map("holidays")
    if node is None:
        return None, None, (), ()
    inner = keys.inner(node)
    for key in ("also", "except"):
        for day in inner.scalars(key):
            _can_be(inner, day, date.fromisoformat)
    country, subdivision = inner.scalar("country"), inner.scalar("subdivision")
    parts = _subdivisions(inner, country)
    if subdivision is not None and parts is not None and subdivision.text not in parts:
        inner.tell(
            subdivision.place, "E433", f'"{subdivision.text[:60]}" has no list of holidays',
            did_you_mean(subdivision.text, parts) or "leave it out",
        )  # fmt: skip
    elif subdivision is not None and country is None:
        inner.tell(subdivision.place, "E433", "a subdivision without country", "add country: GB")
    inner.done()
    return (
        country.text.strip() if country else None,
        subdivision.text.strip() if subdivision else None,
        inner.texts("also"),
        inner.texts("except"),
    )


def _subdivisions(keys: Keys, country: Scalar | None) -> tuple[str, ...] | None:
    """Return the subdivisions of a country; None where it has no list, which is told."""
    if country is None:
        return None
    known = holidays.list_supported_countries(include_aliases=True)
    name = country.text.strip()
    if name in known and len(name) == 2:
        aliases = holidays.country_holidays(name).get_subdivision_aliases()
        return (*known[name], *(alias for each in aliases.values() for alias in each))
    keys.tell(
        country.place, "E433", f'"{name[:60]}" is no country with a list of holidays',
        "write its two letters: GB, DE, IN ...",
    )  # fmt: skip
    return None


def _year(keys: Keys, key: str, default: int) -> int:
    scalar = keys.scalar(key)
    if scalar is None:
        return default
    year = scalar.text[:4]
    if year.isascii() and year.isdigit() and 1980 <= int(year) <= 2100:
        return int(year)
    keys.tell(
        scalar.place, "E301", f'"{scalar.text[:60]}" is no year', "write one from 1980 to 2100"
    )
    return default
