"""Figures: the quantities in a sentence and in a rule, read the same way from both.

Only durations, percentages, money, scores and counts are looked for; nothing else in the prose
is interpreted. All arithmetic is exact: microseconds, cents, thousandths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from kept.policy.rules import Target, TargetUnit
from kept.policy.sop.figure_words import (
    CALENDAR_UNITS,
    EVERY_BEFORE,
    FIGURE,
    NUMBER_WORDS,
    PERIOD_WORDS,
    SCALES,
    TIME_UNITS,
    WIDTHS,
)
from kept.policy.words import MINUTE


class Kind(StrEnum):
    """What a figure counts."""

    DURATION = "duration"
    PERCENT = "percent"
    MONEY = "amount of money"
    SCORE = "score"
    COUNT = "count"


class Part(StrEnum):
    """Which end of a range (`3-5 business days`) a figure is."""

    ONLY = "only"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One figure. `amount` is exact: microseconds or calendar units, permille, cents, ..."""

    kind: Kind
    amount: int
    unit: TargetUnit = TargetUnit.TIME
    text: str = ""
    start: int = 0
    end: int = 0
    part: Part = Part.ONLY
    every: bool = False
    """Said of a repetition: `weekly`, `every 4 hours`."""

    @property
    def value(self) -> tuple[Kind, TargetUnit, int]:
        return self.kind, self.unit, self.amount

    @property
    def target(self) -> Target:
        return Target(amount=self.amount, unit=self.unit, text=self.text)


MAX_PROSE = 20_000
MAX_AMOUNT = 10**17
"""Three thousand years; what is longer is no figure."""


@lru_cache(maxsize=4096)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the figures of a text in their order; both ends of a range are figures."""
    text = text[:MAX_PROSE].translate(WIDTHS)
    return tuple(_joined(text, list(_all(text))))


def _all(text: str) -> Iterator[Quantity]:
    for found in FIGURE.finditer(text):
        yield from _figure(text, found)


def _figure(text: str, found: re.Match[str]) -> Iterator[Quantity]:
    start, end = found.span()
    part = found.groupdict()
    if part["compact"]:
        yield _duration_of(part["compact"], start, end)
    elif part["period"]:
        unit, count = PERIOD_WORDS[part["period"].lower()]
        yield _duration(Fraction(count), unit, found.group(), (start, end), every=True)
    elif part["each"]:
        yield _duration(Fraction(1), part["each_unit"], found.group(), (start, end), every=True)
    elif part["half"]:
        yield _duration(_share(part["half"]), "hour", found.group(), (start, end))
    elif part["and_half"]:
        amount = 1 + _share(part["and_half_plus"])
        yield _duration(amount, part["and_half_unit"], found.group(), (start, end))
    elif part["single"]:
        span = found.span("single")
        amount = 1 + _share(part["single_plus"] or "")
        yield _duration(amount, part["single_unit"], part["single"], span)
    elif part["money"]:
        yield from _money(part, found)
    else:
        yield from _counted(text, part, found)


def _share(said: str) -> Fraction:
    """Return the part of one that `half an hour`, `three quarters of` or `½` says."""
    said = said.lower()
    if not said:
        return Fraction(0)
    if "half" in said or "½" in said:
        return Fraction(1, 2)
    return Fraction(3 if "three" in said or "¾" in said else 1, 4)


def _scaled(number: str, scale: str | None) -> Fraction:
    return _number(number) * SCALES[scale.strip().lower()] if scale else _number(number)


def _counted(text: str, part: dict[str, str | None], found: re.Match[str]) -> Iterator[Quantity]:
    """A number and what it counts, or a range of them."""
    low, high, unit = part["low"] or "", part["high"], part["unit"]
    span = found.span()
    every = EVERY_BEFORE.search(text[max(0, span[0] - 8) : span[0]]) is not None
    ends: list[tuple[str, Part]] = [(low, Part.ONLY)]
    if high is not None:
        is_range = "and" not in (part["range"] or "").lower() or _between(text, span[0])
        ends = [(low, Part.MIN if is_range else Part.ONLY)]
        ends.append((high, Part.MAX if is_range else Part.ONLY))
    for number, which in ends:
        amount = _scaled(number, part["scale"])
        if (more := part["plus"] or part["after"]) and number == ends[-1][0]:
            amount += _share(more)
        if unit is not None:
            yield _duration(
                amount, unit, _said(number, found, unit, len(ends)), span, which, every=every
            )
        elif part["percent"]:
            yield _plain(Kind.PERCENT, amount * 10, f"{number}%", span, which)
        elif part["currency"]:
            yield _plain(Kind.MONEY, amount * 100, f"{number} {part['currency']}", span, which)
        elif part["of"] or "." in number:
            yield _plain(Kind.SCORE, amount * 1000, number, span, which)
        else:
            yield _plain(Kind.COUNT, amount, number, span, which)


def _said(number: str, found: re.Match[str], unit: str, ends: int) -> str:
    return found.group() if ends == 1 else f"{number} {unit}"


def _between(text: str, start: int) -> bool:
    return text[max(0, start - 8) : start].lower().endswith("between ")


def _money(part: dict[str, str | None], found: re.Match[str]) -> Iterator[Quantity]:
    low, high = part["money_low"] or "", part["money_high"]
    scale, high_scale = part["money_low_scale"], part["money_high_scale"]
    ends = [(low, scale, Part.ONLY)]
    if high is not None:
        shared = None if part["money_high_sign"] else high_scale
        is_range = part["between"] or " and " not in found.group().lower()
        least, most = (Part.MIN, Part.MAX) if is_range else (Part.ONLY, Part.ONLY)
        ends = [(low, scale or shared, least), (high, high_scale, most)]
    for number, times, which in ends:
        said = found.group() if high is None else number
        yield _plain(Kind.MONEY, _scaled(number, times) * 100, said, found.span(), which)


def _plain(kind: Kind, amount: Fraction, said: str, span: tuple[int, int], part: Part) -> Quantity:
    """A figure without unit; what is finer than its last place is cut to a value nobody has."""
    whole = int(amount) if amount.denominator == 1 and amount <= MAX_AMOUNT else -1
    return Quantity(kind=kind, amount=whole, text=said, start=span[0], end=span[1], part=part)


def _number(text: str) -> Fraction:
    """Return the number that digits or words say: `1,200`, `four`, `twenty-four`."""
    words = text.lower().replace("-", " ").replace(",", " ").split()
    if words[0] != "a" and words[0] not in NUMBER_WORDS:
        return Fraction(text.replace(",", ""))
    total = group = 0
    for word in words:
        if word == "thousand":
            total, group = total + group * 1_000, 0
        elif word == "hundred":
            group *= 100
        else:
            group += NUMBER_WORDS.get(word, word == "a")
    return Fraction(total + group)


def _duration(
    amount: Fraction, unit: str, said: str, span: tuple[int, int],
    part: Part = Part.ONLY, *, every: bool = False,
) -> Quantity:  # fmt: skip
    name = unit.lower().replace("-", " ").removeprefix("calendar ")
    name = name[:-1] if name.endswith("s") and len(name) > 1 else name
    measure, factor = TargetUnit.TIME, 1
    if name in ("working day", "business day"):
        measure = TargetUnit.WORKING_DAYS
    elif name in CALENDAR_UNITS:
        measure, factor = CALENDAR_UNITS[name]
    else:
        factor = TIME_UNITS[name.rpartition(" ")[2]]
    scaled = amount * factor
    whole = int(scaled) if scaled.denominator == 1 and scaled <= MAX_AMOUNT else -1
    return Quantity(
        kind=Kind.DURATION, amount=whole, unit=measure, text=said.strip(),
        start=span[0], end=span[1], part=part, every=every,
    )  # fmt: skip


COMPACT_PART = re.compile(r"(\d+)([wdhms])", re.IGNORECASE)


def _duration_of(compact: str, start: int, end: int) -> Quantity:
    amount = sum(
        int(number) * TIME_UNITS[unit.lower()] for number, unit in COMPACT_PART.findall(compact)
    )
    return Quantity(kind=Kind.DURATION, amount=amount, text=compact, start=start, end=end)


JOINT = re.compile(r",? (?:and )?$|,$| $")


def _joined(text: str, found: list[Quantity]) -> Iterator[Quantity]:
    """`2 hours 30 minutes` and `1 hour and 30 minutes` are one figure."""
    index = 0
    while index < len(found):
        one = found[index]
        while index + 1 < len(found) and _goes_on(text, one, found[index + 1]):
            index += 1
            following = found[index]
            one = Quantity(
                kind=Kind.DURATION, amount=one.amount + following.amount,
                text=text[one.start : following.end], start=one.start, end=following.end,
                every=one.every,
            )  # fmt: skip
        yield one
        index += 1


def _goes_on(text: str, one: Quantity, following: Quantity) -> bool:
    return (
        one.kind is following.kind is Kind.DURATION
        and one.unit is following.unit is TargetUnit.TIME
        and one.part is following.part is Part.ONLY
        and not following.every
        and following.amount < MINUTE * 60
        and _smallest_unit(one.text) > _smallest_unit(following.text)
        and JOINT.fullmatch(text[one.end : following.start]) is not None
    )


def _smallest_unit(said: str) -> int:
    units = re.findall(r"[A-Za-z]+", said)
    return TIME_UNITS.get(units[-1].lower().rstrip("s") or "s", 0) if units else 0
