"""Who is there, who gets the work, and what becomes of work whose owner is not there."""

from datetime import timedelta

import pytest

from kept.records.models import Agent, Journal, MovedTicket, Notification, RoutingChoice
from kept.services import availability, endings, people, reassigning, work
from kept.services.errors import NotAllowed, NotFound, NotValid
from tests.people import MONDAY, Cast, dana_asks, ticket_row

SOON = MONDAY + timedelta(minutes=5)
EVENING = MONDAY + timedelta(hours=8)


@pytest.fixture
def dev(cast: Cast) -> int:
    """Dev answers in the front team, too."""
    agent = people.create_agent(email="dev@kept.example", name="Dev")
    people.add_membership(agent, "small", role="agent", level="L1", team="front")
    return agent


def amiras(cast: Cast) -> int:
    number = dana_asks(severity="P1")
    work.assign(number, by=cast.bo, at=MONDAY, agent=cast.amira, team="front")
    return number


def test_whoever_goes_away_hands_on_what_falls_due_before_the_return(cast: Cast, dev: int) -> None:
    number = amiras(cast)
    moved = availability.say(
        cast.amira, by=cast.amira, at=SOON, availability="away", until=EVENING, reason="dentist"
    )
    assert moved == 1
    assert ticket_row(number).owner_id == dev
    fact = Journal.objects.filter(ticket_id=number).latest("seq").fact
    assert fact["fields"]["why_assigned"][:2] == ["owner away", "availability: has"]
    assert "dentist" not in str(list(Journal.objects.values_list("fact", flat=True)))
    told = set(Notification.objects.filter(ticket_id=number).values_list("agent_id", flat=True))
    assert {cast.amira, dev} <= told


def test_what_falls_due_after_the_return_stays(cast: Cast, dev: int) -> None:
    number = amiras(cast)
    soon_back = MONDAY + timedelta(minutes=20)
    assert not availability.say(
        cast.amira, by=cast.amira, at=SOON, availability="away", until=soon_back
    )
    assert ticket_row(number).owner_id == cast.amira


def test_a_deputy_comes_before_the_routing(cast: Cast, dev: int) -> None:
    number = amiras(cast)
    availability.set_terms(
        cast.amira, cast.desk, by=cast.bo, most_load=None, languages=(), deputy=cast.chen
    )
    availability.say(cast.amira, by=cast.amira, at=SOON, availability="away")
    assert ticket_row(number).owner_id == cast.chen
    assert RoutingChoice.objects.get(ticket_id=number, why="away").chosen_id == cast.chen


def test_with_nobody_there_the_team_has_it_and_hears_of_it(cast: Cast) -> None:
    number = amiras(cast)
    availability.say(cast.amira, by=cast.amira, at=SOON, availability="away")
    row = ticket_row(number)
    assert (row.owner_id, row.team) == (None, "front")
    assert Notification.objects.filter(ticket_id=number, about__contains="without an owner")


def test_whoever_is_back_may_take_them_back(cast: Cast, dev: int) -> None:
    number = amiras(cast)
    availability.say(cast.amira, by=cast.amira, at=SOON, availability="away", until=EVENING)
    availability.come_back(at=EVENING - timedelta(seconds=1))
    assert Agent.objects.get(pk=cast.amira).availability == "away"
    availability.come_back(at=EVENING)
    assert Agent.objects.get(pk=cast.amira).availability == "available"
    assert Notification.objects.filter(agent_id=cast.amira, about__contains="can be taken back")
    with pytest.raises(NotFound):
        reassigning.take_back(number, by=dev, at=EVENING)
    reassigning.take_back(number, by=cast.amira, at=EVENING)
    assert ticket_row(number).owner_id == cast.amira
    assert not MovedTicket.objects.filter(ended_at=None)
    with pytest.raises(NotFound):
        reassigning.take_back(number, by=cast.amira, at=EVENING)


def test_the_preview_says_what_would_move_and_moves_nothing(cast: Cast, dev: int) -> None:
    number = amiras(cast)
    would = reassigning.preview(cast.amira, until=EVENING, at=SOON)
    assert [(one.ticket, one.to) for one in would] == [(number, dev)]
    assert ticket_row(number).owner_id == cast.amira


def test_work_goes_past_whoever_is_busy_away_or_full_and_says_why(cast: Cast, dev: int) -> None:
    availability.say(cast.amira, by=cast.amira, at=MONDAY, availability="busy")
    first = dana_asks("There is an outage.")
    assert ticket_row(first).owner_id == dev
    weighed = {one["agent"]: one for one in RoutingChoice.objects.get(ticket_id=first).weighed}
    assert ["availability", "busy"] in weighed[cast.amira]["reasons"]
    assert not weighed[cast.amira]["fits"]

    availability.say(cast.amira, by=cast.amira, at=MONDAY, availability="available")
    availability.set_terms(dev, cast.desk, by=dev, most_load=1, languages=(), deputy=None)
    second = dana_asks("There is an outage again.")
    assert ticket_row(second).owner_id == cast.amira
    weighed = {one["agent"]: one for one in RoutingChoice.objects.get(ticket_id=second).weighed}
    assert ["workload", "full"] in weighed[dev]["reasons"]


def test_severe_tickets_weigh_more(cast: Cast, dev: int) -> None:
    work.assign(dana_asks(severity="P1"), by=cast.bo, at=MONDAY, agent=cast.amira)
    work.assign(dana_asks(severity="P2"), by=cast.bo, at=MONDAY, agent=dev)
    number = dana_asks("There is an outage.")
    weighed = {one["agent"]: one for one in RoutingChoice.objects.get(ticket_id=number).weighed}
    assert dict(weighed[cast.amira]["reasons"])["workload"] == "2"
    assert dict(weighed[dev]["reasons"])["workload"] == "1"
    assert ticket_row(number).owner_id == dev


def test_equals_take_turns(cast: Cast, dev: int) -> None:
    owners = []
    for minute in range(4):
        number = dana_asks("There is an outage.", at=MONDAY + timedelta(minutes=minute))
        owners.append(ticket_row(number).owner_id)
        endings.mark_spam(number, by=cast.bo, at=MONDAY + timedelta(minutes=minute))
    assert owners == [cast.amira, dev, cast.amira, dev]


def test_stale_work_goes_back_to_the_team_with_a_notice(cast: Cast) -> None:
    number = amiras(cast)
    late = MONDAY + timedelta(minutes=61)
    assert not reassigning.take_stale(at=late)
    availability.set_stale(cast.desk, 60, by=cast.bo)
    assert not reassigning.take_stale(at=MONDAY + timedelta(minutes=59))
    assert reassigning.take_stale(at=late) == 1
    row = ticket_row(number)
    assert (row.owner_id, row.team) == (None, "front")
    assert Notification.objects.filter(agent_id=cast.amira, about__contains="taken back")
    assert not reassigning.take_stale(at=late + timedelta(hours=1))


def test_a_sign_of_life_keeps_the_work(cast: Cast) -> None:
    number = amiras(cast)
    availability.set_stale(cast.desk, 60, by=cast.bo)
    work.attempt_failed(number, by=cast.amira, at=MONDAY + timedelta(minutes=30))
    assert not reassigning.take_stale(at=MONDAY + timedelta(minutes=61))
    assert ticket_row(number).owner_id == cast.amira


def test_only_oneself_and_a_lead_of_a_shared_desk_say_it(cast: Cast) -> None:
    with pytest.raises(NotFound):
        availability.say(cast.amira, by=cast.eve, at=MONDAY, availability="away")
    with pytest.raises(NotAllowed):
        availability.say(cast.chen, by=cast.amira, at=MONDAY, availability="away")
    availability.say(cast.amira, by=cast.bo, at=MONDAY, availability="away")
    with pytest.raises(NotValid):
        availability.say(cast.amira, by=cast.amira, at=MONDAY, availability="gone")
    with pytest.raises(NotValid):
        availability.say(cast.amira, by=cast.amira, at=MONDAY, availability="away", until=MONDAY)
    with pytest.raises(NotAllowed):
        availability.set_stale(cast.desk, 60, by=cast.amira)
    with pytest.raises(NotFound):
        availability.set_terms(
            cast.amira, cast.desk, by=cast.amira, most_load=1, languages=(), deputy=cast.eve
        )


def test_whoever_leaves_twice_or_is_away_when_work_comes_is_asked_again(
    cast: Cast, dev: int
) -> None:
    availability.say(cast.amira, by=cast.amira, at=MONDAY, availability="away")
    number = amiras(cast)
    assert reassigning.hand_on_all(at=SOON) == 1
    assert ticket_row(number).owner_id == dev
    assert reassigning.hand_on_all(at=SOON) == 0
