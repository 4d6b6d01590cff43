"""Lowering a calendar: declared local hours become UTC segments (R2).

A shift list replaces a date's hours, a holiday empties it, breaks subtract. The whole of it is
integer arithmetic over the zone's transitions, so that forty years take milliseconds.
"""

import warnings
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import chain, pairwise

import holidays
import msgspec

from kept.policy.calendars import EPOCH_DAY, Calendar
from kept.policy.sop.zones import offset_at, start_of, transitions_between, zone_named
from kept.policy.words import DAY, MINUTE, SECOND, Frozen, Instant

FROM_YEAR, UNTIL_YEAR = 2005, 2045
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

Hours = tuple[int, int]
"""Local minutes of a date from 00:00; an end at or before the start lies on the next date."""
Segment = tuple[Instant, Instant]


class CalendarSpec(Frozen, frozen=True, kw_only=True):
    """A calendar as declared: hours by weekdays (`mon-fri`) and by date, as `09:00-17:00`."""

    name: str
    zone: str
    open: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    breaks: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    dates: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    country: str | None = None
    subdivision: str | None = None
    also: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """The holidays' `except`: dates of the country's list that are no holiday here."""
    from_year: int = FROM_YEAR
    until_year: int = UNTIL_YEAR


def lower_calendar(spec: CalendarSpec) -> Calendar:
    """Return the calendar; raise LookupError or ValueError where the declaration makes none.

    The same declaration gives the same object, so comparing two calendars is mostly free.
    """
    return _lowered(msgspec.json.encode(spec))


@lru_cache(maxsize=64)
def _lowered(written: bytes) -> Calendar:
    spec = msgspec.json.decode(written, type=CalendarSpec)
    wall = Wall(spec)
    closed = holidays_of(spec)
    segments: list[Segment] = []
    day_numbers: list[int] = []
    day_closes: list[Instant] = []
    for day, own in _days(spec, wall, closed):
        segments.extend(own)
        day_numbers.append(day)
        latest = max(end for _, end in own)
        day_closes.append(max(latest, day_closes[-1]) if day_closes else latest)
    merged = _merge(segments)
    return Calendar(
        name=spec.name,
        first=wall.first,
        last=wall.last,
        opens=tuple(start for start, _ in merged),
        closes=tuple(end for _, end in merged),
        open_before=_prefix_sums(merged),
        day_numbers=tuple(day_numbers),
        day_closes=tuple(day_closes),
        transitions=tuple(wall.transitions),
        offsets=tuple(wall.offsets),
        zone=spec.zone,
        holidays=tuple(sorted(closed.items())),
        source=msgspec.to_builtins(spec),
    )


def weekdays_named(written: str) -> tuple[int, ...]:
    """Return the weekdays of `mon`, `mon-fri`, `sat,sun` or `daily`; Monday is 0."""
    if written.strip().casefold() in ("daily", "every day"):
        return tuple(range(7))
    found: list[int] = []
    for part in written.casefold().split(","):
        first, _, last = (end.strip()[:3] for end in part.partition("-"))
        if first not in WEEKDAYS or (last and last not in WEEKDAYS):
            raise ValueError(f"{written!r} names no weekdays")
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last or first) - start) % 7 + 1
        found += [(start + step) % 7 for step in range(length)]
    return tuple(dict.fromkeys(found))


def hours_written(written: str) -> Hours:
    """Return the minutes of `09:00-17:00`; `24:00` is the date's end."""
    start, dash, end = written.replace("–", "-").partition("-")
    if not dash:
        raise ValueError(f"{written!r} is not a span such as 09:00-17:00")
    return _minutes(start), _minutes(end)


def holidays_of(spec: CalendarSpec) -> dict[int, str]:
    """Return the holidays by proleptic ordinal: the country's, those added, less the excluded."""
    found: dict[int, str] = {}
    if spec.country:
        years = range(spec.from_year, spec.until_year + 1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some lists end before our years do
                public = holidays.country_holidays(
                    spec.country, subdiv=spec.subdivision, years=years
                )
        except NotImplementedError as unknown:
            raise LookupError(str(unknown)) from None
        found = {day.toordinal(): name for day, name in public.items()}
    found |= {date.fromisoformat(day).toordinal(): "closed" for day in spec.also}
    for day in spec.excluded:
        found.pop(date.fromisoformat(day).toordinal(), None)
    return found


class Wall:
    """The zone's wall time over the calendar's years, as transitions and offsets."""

    def __init__(self, spec: CalendarSpec) -> None:
        zone = zone_named(spec.zone)
        self.first = start_of(date(spec.from_year, 1, 1), zone)
        self.last = start_of(date(spec.until_year + 1, 1, 1), zone)
        changes = transitions_between(self.first, self.last + 2 * DAY, zone)
        self.transitions = [self.first, *changes]
        self.offsets = [offset_at(at, zone) for at in self.transitions]
        # A wall time counts by the offset before a change until it is past both readings of
        # it: so a repeated time is its first occurrence and a missing one precedes the gap.
        self.thresholds = [
            at + max(before, after) * SECOND
            for at, (before, after) in zip(changes, pairwise(self.offsets), strict=True)
        ]
        self.missing = frozenset(self._missing_days(changes))

    def instant(self, day: int, minutes: int) -> Instant:
        """Return the instant of a wall time, `minutes` after 00:00 of a local date."""
        wall = (day - EPOCH_DAY) * DAY + minutes * MINUTE
        return wall - self.offsets[bisect_right(self.thresholds, wall)] * SECOND

    def segment(self, day: int, hours: Hours) -> Segment:
        start, end = hours
        return self.instant(day, start), self.instant(day, end + DAY_MINUTES * (end <= start))

    def _missing_days(self, changes: list[Instant]) -> Iterator[int]:
        """Yield the local dates that lie wholly inside a gap: they never existed."""
        for at, (before, after) in zip(changes, pairwise(self.offsets), strict=True):
            gap_start, gap_end = at + before * SECOND, at + after * SECOND
            first = -(-gap_start // DAY)
            yield from (day + EPOCH_DAY for day in range(first, gap_end // DAY))


def _days(
    spec: CalendarSpec, wall: Wall, closed: Mapping[int, str]
) -> Iterator[tuple[int, list[Segment]]]:
    """Yield each local date that has open time, with its segments after breaks."""
    weekly = _by_weekday(spec.open)
    breaks = _by_weekday(spec.breaks)
    listed = {
        date.fromisoformat(day).toordinal(): tuple(map(hours_written, spans))
        for day, spans in spec.dates.items()
    }
    first = date(spec.from_year, 1, 1).toordinal()
    for day in range(first, date(spec.until_year, 12, 31).toordinal() + 1):
        hours = listed.get(day, weekly[(day - 1) % 7])
        if not hours or day in closed or day in wall.missing:
            continue
        own = [wall.segment(day, span) for span in hours]
        if spec.breaks:
            own = _less(own, _breaks_near(day, breaks, wall))
        own = [(start, end) for start, end in own if start < end]
        if own:
            yield day, own


def _breaks_near(day: int, breaks: list[tuple[Hours, ...]], wall: Wall) -> list[Segment]:
    """Return the breaks of a date and its neighbours: a night's break lies on the next date."""
    near = (day - 1, day, day + 1)
    return [wall.segment(each, span) for each in near for span in breaks[(each - 1) % 7]]


def _by_weekday(declared: Mapping[str, tuple[str, ...]]) -> list[tuple[Hours, ...]]:
    found: list[tuple[Hours, ...]] = [()] * 7
    for days, spans in declared.items():
        for weekday in weekdays_named(days):
            found[weekday] += tuple(map(hours_written, spans))
    return found


def _less(segments: list[Segment], cuts: list[Segment]) -> list[Segment]:
    """Return the segments without the cuts."""
    for cut_start, cut_end in cuts:
        if cut_start < cut_end:
            segments = list(
                chain.from_iterable(
                    ((start, min(end, cut_start)), (max(start, cut_end), end))
                    for start, end in segments
                )
            )
            segments = [(start, end) for start, end in segments if start < end]
    return segments


def _merge(segments: list[Segment]) -> list[Segment]:
    """Return the segments sorted, with those that overlap or touch made one."""
    merged: list[Segment] = []
    for start, end in sorted(segments):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _prefix_sums(segments: list[Segment]) -> tuple[int, ...]:
    sums, total = [], 0
    for start, end in segments:
        sums.append(total)
        total += end - start
    return tuple(sums)


def _minutes(written: str) -> int:
    hours, colon, minutes = written.strip().partition(":")
    if not colon or not (hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        raise ValueError(f"{written.strip()!r} is not a time such as 09:00")
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > DAY_MINUTES:
        raise ValueError(f"{written.strip()!r} is no time of a day")
    return total
