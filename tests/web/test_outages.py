"""A lead declares an outage on a page, everybody of the desk sees it, and a lead ends it."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kept import clock
from kept.records.models import Outage
from kept.services import outages
from tests.people import Cast, dana_asks
from tests.web.conftest import ago
from tests.web.reading import words

PAYMENTS = {"desk": "small", "name": "Card payments", "notice": "Cards are refused since nine."}


def test_a_lead_declares_one_and_ends_it(chen: Client, amira: Client, ticket: int) -> None:
    assert chen.post("/outages", PAYMENTS).status_code == 302

    assert "Outage on Small desk : Card payments" in words(amira.get("/"))
    assert "Outage on Small desk" in words(amira.get("/outbox"))
    outages.tell_tickets(at=clock.now())
    page = words(amira.get("/outages"))
    assert "Cards are refused since nine." in page
    assert "1 tied" in page
    assert "It is over" not in page
    number = Outage.objects.get().pk
    assert chen.post(f"/outages/{number}/ending").status_code == 302
    assert "Outage on Small desk" not in words(amira.get("/"))
    assert "over" in words(chen.get("/outages"))


def test_an_agent_unties_a_ticket(chen: Client, amira: Client, ticket: int) -> None:
    chen.post("/outages", PAYMENTS)
    outages.tell_tickets(at=clock.now())
    assert "It has nothing to do with it" in words(amira.get(f"/tickets/{ticket}"))

    assert amira.post(f"/tickets/{ticket}/outage-ties").status_code == 302

    assert "It has nothing to do with it" not in words(amira.get(f"/tickets/{ticket}"))
    assert "0 tied, 1 untied" in words(amira.get("/outages"))


def test_what_cannot_be_is_said(chen: Client, amira: Client, desk: Cast) -> None:
    assert amira.post("/outages", PAYMENTS).status_code == 403
    assert chen.post("/outages", {**PAYMENTS, "name": " "}).status_code == 422
    assert chen.post("/outages", {"name": "x"}).status_code == 422
    assert chen.post("/outages", PAYMENTS).status_code == 302
    again = chen.post("/outages", PAYMENTS)
    assert again.status_code == 409
    assert "end it first" in words(again)


def test_the_page_takes_as_many_queries_however_many_contacts_there_are(
    chen: Client, desk: Cast
) -> None:
    chen.post("/outages", PAYMENTS)
    counts = []
    for _ in range(2):
        dana_asks(at=ago(5))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            chen.get("/outages")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 6
