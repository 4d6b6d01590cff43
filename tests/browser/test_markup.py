"""S01-S12: markup in every field that a page shows stays text on every page that shows it."""

from urllib.parse import quote, urlsplit

from playwright.sync_api import Page

from tests.browser.conftest import House
from tests.security.doors import OWN, SEEN, Door
from tests.security.stock import Stock, stock

EVIL = "\"'><img src=//canary.invalid/x onerror=__pwn=1><svg onload=__pwn=2>"
LEADS = {
    "customer-table", "customer-import", "people", "access-review", "audit", "article-edit",
}  # fmt: skip
NO_PAGE = {
    "attachment", "customer-export", "customer-table", "call-back", "picture", "upload", "audit",
    "article-picture", "colleagues", "search-suggestions", "texts",
}  # fmt: skip
ASKED = ("/search?q={}", "/?words={}&view=all", "/customers?words={}", "/knowledge?words={}",
         "/households?words={}", "/?tag={}", "/account?done={}", "/sign-in?next={}")  # fmt: skip


def outside(url: str) -> set[str]:
    return {url} if urlsplit(url).hostname == "canary.invalid" else set()


def visits(page: Page, house: House, held: Stock, doors: list[Door]) -> set[str]:
    """Open each door and return those in which something ran."""
    ran = set()
    page.on("dialog", lambda dialog: ran.add(dialog.message))
    page.on("request", lambda asked: ran.update(outside(asked.url)))
    # Parts of pages name no icon; what the browser looks for by itself is no fault of theirs.
    page.route("**/favicon.ico", lambda asked: asked.fulfill(status=204))
    paths = [door.at(held)[0] for door in doors]
    for path in [*paths, *(each.format(quote(EVIL)) for each in ASKED)]:
        page.goto(f"{house.url}{path}", wait_until="load")
        if page.evaluate("window.__pwn") is not None or page.locator("img[src*=canary]").count():
            ran.add(path)
    return ran


def test_markup_in_every_field_runs_on_no_page(house: House) -> None:
    amira, bo = house.sit_down("amira"), house.sit_down("bo")
    held = stock("small", house.cast.amira, house.cast.bo, word=EVIL)
    doors = [door for door in (*OWN, *SEEN) if door.name not in NO_PAGE]
    assert visits(amira, house, held, [d for d in doors if d.name not in LEADS]) == set()
    assert visits(bo, house, held, [d for d in doors if d.name in LEADS]) == set()
