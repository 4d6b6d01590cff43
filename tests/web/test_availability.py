"""People say where they are from any page; leads see who is there and how full they are."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kept import clock
from kept.records.models import Agent, WorkTerms
from kept.services import people, work
from tests.people import Cast, dana_asks, ticket_row
from tests.web.conftest import ago, signed_in_as
from tests.web.reading import words


def test_one_says_it_from_the_foot_of_the_navigation_and_stays_where_one_was(
    amira: Client, desk: Cast
) -> None:
    assert "Available" in words(amira.get("/tags"))
    answer = amira.post("/availability", {"availability": "busy", "back": "/tags"})
    assert answer["Location"] == "/tags"
    assert "Busy" in words(amira.get("/tags"))
    answer = amira.post("/availability", {"availability": "busy", "back": "https://evil.example/"})
    assert answer["Location"] == "/availability"


def test_the_preview_names_what_would_move_before_anything_does(
    amira: Client, desk: Cast, ticket: int
) -> None:
    work.assign(ticket, by=desk.bo, at=ago(4), agent=desk.amira, team="front")
    dev = people.create_agent(email="dev@kept.example", name="Dev")
    people.add_membership(dev, "small", role="agent", level="L1", team="front")

    page = words(amira.get("/availability?availability=away"))
    assert f"#{ticket} Help" in page
    assert "Dev availability: has" in page
    assert ticket_row(ticket).owner_id == desk.amira

    answer = amira.post("/availability", {"availability": "away", "reason": "dentist"})
    assert answer["Location"] == "/availability?moved=1"
    assert ticket_row(ticket).owner_id == dev
    shown = words(signed_in_as(dev).get(f"/tickets/{ticket}"))
    assert "Why Dev? Given because its owner was away" in shown
    assert "Amira, could not" not in shown  # whoever left is not weighed

    amira.post("/availability", {"availability": "available"})
    assert "Take back" in words(amira.get("/availability"))
    amira.post("/availability", {"noun": "taking-back", "ticket": str(ticket)})
    assert ticket_row(ticket).owner_id == desk.amira


def test_a_wrong_form_keeps_what_was_typed(amira: Client) -> None:
    gone = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    answer = amira.post("/availability", {"availability": "away", "until": gone, "reason": "Ann"})
    assert answer.status_code == 422
    assert 'value="Ann"' in answer.content.decode()
    assert "must lie ahead" in words(answer)
    for posted in ({"availability": "away", "until": "soon"}, {"availability": "nowhere"},
                   {"noun": "terms", "desk": "9" * 30}):  # fmt: skip
        assert amira.post("/availability", posted).status_code in {404, 422}, posted
    assert Agent.objects.get(email="amira@kept.example").availability == "available"


def test_a_lead_sees_the_desks_people_and_speaks_for_them(
    chen: Client, amira: Client, desk: Cast
) -> None:
    assert "People of Small desk" in words(chen.get("/availability"))
    assert "People of Small desk" not in words(amira.get("/availability"))
    chen.post("/availability", {"availability": "away", "agent": str(desk.amira)})
    assert Agent.objects.get(pk=desk.amira).availability == "away"
    chen.post("/availability", {"noun": "terms", "agent": str(desk.amira), "desk": str(desk.desk),
                                "most": "7", "languages": "Hindi, kn"})  # fmt: skip
    terms = WorkTerms.objects.get(agent_id=desk.amira)
    assert (terms.most_load, terms.languages) == (7, ["hindi", "kn"])
    assert amira.post(
        "/availability", {"availability": "away", "agent": str(desk.chen)}
    ).status_code == 403  # fmt: skip


def test_an_outsider_neither_sees_nor_moves_anybody(eve: Client, desk: Cast, ticket: int) -> None:
    assert "Amira" not in words(eve.get("/availability"))
    answer = eve.post("/availability", {"availability": "away", "agent": str(desk.amira)})
    missing = eve.post("/availability", {"availability": "away", "agent": "999999"})
    assert (answer.status_code, answer.content) == (missing.status_code, missing.content)
    assert answer.status_code == 404
    assert eve.post("/availability", {"noun": "stale", "desk": str(desk.desk), "hours": "1"}
                    ).status_code == 404  # fmt: skip
    assert eve.post("/availability", {"noun": "taking-back", "ticket": str(ticket)}
                    ).status_code == 404  # fmt: skip


def test_the_page_takes_as_many_queries_however_many_people_there_are(
    chen: Client, desk: Cast
) -> None:
    counts = []
    for name in ("one", "two", "three"):
        agent = people.create_agent(email=f"{name}@kept.example", name=name)
        people.add_membership(agent, "small", role="agent", team="front")
        dana_asks(at=ago(5))
        with CaptureQueriesContext(connection) as asked:
            chen.get("/availability")
        counts.append(len(asked))
    assert counts[0] == counts[-1] <= 14
