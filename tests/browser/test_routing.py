"""Away and back, a page and its answer between two people, the rota, and a wall that is full."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from kept import clock
from kept.records.models import Page
from kept.services import clocks, desks, people, policies, rotas, tickets, work
from tests.browser.conftest import House
from tests.browser.test_access import RULES
from tests.people import MONDAY, dana_asks, ticket_row
from tests.web.conftest import ago
from tests.web.sop import WEB

SIZES = ((1440, 900), (1920, 1080))
TEN = 10


def test_amira_goes_away_and_takes_her_work_back_from_bo(house: House) -> None:
    number = dana_asks(at=ago(5), severity="P1")
    work.assign(number, by=house.cast.bo, at=ago(4), agent=house.cast.amira, team="front")
    people.add_membership(house.cast.bo, "small", role="agent", level="L1", team="front")
    amira, bo = house.sit_down(), house.sit_down("bo")

    amira.get_by_text("Available", exact=False).first.click()
    amira.get_by_role("link", name="Away …").click()
    expect(amira.locator("#would")).to_contain_text(f"#{number}")
    amira.get_by_role("button", name="Say so").first.click()
    expect(amira.get_by_role("status").first).to_contain_text("1 ticket went to others")
    assert ticket_row(number).owner_id == house.cast.bo

    bo.goto(f"{house.url}/tickets/{number}")
    bo.get_by_role("heading", name="Why this owner").click()
    expect(bo.locator("#panel-routing")).to_contain_text("because its owner was away")

    amira.get_by_label("Available: new work comes to you").check()
    amira.get_by_role("button", name="Say so").first.click()
    amira.get_by_role("button", name=f"Take back ticket {number}").click()
    amira.wait_for_load_state("load")
    assert ticket_row(number).owner_id == house.cast.amira


def test_bo_acknowledges_and_amira_sees_it(house: House) -> None:
    number = dana_asks(at=ago(70), severity="P1")
    clocks.fire_due(at=clock.now())
    amira, bo = house.sit_down(scripts=False), house.sit_down("bo", width=390, height=844)
    amira.goto(f"{house.url}/tickets/{number}")
    expect(amira.locator("#panel-paged")).to_contain_text("no answer for")
    bo.goto(f"{house.url}/pages/{Page.objects.get().pk}")
    bo.get_by_role("button", name="Acknowledge").click()
    expect(bo.get_by_role("article")).to_contain_text("acknowledged by Bo")
    amira.reload()
    expect(amira.locator("#panel-paged")).to_contain_text("acknowledged by Bo")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_rota_pages_and_availability(house: House, theme: str) -> None:
    dana_asks(at=ago(70), severity="P1")
    clocks.fire_due(at=clock.now())
    layer = rotas.LayerForm(
        people=(house.cast.bo, house.cast.amira), turn_days=1, minutes=480,
        starts_on=(clock.now() - timedelta(days=3)).date(),
    )  # fmt: skip
    rotas.make("small", by=house.cast.bo, at=clock.now(), name="Leads", kind="on_call",
               layers=(layer,))  # fmt: skip
    page = house.sit_down("bo", theme=theme)
    for place in ("/rota", "/pages", "/availability?availability=away", "/wallboard"):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(house.url + place)
            for each in page.locator("main details").all():
                each.evaluate("one => { one.open = true }")
            found = Axe().run(page, options=RULES)
            told = [
                (one["id"], [node["html"][:160] for node in one["nodes"]])
                for one in found.response["violations"]
            ]
            assert told == [], f"{place} at {width}: {told}"
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, place


def test_the_wall_shows_ten_dues_of_each_of_five_desks_and_holds_twelve(house: House) -> None:
    _fill("small")
    for slug in ("two", "three", "four", "five"):
        _desk(house, slug)
        _fill(slug)
    page = house.sit_down()
    for width, height in SIZES:
        assert _whole_dues(page, house, width, height) == {TEN}
        smallest = page.evaluate(
            "Math.min(...[...document.querySelectorAll('.due__left')]"
            ".map(one => parseFloat(getComputedStyle(one).fontSize)))"
        )
        assert smallest >= 24, (width, smallest)
    for number in range(6, 13):
        _desk(house, f"desk-{number}")
    for width, height in SIZES:
        assert TEN in _whole_dues(page, house, width, height)
        assert page.locator(".board").count() == 12


def _desk(house: House, slug: str) -> None:
    desks.create_desk(slug, name=f"Desk {slug}", sop="small", address=f"{slug}@kept.example",
                      zone="Europe/London")  # fmt: skip
    version = policies.propose(slug, WEB, by=None, at=MONDAY)
    policies.activate(version.pk, by=None, at=MONDAY)
    people.add_membership(house.cast.amira, slug, role="agent", level="L1", team="front")


def _fill(slug: str) -> None:
    for minute in range(TEN):
        tickets.open_ticket(
            slug, tickets.Opening(subject=f"The screen of till {minute} is dark", text="Help",
                                  channel="email", severity="P1"),
            address="dana@example.com", address_kind="email", name="Dana", by=None,
            at=ago(minute + 1),
        )  # fmt: skip


def _whole_dues(page: Tab, house: House, width: int, height: int) -> set[int]:
    """Return how many dues of each desk stand whole inside their list."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{house.url}/wallboard")
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    return set(page.evaluate(
        """[...document.querySelectorAll(".board__dues")].map(list => {
             const room = list.parentElement.getBoundingClientRect()
             return [...list.children].filter(due => {
               const box = due.getBoundingClientRect()
               return box.bottom <= room.bottom + 1 && due.scrollHeight <= due.clientHeight + 2
             }).length
           })"""
    ))  # fmt: skip
