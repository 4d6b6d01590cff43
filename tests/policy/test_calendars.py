"""Working time against a count of minutes, in zones that make it hard."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.policy.calendars import (
    Calendar,
    add_months,
    add_open,
    add_working_days,
    is_open,
    local_day,
    open_between,
)
from kept.policy.sop.calendar import CalendarSpec, hours_written, lower_calendar, weekdays_named
from kept.policy.sop.zones import EPOCH, instant_of, local_time, start_of, zone_named
from kept.policy.words import DAY, HOUR, MINUTE, SECOND, Instant

ZONES = (
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Casablanca",
)
WEEKS = (
    {"mon-fri": ("09:00-17:00",)},
    {"mon-sun": ("22:00-06:00",)},
    {"mon-sat": ("00:30-02:30", "23:00-24:00")},
    {"mon,wed,fri": ("08:00-12:00", "11:00-18:00"), "sun": ("20:00-04:30",)},
)
BREAKS = ({}, {"mon-sun": ("12:30-13:00",)}, {"daily": ("01:00-02:00",)})


def calendar(zone: str, week: dict[str, tuple[str, ...]], **more: object) -> Calendar:
    span = {"from_year": 2017, "until_year": 2018} | more
    return lower_calendar(CalendarSpec(name="c", zone=zone, open=week, **span))  # type: ignore[arg-type]  # given by name


def utc(written: str) -> Instant:
    return instant_of(datetime.fromisoformat(written), zone_named("UTC"))


def at(written: str, zone: str) -> Instant:
    return instant_of(datetime.fromisoformat(written), zone_named(zone))


def segments(one: Calendar) -> list[tuple[str, str]]:
    return [
        tuple((EPOCH + timedelta(microseconds=end)).strftime("%d %H:%M") for end in span)  # type: ignore[misc]  # two ends
        for span in zip(one.opens, one.closes, strict=True)
    ]


def open_minutes(spec: CalendarSpec) -> set[Instant]:
    """Every open minute, counted from each local date's hours with the standard library."""
    zone = zone_named(spec.zone)
    found: set[Instant] = set()
    cut: set[Instant] = set()
    day = date(spec.from_year, 1, 1)
    while day.year <= spec.until_year:
        for spans, into in ((spec.open, found), (spec.breaks, cut)):
            for days, hours in spans.items():
                if day.weekday() in weekdays_named(days):
                    for span in hours:
                        into |= _minutes(day, hours_written(span), zone)
        day += timedelta(days=1)
    return found - cut


def _minutes(day: date, span: tuple[int, int], zone: object) -> set[Instant]:
    start, end = span
    end += 1440 * (end <= start)
    midnight = datetime.combine(day, time.min)
    first = instant_of(midnight + timedelta(minutes=start), zone)  # type: ignore[arg-type]  # a zone
    last = instant_of(midnight + timedelta(minutes=end), zone)  # type: ignore[arg-type]  # a zone
    return set(range(first, last, MINUTE))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("week", range(len(WEEKS)))
def test_every_open_minute_of_two_years_is_open_and_no_other(zone: str, week: int) -> None:
    breaks = BREAKS[week % len(BREAKS)]
    spec = CalendarSpec(
        name="c", zone=zone, open=WEEKS[week], breaks=breaks, from_year=2018, until_year=2018
    )
    lowered = lower_calendar(spec)
    counted = open_minutes(spec)
    told = {
        minute
        for start, end in zip(lowered.opens, lowered.closes, strict=True)
        for minute in range(start, end, MINUTE)
    }
    assert told == counted
    assert all(
        end < start
        for (_, end), (start, _) in pairwise(zip(lowered.opens, lowered.closes, strict=True))
    )


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    week=st.integers(0, len(WEEKS) - 1),
    start=st.integers(0, 300 * 24 * 60),
    amount=st.integers(0, 90 * 60),
)
def test_due_is_the_earliest_instant_with_that_much_open_time(
    zone: str, week: int, start: int, amount: int
) -> None:
    one = CACHE.setdefault((zone, week), calendar(zone, WEEKS[week]))
    begin = utc("2017-02-01T00:00") + start * MINUTE + 17 * SECOND
    due_at = add_open(one, begin, amount * MINUTE)
    assert due_at is not None
    assert open_between(one, begin, due_at) == amount * MINUTE
    assert due_at == begin or open_between(one, begin, due_at - 1) == amount * MINUTE - 1


CACHE: dict[tuple[str, int], Calendar] = {}


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    start=st.integers(0, 200 * 24 * 60),
    first=st.integers(0, 5000),
    second=st.integers(0, 5000),
)
def test_open_time_adds_up(zone: str, start: int, first: int, second: int) -> None:
    one = CACHE.setdefault((zone, 0), calendar(zone, WEEKS[0]))
    begin = utc("2017-03-01T00:00") + start * MINUTE
    once = add_open(one, begin, (first + second) * MINUTE)
    halfway = add_open(one, begin, first * MINUTE)
    assert halfway is not None
    assert add_open(one, halfway, second * MINUTE) == once


def test_a_gap_takes_the_offset_before_it_and_a_repeated_time_is_its_first() -> None:
    spring = calendar(
        "America/New_York",
        {},
        dates={"2025-03-09": ("02:30-05:00",)},
        from_year=2025,
        until_year=2025,
    )
    assert segments(spring) == [("09 07:30", "09 09:00")]
    autumn = {"2025-11-02": ("00:00-01:30",)}
    early = calendar("America/New_York", {}, dates=autumn, from_year=2025, until_year=2025)
    assert segments(early) == [("02 04:00", "02 05:30")]
    late = calendar(
        "America/New_York",
        {},
        dates={"2025-11-02": ("01:30-04:00",)},
        from_year=2025,
        until_year=2025,
    )
    assert segments(late) == [("02 05:30", "02 09:00")]


def test_a_night_belongs_to_the_date_it_begins_on() -> None:
    night = calendar("UTC", {"fri": ("22:00-06:00",)}, from_year=2025, until_year=2025)
    friday = utc("2025-06-06T10:00")
    assert add_working_days(night, friday - DAY, 1) == utc("2025-06-07T06:00")
    assert add_working_days(night, friday, 1) == utc("2025-06-14T06:00")


def test_a_break_of_the_small_hours_interrupts_the_night_before() -> None:
    night = calendar(
        "UTC",
        {"mon-sun": ("22:00-06:00",)},
        breaks={"daily": ("02:00-02:30",)},
        from_year=2025,
        until_year=2025,
    )
    assert not is_open(night, utc("2025-06-07T02:10"))
    assert (
        open_between(night, utc("2025-06-06T22:00"), utc("2025-06-07T06:00"))
        == 8 * HOUR - 30 * MINUTE
    )


def test_a_date_that_never_was_has_no_hours() -> None:
    apia = calendar("Pacific/Apia", {"mon-sun": ("09:00-17:00",)}, from_year=2011, until_year=2012)
    days = [date.fromordinal(day).isoformat() for day in apia.day_numbers]
    assert "2011-12-29" in days and "2011-12-31" in days and "2011-12-30" not in days


def test_a_date_without_midnight_still_begins() -> None:
    zone = zone_named("America/Sao_Paulo")
    begin = start_of(date(2018, 11, 4), zone)
    assert local_time(begin, zone).isoformat() == "2018-11-04T01:00:00-02:00"


def test_listed_hours_replace_a_dates_own_and_a_holiday_empties_it() -> None:
    one = calendar(
        "Europe/London",
        {"mon-fri": ("09:00-17:00",)},
        from_year=2025,
        until_year=2025,
        country="GB",
        subdivision="ENG",
        also=("2025-06-04",),
        excluded=("2025-12-26",),
        dates={"2025-06-03": ("10:00-11:00",), "2025-06-07": ("12:00-13:00",)},
    )
    day = {date.fromordinal(number).isoformat() for number in one.day_numbers}
    assert "2025-06-04" not in day and "2025-12-25" not in day
    assert {"2025-06-07", "2025-12-26"} <= day
    assert (
        open_between(
            one, at("2025-06-03T00:00", "Europe/London"), at("2025-06-04T00:00", "Europe/London")
        )
        == HOUR
    )
    assert dict(one.holidays)[date(2025, 12, 25).toordinal()] == "Christmas Day"


def test_reversed_after_the_change_of_clocks_is_empty() -> None:
    one = calendar(
        "America/New_York",
        {},
        dates={"2025-03-09": ("02:30-03:10",)},
        from_year=2025,
        until_year=2025,
    )
    assert segments(one) == []
    assert add_open(one, utc("2025-03-01T00:00"), HOUR) is None


def test_a_due_no_calendar_can_meet_is_none() -> None:
    one = calendar("UTC", {"mon-fri": ("09:00-17:00",)})
    assert add_open(one, utc("2018-12-31T16:30"), HOUR) is None


def test_months_keep_the_wall_time_and_end_with_a_short_month() -> None:
    london = calendar("Europe/London", {"mon-fri": ("09:00-17:00",)})
    begin = at("2018-01-31T09:00", "Europe/London")
    assert add_months(london, begin, 1) == at("2018-02-28T09:00", "Europe/London")
    assert add_months(london, begin, 6) == at("2018-07-31T09:00", "Europe/London")
    assert add_months(None, utc("2018-11-30T10:00"), 3) == utc("2019-02-28T10:00")


def test_a_local_date_follows_the_zone() -> None:
    kolkata = calendar("Asia/Kolkata", {"mon-fri": ("09:00-17:00",)})
    assert local_day(kolkata, utc("2018-05-01T20:00")) == date(2018, 5, 2).toordinal()
    assert local_day(None, utc("2018-05-01T20:00")) == date(2018, 5, 1).toordinal()


@pytest.mark.parametrize("written", ["9-17", "25:00-26:00", "09:60-10:00", "09:00"])
def test_hours_that_are_none_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"not a|no time"):
        hours_written(written)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "", "Europe"])
def test_an_unknown_zone_is_a_lookup_error(name: str) -> None:
    with pytest.raises(LookupError):
        zone_named(name)


def test_now_is_nowhere_in_a_zone() -> None:
    assert datetime.fromtimestamp(0, UTC) == EPOCH
