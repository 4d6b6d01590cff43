"""A page reaches who is on call, climbs while nobody answers, falls silent when one does."""

from datetime import date, timedelta

import pytest

from kept.records.models import Alarm, Notification, Page, PageTry
from kept.records.queries.pages import pages_of
from kept.services import availability, clocks, endings, notices, paging, rotas, work
from kept.services.errors import NotFound, NotValid
from kept.services.rotas import LayerForm
from tests.people import MONDAY, Cast, dana_asks

MISSED = MONDAY + timedelta(hours=1)
LATER = timedelta(minutes=10)


def missed() -> int:
    """Dana's request that nobody answered within the hour: the SOP pages a lead."""
    number = dana_asks()
    clocks.fire_due(at=MISSED)
    return number


def called() -> list[tuple[int, str]]:
    return [(one.agent_id, one.rung_name) for one in PageTry.objects.order_by("rung", "id")]


def test_it_climbs_from_the_lead_to_the_manager_and_then_says_so(cast: Cast) -> None:
    number = missed()
    assert called() == [(cast.bo, "on duty")]
    assert paging.climb_due(at=MISSED + LATER - timedelta(seconds=1)) == 0
    assert paging.climb_due(at=MISSED + LATER) == 1
    assert called()[1:] == [(cast.chen, "manager")]
    told = Notification.objects.get(agent_id=cast.chen, ticket_id=number, page__gt="")
    assert "nobody answered before you" in told.about
    assert paging.climb_due(at=MISSED + 2 * LATER) == 0
    assert "Nobody acknowledged" in Alarm.objects.get(key__startswith="page:").sentence
    assert paging.climb_due(at=MISSED + 9 * LATER) == 0


def test_whoever_is_on_call_is_called_before_the_others_of_the_role(cast: Cast) -> None:
    from kept.services import people

    fay = people.create_agent(email="fay@kept.example", name="Fay")
    people.add_membership(fay, "small", role="lead", level="L2")
    rotas.make(
        "small", by=cast.bo, at=MONDAY, name="Leads", kind="on_call",
        layers=(LayerForm(people=(fay,), starts_on=date(2025, 6, 1)),
                LayerForm(rung=2, people=(cast.amira,), starts_on=date(2025, 6, 1))),
    )  # fmt: skip
    missed()
    assert called() == [(fay, "on call")]
    paging.climb_due(at=MISSED + LATER)
    assert called()[1:] == [(cast.amira, "layer 2")]
    paging.climb_due(at=MISSED + 2 * LATER)
    assert called()[2:] == [(cast.bo, "lead")]


def test_a_deputy_stands_in(cast: Cast) -> None:
    availability.set_terms(
        cast.bo, cast.desk, by=cast.bo, most_load=None, languages=(), deputy=cast.amira
    )
    missed()
    paging.climb_due(at=MISSED + LATER)
    assert called()[1:] == [(cast.amira, "deputy")]


def test_one_answer_silences_it_for_everybody(cast: Cast) -> None:
    number = missed()
    paging.climb_due(at=MISSED + LATER)
    page = Page.objects.get()
    with pytest.raises(NotFound):
        paging.acknowledge(page.pk, by=cast.amira, at=MISSED)
    with pytest.raises(NotFound):
        paging.acknowledge(page.pk, by=cast.eve, at=MISSED)
    paging.acknowledge(page.pk, by=cast.chen, at=MISSED + LATER)
    assert not Notification.objects.filter(acknowledged_at=None).exclude(page="").exists()
    seen = pages_of(cast.amira, ticket=number)[0]
    assert (seen.acknowledged_by, seen.is_mine) == ("Chen", False)
    assert paging.climb_due(at=MISSED + 5 * LATER) == 0
    clocks.fire_due(at=MISSED + 5 * LATER)
    assert not Notification.objects.filter(page=page.key, acknowledged_at=None).exists()


def test_taking_the_ticket_on_or_the_notice_answers_it(cast: Cast) -> None:
    number = missed()
    work.accept(number, by=cast.bo, at=MISSED)
    assert Page.objects.get().acknowledged_by_id == cast.bo
    other = dana_asks(at=MISSED)
    clocks.fire_due(at=MISSED + timedelta(hours=1))
    notice = Notification.objects.get(ticket_id=other, agent_id=cast.bo, page__gt="")
    notices.acknowledge(notice.pk, by=cast.bo, at=MISSED + timedelta(hours=1))
    assert Page.objects.get(ticket_id=other).acknowledged_by_id == cast.bo


def test_after_a_downtime_one_rung_is_called_not_all(cast: Cast) -> None:
    availability.set_terms(
        cast.bo, cast.desk, by=cast.bo, most_load=None, languages=(), deputy=cast.amira
    )
    missed()
    assert paging.climb_due(at=MISSED + timedelta(hours=6)) == 1
    assert called()[1:] == [(cast.chen, "manager")]
    assert Notification.objects.get(agent_id=cast.chen, page__gt="").late
    assert paging.climb_due(at=MISSED + timedelta(hours=6, minutes=1)) == 0


def test_a_settled_ticket_calls_nobody_else(cast: Cast) -> None:
    number = missed()
    endings.mark_spam(number, by=cast.amira, at=MISSED)
    assert paging.climb_due(at=MISSED + LATER) == 0
    assert called() == [(cast.bo, "on duty")]


def test_a_telephone_call_is_noted_by_a_person_or_by_the_adapter(cast: Cast) -> None:
    missed()
    number = PageTry.objects.get().pk
    paging.note_call(number, by=cast.amira, at=MISSED, result="no_answer")
    paging.note_call(number, by=None, at=MISSED, result="reached")
    assert PageTry.objects.get().call_result == "reached"
    with pytest.raises(NotFound):
        paging.note_call(number, by=cast.eve, at=MISSED, result="reached")
    with pytest.raises(NotValid):
        paging.note_call(number, by=cast.amira, at=MISSED, result="maybe")


def test_the_mail_leads_to_where_it_is_acknowledged(cast: Cast) -> None:
    from kept.records.models import Outbox

    missed()
    notices.mail_notices(at=MISSED)
    mail = Outbox.objects.filter(kind="notice", payload__text__icontains="/pages/").first()
    assert mail is not None
    assert f"/pages/{Page.objects.get().pk}" in mail.payload["text"]
