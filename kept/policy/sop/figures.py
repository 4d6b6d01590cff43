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
from kept.policy.words import DAY, HOUR, MINUTE, SECOND


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


TIME_UNITS = {
    "s": SECOND, "sec": SECOND, "second": SECOND,
    "m": MINUTE, "min": MINUTE, "minute": MINUTE,
    "h": HOUR, "hr": HOUR, "hour": HOUR,
    "d": DAY, "day": DAY, "night": DAY, "w": 7 * DAY, "wk": 7 * DAY, "week": 7 * DAY,
}  # fmt: skip
CALENDAR_UNITS = {
    "mo": (TargetUnit.MONTHS, 1), "month": (TargetUnit.MONTHS, 1),
    "quarter": (TargetUnit.MONTHS, 3),
    "y": (TargetUnit.YEARS, 1), "yr": (TargetUnit.YEARS, 1), "year": (TargetUnit.YEARS, 1),
}  # fmt: skip
NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
         "eighteen", "nineteen", "twenty")
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
     "ninety": 90}  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
PERIOD_WORDS = {
    "hourly": ("h", 1), "daily": ("day", 1), "weekly": ("week", 1), "fortnightly": ("week", 2),
    "monthly": ("month", 1), "quarterly": ("month", 3), "yearly": ("year", 1),
    "annual": ("year", 1), "annually": ("year", 1),
}  # fmt: skip

_TENS = rf"(?:{'|'.join(TENS)})[ -](?:one|two|three|four|five|six|seven|eight|nine)"
_WORDS = "|".join((_TENS, *sorted(NUMBER_WORDS, key=len, reverse=True)))
_NUMBER = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d{{1,6}})?|\d{{1,12}}(?:\.\d{{1,6}})?|\b(?:{_WORDS})\b)"
)
_UNIT = (
    r"(?:(?:working|business)[ -](?:days?|hours?)|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?"
    r"|nights?|weeks?|wks?|months?|quarters?|years?|yrs?|mo|[smhdwy])(?![\w])"
)
_MONEY_SIGN = r"(?:US\$|[$€£₹]|(?:USD|EUR|GBP|INR|CHF|CAD|AUD|Rs\.?)(?=[ \d]))"
_MONEY_WORD = r"(?:USD|EUR|GBP|INR|CHF|CAD|AUD|dollars?|euros?|pounds?|rupees?)\b"
_RANGE = r"[ ]?(?:-|–|—|\bto\b|\band\b)[ ]?"
_LEFT = r"(?<![\w.,#$€£₹/:-])"

FIGURE = re.compile(
    rf"""(?P<compact>{_LEFT}\d{{1,9}}[wdhms](?:\d{{1,9}}[hms]){{1,3}}(?!\w))
    |(?P<money>{_MONEY_SIGN}[ ]?(?P<money_low>{_NUMBER})
        (?:{_RANGE}(?:{_MONEY_SIGN})?[ ]?(?P<money_high>{_NUMBER})(?![\w%]))?)
    |{_LEFT}(?P<low>{_NUMBER})(?:(?P<range>{_RANGE})(?P<high>{_NUMBER}))?
        (?:[ ]\([ ]?(?:{_NUMBER})[ ]?\)(?=[ -]))?
        (?:[ ]?(?P<percent>%|percent\b|per[ ]cent\b)
          |[ ]?(?P<currency>{_MONEY_WORD})
          |(?:[ ]|-)?(?P<unit>{_UNIT})
          |(?P<of>[ ]?/[ ]?\d+(?:\.\d+)?|[ ]out[ ]of[ ]\d+(?:\.\d+)?)?)
    |\b(?P<period>hourly|daily|weekly|fortnightly|monthly|quarterly|yearly|annual(?:ly)?)\b
    |\b(?P<each>every|each|per)[ ](?P<each_unit>(?:working|business)[ ]day|second|minute|hour
        |day|week|month|quarter|year)\b
    |\b(?P<half>half[ ]an[ ]hour|(?:a[ ])?quarter[ ]of[ ]an[ ]hour)\b
    |\b(?:within|after|in|for|than)[ ]
        (?P<single>an?[ ](?!seconds?\b|quarter[ ]of\b|[a-z]\b)(?P<single_unit>{_UNIT}))
    """,
    re.IGNORECASE | re.VERBOSE,
)
EVERY_BEFORE = re.compile(r"\b(?:every|each|per)[ ]$", re.IGNORECASE)
MAX_PROSE = 20_000
MAX_AMOUNT = 10**17
"""Three thousand years; what is longer is no figure."""


@lru_cache(maxsize=4096)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the figures of a text in their order; both ends of a range are figures."""
    return tuple(_joined(text, list(_all(text[:MAX_PROSE]))))


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
        share = Fraction(1, 2) if "half" in part["half"].lower() else Fraction(1, 4)
        yield _duration(share, "hour", found.group(), (start, end))
    elif part["single"]:
        span = found.span("single")
        yield _duration(Fraction(1), part["single_unit"], part["single"], span)
    elif part["money"]:
        yield from _money(part["money_low"], part["money_high"], found)
    else:
        yield from _counted(text, part, found)


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
        amount = _number(number)
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


def _money(low: str | None, high: str | None, found: re.Match[str]) -> Iterator[Quantity]:
    ends = [(low or "", Part.ONLY)] if high is None else [(low or "", Part.MIN), (high, Part.MAX)]
    for number, which in ends:
        said = found.group() if high is None else number
        yield _plain(Kind.MONEY, _number(number) * 100, said, found.span(), which)


def _plain(kind: Kind, amount: Fraction, said: str, span: tuple[int, int], part: Part) -> Quantity:
    """A figure without unit; what is finer than its last place is cut to a value nobody has."""
    whole = int(amount) if amount.denominator == 1 and amount <= MAX_AMOUNT else -1
    return Quantity(kind=kind, amount=whole, text=said, start=span[0], end=span[1], part=part)


def _number(text: str) -> Fraction:
    """Return the number that digits or words say: `1,200`, `four`, `twenty-four`."""
    words = text.lower().replace("-", " ").split()
    if words[0] in NUMBER_WORDS:
        return Fraction(sum(NUMBER_WORDS[word] for word in words))
    return Fraction(text.replace(",", ""))


def _duration(
    amount: Fraction, unit: str, said: str, span: tuple[int, int],
    part: Part = Part.ONLY, *, every: bool = False,
) -> Quantity:  # fmt: skip
    name = unit.lower().replace("-", " ")
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
