"""Every page is clean to axe in both themes, says times as the server does, and fits a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import get_resolver

from kept.services import work
from kept.web import say
from tests.browser.conftest import House
from tests.people import dana_asks, may_sign_in
from tests.web.conftest import ago
from tests.web.test_outsider import PUBLIC, addresses

SMALL = """[...document.querySelectorAll('button, select, .row__link, .lane')]
  .filter(one => one.offsetParent && one.getBoundingClientRect().height < 24)
  .map(one => one.outerHTML.slice(0, 80))"""
NEVER = {
    "sign-out", "customer-table", "attachment", "rota-feed", "account-act", "live", "message-html",
}  # fmt: skip
"""Files, the way out, the stream, what is only posted to, and a customer's own HTML, which stands
in a sandbox where no script, axe's neither, may run."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


WEIGHT = 100_000
"""What the first load of any page may transfer, in bytes."""
LOOKED_AT = {"/", "/sop/small", "/customers", "/duties", "/admin/people"}
"""A few that must be among the pages found, or the finding is broken."""


def every_page(house: House) -> tuple[str, ...]:
    """Return the address of every page of kept/urls.py: what answers with HTML when fetched.

    A route that bears something of a desk has its address from the test of outsiders, which
    fails where a new one is missing: no page can be forgotten.
    """
    may_sign_in(house.cast.chen)
    number = dana_asks(at=ago(30), severity="P1")
    work.flag(number, by=house.cast.amira, at=ago(29), flag="vip")
    dana_asks("Late", at=ago(90))
    dana_asks("\u05e9\u05dc\u05d5\u05dd " + "averylongword" * 20, at=ago(10))
    known = addresses(number)
    found = []
    reader = house.sit_down("chen")
    for route in get_resolver().url_patterns:
        name = getattr(route, "name", None)
        if not name or name in NEVER:
            continue
        place = known.get(name) or (
            "/" + str(route.pattern) if "<" not in str(route.pattern) else ""
        )
        if not place:
            assert name in PUBLIC, f"{name} has no address to look at"
            continue
        answer = reader.request.get(house.url + place, max_redirects=0)
        kind = answer.headers.get("content-type", "")
        if answer.status == 200 and kind.startswith("text/html") and "<html" in answer.text():
            found.append(place)
    assert {place.partition("?")[0] for place in found} >= LOOKED_AT
    return (*found, "/forgotten", "/sign-in", "/nowhere")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(house: House, theme: str) -> None:
    pages = every_page(house)
    page = house.sit_down("chen", theme=theme)
    found = []
    for place in dict.fromkeys(pages):
        page.goto(house.url + place)
        seen = Axe().run(page, options=RULES)
        found += [
            (place, one["id"], [node["html"][:160] for node in one["nodes"]])
            for one in seen.response["violations"]
        ]
    house.anger[:] = [said for said in house.anger if "404" not in said]
    assert not found, "\n".join(map(str, found))


def test_every_page_fits_a_phone_and_a_slow_line(house: House) -> None:
    pages = every_page(house)
    page = house.sit_down("chen", width=390, height=844)
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    loaded: list[float] = []
    wire.on("Network.loadingFinished", lambda told: loaded.append(told["encodedDataLength"]))
    found = []
    for place in dict.fromkeys(pages):
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        loaded.clear()
        page.goto(house.url + place)
        page.wait_for_load_state("load")
        spill = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        small = page.evaluate(SMALL)
        found += [(place, f"{spill} px beside the screen")] if spill > 0 else []
        found += [(place, one) for one in small]
        found += [(place, f"{sum(loaded):.0f} bytes")] if sum(loaded) > WEIGHT else []
    house.anger[:] = [said for said in house.anger if "404" not in said]
    assert not found, "\n".join(map(str, found))


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
