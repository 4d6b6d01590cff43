"""Calendars: which instants are open, and working-time arithmetic over them (R1-R4).

A calendar is lowered once to sorted, merged, half-open UTC segments with prefix sums, so a
due time is two binary searches. `24x7` is no calendar at all: None where one is asked for.
"""

from bisect import bisect_left, bisect_right
from datetime import date

import msgspec

from kept.policy.words import DAY, SECOND, Frozen, Instant, Micros

EPOCH_DAY = date(1970, 1, 1).toordinal()


class Calendar(Frozen, frozen=True, kw_only=True):
    """Open time from `first` to `last` (exclusive), both UTC microseconds.

    `opens[i]`..`closes[i]` are the segments; `open_before[i]` is the open time before segment i.
    Working days are local dates with open time: `day_closes[j]` is the last close of the j-th
    such date and `day_numbers[j]` its proleptic ordinal; `offsets[i]` is the zone's offset in
    seconds from `transitions[i]` on, the first of which is `first`.
    """

    name: str
    first: Instant
    last: Instant
    opens: tuple[Instant, ...]
    closes: tuple[Instant, ...]
    open_before: tuple[Micros, ...]
    day_numbers: tuple[int, ...] = ()
    day_closes: tuple[Instant, ...] = ()
    transitions: tuple[Instant, ...] = ()
    offsets: tuple[int, ...] = ()
    zone: str = "UTC"
    holidays: tuple[tuple[int, str], ...] = ()
    """(proleptic ordinal of the local date, name) of each holiday, for explanations."""
    source: dict[str, object] = msgspec.field(default_factory=dict)


def open_until(calendar: Calendar | None, at: Instant) -> Micros:
    """Return the open time from the calendar's beginning to `at`."""
    if calendar is None:
        return at
    index = bisect_right(calendar.opens, at) - 1
    if index < 0:
        return 0
    closes = calendar.closes[index]
    return calendar.open_before[index] + (at if at < closes else closes) - calendar.opens[index]


def open_between(calendar: Calendar | None, start: Instant, end: Instant) -> Micros:
    """Return the open time from `start` to `end`, 0 when `end` is not later."""
    if end <= start:
        return 0
    if calendar is None:
        return end - start
    return open_until(calendar, end) - open_until(calendar, start)


def add_open(calendar: Calendar | None, start: Instant, amount: Micros) -> Instant | None:
    """Return the earliest instant at which `amount` of open time has passed since `start` (R3).

    An amount that ends exactly at closing time ends then, not at the next opening. None when
    the calendar ends before that.
    """
    if calendar is None or amount <= 0:
        return start + max(amount, 0)
    wanted = open_until(calendar, start) + amount
    index = bisect_left(calendar.open_before, wanted) - 1
    if index < 0:
        return None
    due_at = calendar.opens[index] + wanted - calendar.open_before[index]
    return due_at if due_at <= calendar.closes[index] else None


def local_day(calendar: Calendar | None, at: Instant) -> int:
    """Return the proleptic ordinal of the local date of an instant."""
    if calendar is None:
        return at // DAY + EPOCH_DAY
    index = max(bisect_right(calendar.transitions, at) - 1, 0)
    offset = calendar.offsets[index] if calendar.offsets else 0
    return (at + offset * SECOND) // DAY + EPOCH_DAY


def add_working_days(calendar: Calendar, start: Instant, days: int) -> Instant | None:
    """Return the last close of the `days`-th later local date with open time (R4)."""
    return resume_working_days(calendar, local_day(calendar, start), at=start, days=days)


def resume_working_days(
    calendar: Calendar, day_zero: int, *, at: Instant, days: int
) -> Instant | None:
    """Return the due when `days` working days after `day_zero` are still to pass from `at` on."""
    if days <= 0:
        return at
    first = max(
        bisect_right(calendar.day_numbers, day_zero), bisect_right(calendar.day_closes, at)
    )
    index = first + days - 1
    return calendar.day_closes[index] if index < len(calendar.day_closes) else None


def working_days_between(
    calendar: Calendar, day_zero: int, *, start: Instant, end: Instant
) -> int:
    """Return how many days after `day_zero` closed in (start, end]: those are consumed (R4)."""
    first = max(
        bisect_right(calendar.day_numbers, day_zero), bisect_right(calendar.day_closes, start)
    )
    return max(bisect_right(calendar.day_closes, end) - first, 0)


def add_months(calendar: Calendar | None, start: Instant, months: int) -> Instant:
    """Return the same wall time so many months on; a day the month lacks becomes its last."""
    begun = date.fromordinal(local_day(calendar, start))
    year, month = divmod(begun.year * 12 + begun.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    day = min(begun.day, (following.toordinal() - date(year, month + 1, 1).toordinal()))
    moved = date(year, month + 1, day).toordinal() - begun.toordinal()
    due_at = start + moved * DAY
    return due_at + (_offset(calendar, start) - _offset(calendar, due_at)) * SECOND


def is_open(calendar: Calendar | None, at: Instant) -> bool:
    """Say whether an instant lies inside open time; a segment's end does not."""
    if calendar is None:
        return True
    index = bisect_right(calendar.opens, at) - 1
    return index >= 0 and at < calendar.closes[index]


def holidays_between(
    calendar: Calendar | None, start: Instant, end: Instant
) -> tuple[tuple[int, str], ...]:
    """Return the holidays whose local date lies from the start's to the end's."""
    if calendar is None:
        return ()
    first, last = local_day(calendar, start), local_day(calendar, end)
    return tuple(each for each in calendar.holidays if first <= each[0] <= last)


def _offset(calendar: Calendar | None, at: Instant) -> int:
    if calendar is None or not calendar.offsets:
        return 0
    return calendar.offsets[max(bisect_right(calendar.transitions, at) - 1, 0)]
