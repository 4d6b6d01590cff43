"""Turns by local days, and where a duty has nobody."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from kept.policy import compile_sop
from kept.policy.rota import Layer, duties, gaps, turns
from tests.sop import SMALL

MONDAY = date(2025, 6, 2).toordinal()
SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], sum(pair)))
)


def test_a_week_round_the_clock_is_one_turn_and_the_next_person_follows() -> None:
    layer = Layer(people=(7, 8), starts_on=MONDAY)
    found = turns(layer, first=MONDAY, last=MONDAY + 14)
    assert [(t.agent, t.day - MONDAY, t.last - MONDAY, t.until) for t in found] == [
        (7, 0, 7, 540), (8, 7, 14, 540),
    ]  # fmt: skip


def test_nights_are_a_turn_each_and_end_on_the_next_day() -> None:
    layer = Layer(people=(7,), starts_on=MONDAY, handover=22 * 60, minutes=8 * 60)
    first = turns(layer, first=MONDAY, last=MONDAY + 3)[0]
    assert (first.day, first.last, first.until) == (MONDAY, MONDAY + 1, 6 * 60)


def test_a_plan_seen_from_the_middle_of_a_turn_is_the_same_plan() -> None:
    layer = Layer(people=(1, 2, 3), starts_on=MONDAY)
    whole = turns(layer, first=MONDAY, last=MONDAY + 42)
    for day in range(1, 30):
        later = turns(layer, first=MONDAY + day, last=MONDAY + 42)
        assert set(later) <= set(whole)


def test_holidays_and_weekdays_are_kept() -> None:
    office = Layer(people=(1,), starts_on=MONDAY, minutes=480, weekdays=(0, 1, 2, 3, 4),
                   holidays="rest")  # fmt: skip
    stand_in = Layer(people=(2,), starts_on=MONDAY, minutes=480, holidays="only")
    free = {MONDAY + 2}
    days = [t.day - MONDAY for t in turns(office, first=MONDAY, last=MONDAY + 7, holidays=free)]
    assert days == [0, 1, 3, 4]
    days = [t.day - MONDAY for t in turns(stand_in, first=MONDAY, last=MONDAY + 7, holidays=free)]
    assert days == [2]


def test_nothing_begins_before_the_first_day() -> None:
    layer = Layer(people=(1,), starts_on=MONDAY + 10)
    assert turns(layer, first=MONDAY, last=MONDAY + 10) == ()
    assert turns(layer, first=MONDAY, last=MONDAY + 12)[0].day == MONDAY + 10


@given(SPANS, SPANS)
def test_gaps_are_exactly_what_is_needed_and_not_held(
    needed: list[tuple[int, int]], held: list[tuple[int, int]]
) -> None:
    def minutes(spans: list[tuple[int, int]]) -> set[int]:
        return {minute for start, end in spans for minute in range(start, end)}

    assert minutes(list(gaps(needed, held))) == minutes(needed) - minutes(held)


def test_whom_the_handbook_pages_must_be_there_at_all_hours() -> None:
    policy = compile_sop(SMALL).policy
    assert policy is not None
    found = {(duty.who, duty.calendar, duty.clause) for duty in duties(policy)}
    assert ("lead", "24x7", "small.resp.first") in found
    assert ("", "24x7", "small.resp.first") in found
