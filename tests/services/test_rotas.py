"""Rotas become shifts for eight weeks, covers change them, and gaps are told before they open."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kept.records.models import Alarm, Rota, Shift
from kept.records.queries.rotas import desk_gaps, gaps_of
from kept.services import availability, people, roster_gaps, rosters, rotas, turns
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.rotas import LayerForm
from tests.people import MONDAY, Cast

FIRST = date(2025, 6, 2)


def on_call(cast: Cast, *crew: int, at: datetime = MONDAY, **more: object) -> int:
    layer = LayerForm(people=crew, starts_on=FIRST, **more)  # type: ignore[arg-type]  # by name
    return rotas.make(
        "small", by=cast.bo, at=at, name="Nights", kind="on_call", layers=(layer,),
        zone="Europe/London",
    )  # fmt: skip


def shifts() -> list[tuple[int, datetime, datetime]]:
    rows = Shift.objects.order_by("starts_at", "id")
    return [(one.agent_id, one.starts_at, one.ends_at) for one in rows]


def test_a_rota_is_planned_for_eight_weeks(cast: Cast) -> None:
    on_call(cast, cast.bo, cast.chen)
    found = shifts()
    assert found[0] == (cast.bo, MONDAY, datetime(2025, 6, 9, 8, tzinfo=UTC))
    assert [agent for agent, _, _ in found[:4]] == [cast.bo, cast.chen, cast.bo, cast.chen]
    assert found[-1][2] >= MONDAY + timedelta(weeks=8)
    before = shifts()
    turns.expand_all(at=MONDAY)
    assert shifts() == before


def test_a_night_over_the_change_of_the_clocks_is_an_hour_longer(cast: Cast) -> None:
    at = datetime(2025, 10, 20, tzinfo=UTC)
    on_call(cast, cast.bo, at=at, handover_minute=22 * 60, minutes=8 * 60, turn_days=1)
    night = next(one for one in shifts() if one[1] == datetime(2025, 10, 25, 21, tzinfo=UTC))
    assert night[2] - night[1] == timedelta(hours=9)


def test_the_past_stays_as_it_was(cast: Cast) -> None:
    number = on_call(cast, cast.bo, cast.chen)
    later = MONDAY + timedelta(days=10)
    turns.expand_all(at=later)
    rotas.end(number, by=cast.bo, at=later)
    assert shifts() == [
        (cast.bo, MONDAY, datetime(2025, 6, 9, 8, tzinfo=UTC)),
        (cast.chen, datetime(2025, 6, 9, 8, tzinfo=UTC), later),
    ]


def test_running_turns_do_not_change_from_day_to_day(cast: Cast) -> None:
    on_call(cast, cast.bo, cast.chen)
    for day in range(1, 15):
        turns.expand_all(at=MONDAY + timedelta(days=day))
    assert set(Shift.objects.values_list("sequence", flat=True)) == {0}


def test_a_cover_cuts_into_a_turn_and_gives_it_back(cast: Cast) -> None:
    on_call(cast, cast.bo, cast.chen)
    layer = Rota.objects.get().layers.get().pk
    start, end = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    before, slot = shifts(), Shift.objects.order_by("starts_at").first()
    cover = rotas.cover(
        layer, agent=cast.amira, by=cast.bo, at=MONDAY, starts_at=start, ends_at=end, reason="Ann"
    )
    assert [one[:2] for one in shifts()[:3]] == [
        (cast.bo, MONDAY), (cast.amira, start), (cast.bo, end)]  # fmt: skip
    first = Shift.objects.order_by("starts_at").first()
    assert slot is not None and first is not None
    assert (first.slot, first.sequence) == (slot.slot, 1)
    rotas.end_cover(cover, by=cast.amira, at=MONDAY)
    assert shifts() == before


def test_a_colleague_may_take_a_turn_over_but_not_push_it_on_others(cast: Cast) -> None:
    on_call(cast, cast.bo, cast.chen)
    layer = Rota.objects.get().layers.get().pk
    span = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=1)}
    rotas.cover(layer, agent=cast.amira, by=cast.amira, at=MONDAY, **span)
    with pytest.raises(NotAllowed):
        rotas.cover(layer, agent=cast.chen, by=cast.amira, at=MONDAY, **span)
    with pytest.raises(NotFound):
        rotas.cover(layer, agent=cast.eve, by=cast.eve, at=MONDAY, **span)
    with pytest.raises(NotValid):
        rotas.cover(layer, agent=cast.eve, by=cast.bo, at=MONDAY, **span)


def test_on_call_people_take_no_work_by_it(cast: Cast) -> None:
    on_call(cast, cast.bo)
    assert all(one.on_duty for one in rosters.colleagues(cast.desk, MONDAY))
    rotas.make(
        "small", by=cast.bo, at=MONDAY, name="Day", kind="duty",
        layers=(LayerForm(people=(cast.amira,), starts_on=FIRST, minutes=480),),
    )  # fmt: skip
    on_duty = {one.id for one in rosters.colleagues(cast.desk, MONDAY) if one.on_duty}
    assert on_duty == {cast.amira}


def test_a_gap_is_alarmed_before_it_opens_and_the_alarm_goes_when_it_is_filled(
    cast: Cast,
) -> None:
    assert not gaps_of(cast.bo, MONDAY)  # without a roster everybody is on duty
    on_call(cast, cast.bo, handover_minute=8 * 60, minutes=12 * 60, turn_days=1)
    night = min(gap.starts_at for gap in gaps_of(cast.bo, MONDAY) if gap.who == "lead")
    assert night == datetime(2025, 6, 2, 19, tzinfo=UTC)
    assert not gaps_of(cast.eve, MONDAY)
    roster_gaps.watch_gaps(at=MONDAY)
    told = Alarm.objects.get(key__contains=":lead:", cleared_at=None)
    assert "small.resp.first" in told.sentence

    rotas.make(
        "small", by=cast.bo, at=MONDAY, name="Late", kind="on_call",
        layers=(LayerForm(people=(cast.bo,), starts_on=FIRST - timedelta(days=1),
                          handover_minute=20 * 60, minutes=12 * 60, turn_days=1),),
    )  # fmt: skip
    roster_gaps.watch_gaps(at=MONDAY)
    assert not Alarm.objects.filter(key__startswith="gap:", cleared_at=None)


def test_a_roster_that_runs_out_is_a_gap(cast: Cast) -> None:
    people.add_shift(cast.bo, "small", starts_at=MONDAY - timedelta(days=2),
                     ends_at=MONDAY - timedelta(days=1))  # fmt: skip
    hash_ = _hash(cast)
    assert {gap.who for gap in desk_gaps("small", hash_, MONDAY)} == {"", "lead"}


def test_who_said_to_be_away_is_paged_last(cast: Cast) -> None:
    availability.say(cast.bo, by=cast.bo, at=MONDAY, availability="away")
    people_ = rosters.colleagues(cast.desk, MONDAY)
    assert cast.bo not in {one.id for one in rosters.on_duty(people_)}


def test_what_cannot_be_planned_is_refused(cast: Cast) -> None:
    on_call(cast, cast.bo)
    with pytest.raises(Conflict):
        on_call(cast, cast.bo)
    for layer in (
        LayerForm(people=(), starts_on=FIRST),
        LayerForm(people=(cast.eve,), starts_on=FIRST),
        LayerForm(people=(cast.bo,), starts_on=FIRST, minutes=1),
        LayerForm(people=(cast.bo,), starts_on=FIRST, turn_days=0),
        LayerForm(people=(cast.bo,), starts_on=FIRST, weekdays=()),
        LayerForm(people=(cast.bo,), starts_on=FIRST, holidays="maybe"),
        LayerForm(people=(cast.bo,), starts_on=date(1, 1, 1)),
    ):
        with pytest.raises(NotValid):
            rotas.add_layer(Rota.objects.get().pk, layer, by=cast.bo, at=MONDAY)
    with pytest.raises(NotAllowed):
        rotas.end(Rota.objects.get().pk, by=cast.amira, at=MONDAY)
    with pytest.raises(NotFound):
        rotas.end(Rota.objects.get().pk, by=cast.eve, at=MONDAY)


def _hash(cast: Cast) -> str:
    from kept.records.models import PolicyVersion

    return PolicyVersion.objects.get(desk_id=cast.desk, state="active").hash
