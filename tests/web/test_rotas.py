"""A lead plans a rota on the page, people cover for each other, calendars subscribe."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from kept import clock
from kept.records.models import Rota, Shift
from kept.services import people
from tests.people import Cast
from tests.web.reading import words


def planned(lead: Client, *crew: int, **more: str) -> None:
    today = (clock.now() - timedelta(days=1)).date().isoformat()
    form = {
        "noun": "rotas", "desk": "small", "name": "Nights", "kind": "on_call", "rung": "1",
        "turn_days": "7", "starts_on": today, "handover": "09:00", "until": "09:00",
        "holidays": "work", "weekday": [str(day) for day in range(7)],
        **{f"person-{place}": str(one) for place, one in enumerate(crew, 1)}, **more,
    }  # fmt: skip
    answer = lead.post("/rota", form)
    assert answer.status_code == 302, words(answer)


def test_a_lead_plans_and_everybody_of_the_desk_reads_it(
    chen: Client, amira: Client, desk: Cast
) -> None:
    assert "Nobody is planned this week" in words(amira.get("/rota"))
    planned(chen, desk.bo, desk.chen)
    page = words(amira.get("/rota"))
    assert "On call now Bo" in page
    assert "Nights, layer 1" in page
    assert "End this rota" not in page
    assert "Bo → Chen" in page
    number = str(Rota.objects.get().pk)
    ending = {"noun": "endings", "desk": "small", "rota": number}
    assert amira.post("/rota", ending).status_code == 403


def test_a_cover_is_put_in_and_taken_back(chen: Client, amira: Client, desk: Cast) -> None:
    planned(chen, desk.bo)
    layer = Rota.objects.get().layers.get().pk
    start = clock.now() + timedelta(days=1)
    end = start + timedelta(hours=3)
    form = {"noun": "covers", "desk": "small", "layer": str(layer), "agent": str(desk.amira),
            "from": f"{start:%Y-%m-%dT%H:%M}", "to": f"{end:%Y-%m-%dT%H:%M}"}  # fmt: skip
    assert amira.post("/rota", form).status_code == 302
    assert "Amira covers" in words(amira.get("/rota"))
    wrong = amira.post("/rota", {**form, "to": form["from"], "reason": "Ann"})
    assert wrong.status_code == 422
    assert 'value="Ann"' in wrong.content.decode()


def test_a_calendar_subscribes_until_the_address_is_ended(
    chen: Client, amira: Client, eve: Client, desk: Cast
) -> None:
    planned(chen, desk.amira, desk.bo)
    shown = amira.post("/rota", {"noun": "feeds", "desk": "small", "rota": ""}).content.decode()
    link = re.search(r"http[^<\s]+\.ics", shown)
    assert link is not None
    address = urlsplit(link.group()).path
    answer = Client().get(address)
    assert answer["Content-Type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    mine = Shift.objects.filter(agent_id=desk.amira)
    assert len(events) == mine.count() > 2
    assert {str(event["UID"]) for event in events} == {
        f"shift-{one.layer_id}-{one.slot}-{one.agent_id}@127.0.0.1" for one in mine
    }
    assert address.rsplit("/", 1)[1] not in amira.get("/rota").content.decode()

    cut = f"{address[:-5]}x.ics"
    assert Client().get(cut).status_code == 404
    people.end_memberships(desk.amira, "small", at=clock.now())
    assert not Calendar.from_ical(Client().get(address).content).walk("VEVENT")
    amira.post("/rota", {"noun": "feed-endings", "desk": "small", "feed": "1"})


def test_an_ended_address_is_as_one_that_never_was(amira: Client, eve: Client, desk: Cast) -> None:
    from kept.records.models import CalendarFeed
    from kept.services import feeds

    token = feeds.subscribe(by=desk.amira, at=clock.now())
    feed = str(CalendarFeed.objects.get().pk)
    assert eve.post("/rota", {"noun": "feed-endings", "feed": feed}).status_code == 404
    assert Client().get(f"/rota/feed/{token}.ics").status_code == 200
    amira.post("/rota", {"noun": "feed-endings", "desk": "small", "feed": feed})
    ended = Client().get(f"/rota/feed/{token}.ics")
    never = Client().get("/rota/feed/never-was.ics")
    assert (ended.status_code, ended.content) == (never.status_code, never.content) == (
        404, never.content)  # fmt: skip


def test_gaps_stand_at_the_top_and_an_outsider_sees_no_rota(
    chen: Client, eve: Client, desk: Cast
) -> None:
    planned(chen, desk.bo, until="17:00")
    assert "gaps in the next eight weeks" in words(chen.get("/rota"))
    assert "gaps in your rotas" in words(chen.get("/availability"))
    assert "gaps in your rotas" not in words(eve.get("/availability"))
    assert "Bo" not in words(eve.get("/rota"))
    assert eve.get("/rota?desk=small").status_code == 404
    assert eve.post("/rota", {"noun": "endings", "desk": "other",
                              "rota": str(Rota.objects.get().pk)}).status_code == 404  # fmt: skip
    assert eve.post("/rota", {"noun": "feeds", "desk": "other",
                              "rota": str(Rota.objects.get().pk)}).status_code == 404  # fmt: skip


def test_the_page_takes_as_many_queries_however_long_the_rota(chen: Client, desk: Cast) -> None:
    counts = []
    for name in ("one", "two"):
        planned(chen, desk.bo, desk.chen, name=name)
        with CaptureQueriesContext(connection) as asked:
            chen.get("/rota")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 16


def test_wrong_weeks_and_forms_are_answered(chen: Client, desk: Cast) -> None:
    for week in ("2025-W99", "x", "99999-W01", "2025-W23"):
        assert chen.get(f"/rota?week={week}").status_code == 200, week
    for form in ({"noun": "rotas", "name": "x", "kind": "on_call", "starts_on": "soon"},
                 {"noun": "covers", "from": "", "to": ""}, {"noun": "nothing"}):  # fmt: skip
        assert chen.post("/rota", {"desk": "small", **form}).status_code in {404, 422}, form
