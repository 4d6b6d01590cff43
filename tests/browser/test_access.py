"""Every page is clean to axe in both themes, says times as the server does, and fits a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from kept.services import work
from kept.web import say
from tests.browser.conftest import House
from tests.people import dana_asks
from tests.web.conftest import ago

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(house: House, theme: str) -> None:
    number = dana_asks(at=ago(30), severity="P1")
    dana_asks("Late", at=ago(90))
    work.flag(number, by=house.cast.amira, at=ago(29), flag="vip")
    page = house.sit_down(theme=theme)
    commitment = f"/tickets/{number}/commitments/small.resp.first:first_response:1/proof"
    for place in (
        "/", f"/tickets/{number}", commitment, "/sop/small", "/wallboard", "/outbox",
        "/quarantine", "/nowhere",
    ):  # fmt: skip
        page.goto(house.url + place)
        found = Axe().run(page, options=RULES)
        told = [
            (one["id"], [node["html"][:160] for node in one["nodes"]])
            for one in found.response["violations"]
        ]
        assert told == [], f"{place}: {told}"
    house.anger[:] = [said for said in house.anger if "404" not in said]


def test_pages_fit_a_phone(house: House) -> None:
    number = dana_asks(at=ago(30), severity="P1")
    page = house.sit_down(width=390, height=844)
    for place in ("/", f"/tickets/{number}", "/sop/small", "/wallboard", "/outbox", "/quarantine"):
        page.goto(house.url + place)
        spill = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert spill <= 0, place
        small = page.evaluate(
            """[...document.querySelectorAll('button, select, .row__link, .lane')]
               .filter(one => one.offsetParent && one.getBoundingClientRect().height < 24)
               .map(one => one.outerHTML.slice(0, 80))"""
        )
        assert small == [], place


def test_the_script_says_times_as_the_server_does(house: House) -> None:
    from datetime import UTC, datetime, timedelta

    page = house.sit_down()
    now = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)
    seconds = [0, 59, 60, 779, 3599, 3600, 13_200, 35_999, 36_000, 93_600, 172_799, 172_800]
    base = page.locator("script[type=module]").get_attribute("src")
    assert base
    told = page.evaluate(
        """async ([address, seconds]) => {
             const { remaining, countdown } = await import(address)
             return seconds.flatMap(s => [s, -s]).map(s =>
               [remaining(s * 1000, 0), countdown(s * 1000, 0)])
           }""",
        [base.replace("app.js", "due.js"), seconds],
    )
    wanted = [
        [say.remaining(now + timedelta(seconds=each), now),
         say.countdown(now + timedelta(seconds=each), now)]
        for second in seconds
        for each in (second, -second)
    ]  # fmt: skip
    assert told == wanted
