"""Civil dates: what a day, a month and a year mean where a clause counts in them.

Day 0 is the date itself; a period's last day ends at 24:00 local time.
"""

from __future__ import annotations

from datetime import date, timedelta

from kept.policy.rules import Target, TargetUnit
from kept.policy.sop.zones import local_time, start_of, zone_named
from kept.policy.words import DAY, Instant


def date_of(at: Instant, zone: str) -> date:
    """Return the local date of an instant."""
    return local_time(at, zone_named(zone)).date()


def begins_at(day: date, zone: str) -> Instant:
    """Return the first instant of a local date."""
    return start_of(day, zone_named(zone))


def add_period(day: date, lasts: Target, *, rounding: str = "up", times: int = 1) -> date:
    """Return the date a period later; a day its month lacks rounds up to the next, or down."""
    amount = lasts.amount * times
    match lasts.unit:
        case TargetUnit.TIME | TargetUnit.WORKING_DAYS:
            days = amount if lasts.unit is TargetUnit.WORKING_DAYS else amount // DAY
            return day + timedelta(days=days)
        case TargetUnit.MONTHS:
            return _add_months(day, amount, rounding)
        case TargetUnit.YEARS:
            return _add_months(day, 12 * amount, rounding)


def _add_months(day: date, months: int, rounding: str) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = following - timedelta(days=1)
    if day.day <= last.day:
        return last.replace(day=day.day)
    return following if rounding == "up" else last
