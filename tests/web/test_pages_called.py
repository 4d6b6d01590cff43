"""People acknowledge a page where its mail leads; who was called is shown, to the desk alone."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kept import clock
from kept.records.models import Page, PageTry
from kept.services import availability, clocks
from tests.people import Cast, dana_asks
from tests.web.conftest import ago, signed_in_as
from tests.web.reading import words


def paged(desk: Cast) -> int:
    dana_asks(at=ago(70), severity="P1")
    clocks.fire_due(at=clock.now())
    return Page.objects.latest("id").pk


def test_the_link_asks_for_sign_in_and_one_press_acknowledges(amira: Client, desk: Cast) -> None:
    number = paged(desk)
    assert "/sign-in" in Client().get(f"/pages/{number}")["Location"]
    bo = signed_in_as(desk.bo)
    assert "Acknowledge" in words(bo.get(f"/pages/{number}"))
    assert "Acknowledge the page" not in words(amira.get(f"/pages/{number}"))
    assert amira.post(f"/pages/{number}").status_code == 404
    assert bo.post(f"/pages/{number}").status_code == 302
    assert "acknowledged by Bo" in words(amira.get("/pages"))


def test_whom_to_telephone_stands_there_and_how_it_went(amira: Client, desk: Cast) -> None:
    availability.set_telephone(desk.bo, "+44 20 7946 0000", by=desk.bo)
    number = paged(desk)
    ticket = Page.objects.get(pk=number).ticket_id
    page = amira.get(f"/tickets/{ticket}").content.decode()
    assert 'href="tel:+442079460000"' in page
    call = str(PageTry.objects.get(page_id=number).pk)
    amira.post(f"/pages/{number}", {"try": call, "result": "no_answer"})
    assert "no answer, called by Amira" in words(amira.get(f"/pages/{number}"))
    assert amira.post(f"/pages/{number}", {"try": "9", "result": "reached"}).status_code == 404


def test_an_outsider_learns_nothing_of_a_page(eve: Client, desk: Cast) -> None:
    number = paged(desk)
    assert "Bo" not in words(eve.get("/pages"))
    assert "lead" not in words(eve.get("/pages")).lower().replace("leads and managers", "")
    missing = eve.get("/pages/999999")
    assert (eve.get(f"/pages/{number}").content, missing.status_code) == (missing.content, 404)
    assert eve.post(f"/pages/{number}").status_code == 404
    assert Page.objects.get(pk=number).acknowledged_at is None


def test_the_list_takes_as_many_queries_however_many_pages(amira: Client, desk: Cast) -> None:
    counts = []
    for _ in range(2):
        paged(desk)
        with CaptureQueriesContext(connection) as asked:
            amira.get("/pages")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 9


def test_the_wall_shows_who_was_called_and_for_how_long(amira: Client, desk: Cast) -> None:
    paged(desk)
    page = words(amira.get("/wallboard"))
    assert "Bo" in page
    assert "paged" in page
