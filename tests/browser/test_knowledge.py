"""Knowledge in a browser: found while one types, put where it belongs, said to have solved it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from kept import clock
from kept.services import articles
from kept.services.article_wording import Wording
from tests.browser.conftest import House
from tests.browser.test_access import RULES
from tests.people import dana_asks
from tests.web.conftest import ago


def known(house: House, title: str, audience: str) -> int:
    told = Wording(title=title, body="## Do\n\n1. Press **F3**.", audience=audience)
    number = articles.write(told, by=house.cast.amira, at=clock.now(), desk="small")
    articles.publish(number, by=house.cast.bo, at=clock.now())
    return number


def test_an_article_comes_up_while_one_types_and_solves_the_ticket(house: House) -> None:
    known(house, "Flickering lamps inside", "internal")
    public = known(house, "Flickering lamps", "public")
    number = dana_asks("It is broken.", at=ago(5))
    page = house.sit_down()
    page.goto(f"{house.url}/tickets/{number}")
    panel = page.locator("#panel-knowledge")
    expect(panel).to_contain_text("Nothing like it was written down")
    page.locator("#text").press_sequentially("Is one of the lamps flickering?")
    expect(panel).to_contain_text("Flickering lamps inside")

    page.locator("[data-insert-kind=public]").click()
    expect(page.locator("#text")).to_have_value(
        "Is one of the lamps flickering?\n\nFlickering lamps\n\nDo\n\n1. Press F3.\n\n"
        f"{house.url}/help/small/articles/{public}\n"
    )
    page.locator("[data-insert-kind=note]").click()
    expect(page.locator("[data-kind][value=note]")).to_be_checked()
    page.locator(f"#suggestions button[name=article][value='{public}']").click()
    expect(panel).to_contain_text("Solved by Flickering lamps")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_knowledge_is_clean_to_axe_and_fits(house: House, theme: str, width: int) -> None:
    number = known(house, "Flickering lamps", "public")
    page = house.sit_down("bo", theme=theme, width=width)
    for place in (
        "/knowledge?words=lamp", "/knowledge?words=nothing+like+it", f"/knowledge/{number}",
        f"/knowledge/{number}/edit", f"/knowledge/{number}/versions/1", "/help/small/articles",
        f"/help/small/articles/{number}",
    ):  # fmt: skip
        page.goto(house.url + place)
        found = Axe().run(page, options=RULES)
        told = [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]]
        assert told == [], f"{place}: {told}"
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, place
