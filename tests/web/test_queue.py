"""The queue: what is owed next, first; filters are addresses."""

import gzip

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from kept.records.queries.queue import queue_page
from kept.records.queries.views import QueueFilter
from kept.services import endings, work
from tests.people import Cast, dana_asks
from tests.web.conftest import ago
from tests.web.reading import words


def test_the_nearest_due_comes_first_and_says_what_to_do(amira: Client, desk: Cast) -> None:
    later = dana_asks("One", at=ago(10))
    sooner = dana_asks("Two", at=ago(50))
    page = amira.get("/").content.decode()
    assert page.index(f"row-{sooner}") < page.index(f"row-{later}")
    said = words(amira.get("/"))
    assert "reply in 9 min" in said
    assert "reply in 49 min" in said


def test_a_passed_due_says_how_late(amira: Client, desk: Cast) -> None:
    dana_asks(at=ago(75))
    assert "reply 15 min late" in words(amira.get("/"))


def test_views_count_and_filters_narrow(amira: Client, desk: Cast) -> None:
    mine = dana_asks("Mine", at=ago(5), severity="P1")
    other = dana_asks("Other", at=ago(5), severity="P2")
    work.assign(mine, by=desk.amira, at=ago(4), agent=desk.amira)
    assert "All open 2" in words(amira.get("/"))
    for address in ("/?owner=me", "/?severity=P1", f"/?owner={desk.amira}"):
        page = amira.get(address).content.decode()
        assert f"row-{mine}" in page, address
        assert f"row-{other}" not in page, address


def test_a_filter_that_finds_nothing_says_so_and_leads_back(amira: Client, desk: Cast) -> None:
    dana_asks(at=ago(5))
    said = words(amira.get("/?words=unicorn&severity=P1"))
    assert "No ticket matches" in said
    assert "Show the whole view" in said


def test_an_empty_desk_says_what_this_place_is_for(amira: Client) -> None:
    assert "Nothing is owed by you" in words(amira.get("/"))
    assert "Nothing is open" in words(amira.get("/?view=all"))


@pytest.mark.parametrize(
    "address",
    [
        "/?view='--",
        "/?owner=x",
        "/?cursor=%00",
        "/?words=%00%27%3B",
        "/?desk=../..",
        "/?due_before=soon",
        "/?is=;--",
        "/?order=subject",
        "/?customer=1e9",
        "/?tag=%25(agent)s",
        "/?level=%7Bnarrow%7D",
        "/search?q=%00%25s%20is:x%20from:",
        "/search?q=%7B0%7D",
        "/search?q=%22%26%7C!",
        "/search/suggestions?q=%25%25",
        "/?missed=%27",
    ],
)
def test_an_address_nobody_would_write_is_a_page_all_the_same(amira: Client, address: str) -> None:
    assert amira.get(address).status_code == 200


def test_what_is_not_understood_is_left_out_with_a_word(amira: Client, desk: Cast) -> None:
    number = dana_asks(at=ago(5))
    page = amira.get("/?due_before=soon&view=all")
    assert f"row-{number}" in page.content.decode()
    assert "Left out: due_before needs a day" in words(page)


def test_the_queue_costs_the_same_however_many_tickets(
    amira: Client, desk: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(4):
        dana_asks(at=ago(5))
    amira.get("/")
    with django_assert_num_queries(5):  # session, person, then the queue's three
        amira.get("/")


def test_htmx_gets_the_queue_alone(amira: Client, desk: Cast) -> None:
    dana_asks(at=ago(5))
    part = amira.get("/", headers={"HX-Request": "true", "HX-Target": "queue"})
    assert part.content.decode().lstrip().startswith("<section")
    assert "HX-Target" in part["Vary"]


def test_a_first_load_weighs_less_than_100_kilobytes(amira: Client, desk: Cast) -> None:
    import re

    for number in range(50):
        dana_asks(f"Request {number}", at=ago(5))
    page = amira.get("/").content
    weight = len(gzip.compress(page))
    for link in re.findall(rb'(?:href|src)="(/static/[^"]+)"', page):
        weight += len(gzip.compress(b"".join(amira.get(link.decode()).streaming_content)))
    for module in (
        "due",
        "drafts",
        "keys",
        "live",
        "panes",
        "commands",
        "bulk",
        "arrange",
        "mentions",
        "panels",
    ):
        base = re.search(rb'src="(/static/[^"]+)app.js"', page)
        assert base
        file = amira.get(f"{base[1].decode()}{module}.js")
        weight += len(gzip.compress(b"".join(file.streaming_content)))
    assert weight < 100_000


def test_resolved_and_closed_tickets_stay_within_reach(amira: Client, desk: Cast) -> None:
    number = dana_asks("Old", at=ago(30))
    endings.resolve(number, by=desk.amira, at=ago(20), override="It went away.")
    assert "Resolved 1" in words(amira.get("/"))
    for address in ("/?view=resolved", "/?status=resolved"):
        assert f"row-{number}" in amira.get(address).content.decode(), address
    endings.confirm(number, by=desk.amira, at=ago(10))
    endings.close(number, by=desk.amira, at=ago(9))
    said = words(amira.get("/?view=closed"))
    assert "Resolved 0" in said
    assert "Closed 1" in said
    assert "last changed first" in said
    assert f"row-{number}" in amira.get("/?status=closed").content.decode()
    assert f"row-{number}" not in amira.get("/").content.decode()


def test_settled_tickets_are_read_page_by_page_each_once(desk: Cast) -> None:
    numbers = [dana_asks(f"No {n}", at=ago(60 - n)) for n in range(5)]
    for number in numbers:
        endings.resolve(number, by=desk.amira, at=ago(20), override="Done.")
    seen: list[int] = []
    cursor = None
    for _ in range(3):
        page = queue_page(desk.amira, QueueFilter(view="resolved"), at=ago(0), cursor=cursor,
                          limit=2)  # fmt: skip
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
    assert sorted(seen) == numbers
    assert cursor is None
