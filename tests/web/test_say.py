"""How times are said, and how the rail lays them out."""

from datetime import UTC, datetime, timedelta

import pytest

from kept.records.queries.views import ClauseStat
from kept.web import book, forms, say

NOW = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(hours=3, minutes=40), "3 h 40"),
        (timedelta(hours=3, minutes=5), "3 h 05"),
        (timedelta(hours=4), "4 h"),
        (timedelta(hours=26, minutes=30), "26 h"),
        (timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_a_duration_is_said_as_people_say_it(amount: timedelta, said: str) -> None:
    assert say.duration(amount) == said


def test_a_due_is_in_or_late() -> None:
    assert say.remaining(NOW + timedelta(minutes=12), NOW) == "in 12 min"
    assert say.remaining(NOW - timedelta(minutes=12), NOW) == "12 min late"
    assert say.countdown(NOW + timedelta(minutes=4, seconds=7), NOW) == "4:07"
    assert say.countdown(NOW - timedelta(hours=1, seconds=5), NOW) == "+1:00:05"


def test_a_moment_is_told_in_the_readers_zone() -> None:
    assert say.moment(NOW, "Europe/London", NOW) == "13:00"
    assert say.moment(NOW - timedelta(days=3), "Europe/London", NOW) == "Fri 13:00"
    assert say.exact(NOW, "Europe/London") == "Mon 2025-06-02 13:00:00 BST"


@pytest.mark.parametrize("text", ["", "-1", "NaN", "1e309", "12.345", "Infinity", "ten"])
def test_an_amount_that_is_none_is_refused(text: str) -> None:
    assert forms.minor_units(text) is None


def test_an_amount_is_whole_minor_units() -> None:
    assert forms.minor_units(" 1,250.50 ") == 125_050


def test_a_rate_comes_with_its_interval_and_nothing_without_cases() -> None:
    stat = ClauseStat(clause="c", activated=412, kept=400, missed=12, pending=0, cancelled=0)
    told = book.rate(stat)
    assert told
    assert (told.percent, told.n) == (97, 412)
    assert told.low < 97 < told.high
    assert (
        book.rate(ClauseStat(clause="c", activated=3, kept=0, missed=0, pending=3, cancelled=0))
        is None
    )


def test_a_condition_reads_as_a_sentence() -> None:
    source = '!("hand_off" in steps_done) && known(due) || level == "L2" && !verified'
    words = "hand off is not done, and due is known, or level is L2, and not verified"
    assert say.condition(source) == words
