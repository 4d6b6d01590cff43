"""Clauses with their figures, measures, search, the machine's own metrics."""

from datetime import timedelta

import pytest
from django.test import Client

from kept import clock
from kept.services import articles, clocks, conversation
from kept.services.article_wording import Wording
from tests.api.conftest import Program, new_ticket
from tests.people import MONDAY, Cast, dana_asks


@pytest.fixture
def history(desk: Cast) -> None:
    """One first answer in time, one too late, one still open."""
    at = clock.now() - timedelta(hours=5)
    for minutes in (30, 90):
        number = dana_asks(at=at)
        clocks.fire_due(at=at + timedelta(minutes=minutes))
        conversation.reply(number, by=desk.amira, at=at + timedelta(minutes=minutes), text="Yes.")
    dana_asks(at=clock.now() - timedelta(minutes=1))


def test_each_clause_counts_what_it_made_the_desk_owe(agent: Program, history: None) -> None:
    told = agent.get("/compliance?desk=small").json()
    first = next(each for each in told["clauses"] if each["clause"] == "small.resp.first")
    counts = [first[name] for name in ("activated", "kept", "missed", "pending", "unknown")]
    assert counts == [3, 1, 1, 1, 0]
    assert first["rate"] == 0.5
    assert 0.09 < first["low"] < 0.1
    assert 0.9 < first["high"] < 0.91


def test_a_span_counts_what_started_in_it(agent: Program, history: None) -> None:
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    assert agent.get(f"/compliance?desk=small&from={day}").json()["clauses"] == []
    assert agent.get(f"/compliance?desk=small&to={day}").json()["clauses"]
    assert agent.get("/compliance?desk=small&from=2026-02-30").status_code == 422
    assert agent.get("/compliance?desk=small&from=yesterday").status_code == 400


def test_the_handbook_shows_every_clause_with_its_figures(agent: Program, history: None) -> None:
    told = agent.get("/desks/small/sop").json()
    assert told["version"] == "1.0.0"
    first = next(each for each in told["clauses"] if each["id"] == "small.resp.first")
    assert first["text"].startswith("We answer within 1 hour")
    assert (first["kept"], first["missed"]) == (1, 1)


def test_a_measure_says_its_value_how_many_and_how_sure(agent: Program, history: None) -> None:
    told = agent.get("/measures?desk=small").json()
    share = next(each for each in told["measures"] if each["name"] == "first_in_time")
    assert (share["unit"], share["value"], share["n"], share["met"]) == ("share", 0.5, 2, None)
    assert share["low"] < 0.5 < share["high"]
    assert (told["tickets"], told["complete"]) == (3, True)


@pytest.mark.parametrize(
    ("words", "place"),
    [("kettle", "subject"), ('"steam everywhere"', "message"), ("Zelda", "customer"),
     ("ZELDA@example.com", "address")],
)  # fmt: skip
def test_words_are_found_where_they_stand(agent: Program, words: str, place: str) -> None:
    customer = {"email": "zelda@example.com", "name": "Zelda"}
    told = new_ticket(customer=customer, subject="My kettle", text="Nothing but steam everywhere")
    number = agent.post("/tickets", told).json()["id"]
    hits = agent.get(f"/search?q={words}").json()["hits"]
    assert [each["ticket"] for each in hits] == [number]
    assert place in hits[0]["found_in"]


def test_search_comes_in_pages_newest_first(agent: Program) -> None:
    numbers = [agent.post("/tickets", new_ticket()).json()["id"] for _ in range(5)]
    first = agent.get("/search?q=Help&limit=3").json()
    rest = agent.get(f"/search?q=Help&limit=3&cursor={first['next_cursor']}").json()
    seen = [each["ticket"] for each in (*first["hits"], *rest["hits"])]
    assert seen == sorted(numbers, reverse=True)
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("words", ["'", "&|!", '"', "%", "\\", "a:*", "x" * 200, "-", "🙂"])
def test_odd_words_find_nothing_and_break_nothing(agent: Program, words: str) -> None:
    from urllib.parse import quote

    assert agent.get(f"/search?q={quote(words)}").json()["hits"] == []


def test_a_text_of_any_length_can_be_kept_and_searched(agent: Program) -> None:
    text = " ".join(f"w{number}" for number in range(30_000))[:199_000]
    assert agent.post("/tickets", new_ticket(text=text)).status_code == 201
    assert len(agent.get("/search?q=w77").json()["hits"]) == 1


def test_the_metrics_tell_ages_and_no_words(agent: Program, history: None) -> None:
    text = Client().get("/metrics").content.decode()
    assert 'kept_tickets_open{desk="small"} 3' in text
    assert "kept_clock_lag_seconds " in text
    assert 'kept_outbox_entries{state="queued"}' in text
    assert "Dana" not in text


def test_the_metrics_are_closed_to_the_outside(desk: Cast, settings: object) -> None:
    missing = Client().get("/nowhere")
    for extra in ({"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}):
        answer = Client().get("/metrics", **extra)  # type: ignore[arg-type]  # the WSGI names
        assert (answer.status_code, answer.content) == (404, missing.content)
    settings.KEPT_URL = "https://desk.example"  # type: ignore[attr-defined]  # a fixture
    assert Client().get("/metrics").status_code == 404
    settings.KEPT_METRICS_TOKEN = "m" * 32  # type: ignore[attr-defined]  # a fixture
    for header, status in (("Bearer " + "m" * 32, 200), ("Bearer x", 404), ("", 404)):
        assert Client().get("/metrics", headers={"Authorization": header}).status_code == status


def test_articles_are_read_by_words_and_one_by_one(agent: Program, desk: Cast) -> None:
    numbers = []
    for title in ("Dark screens", "Dark rooms", "Bright screens"):
        told = Wording(title=title, body="Look *twice*.", audience="public")
        numbers.append(articles.write(told, by=desk.bo, at=MONDAY, desk="small"))
        articles.publish(numbers[-1], by=desk.bo, at=MONDAY)
    found = agent.get("/articles?desk=small&q=dark&limit=1").json()
    assert len(found["articles"]) == 1
    more = agent.get(f"/articles?desk=small&q=dark&cursor={found['next_cursor']}").json()
    titles = {one["title"] for one in (*found["articles"], *more["articles"])}
    assert (titles, more["next_cursor"]) == ({"Dark screens", "Dark rooms"}, None)
    one = agent.get(f"/articles/{numbers[0]}").json()
    assert (one["body"], one["version"], one["desk"]) == ("Look *twice*.", 1, "small")
    assert agent.get("/articles/999999").status_code == 404
    assert agent.get("/articles?desk=small&kind=song").status_code == 400
