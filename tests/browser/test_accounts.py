"""Passkeys by a virtual authenticator, a second factor without scripts, the rules of pages."""

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kept import clock
from kept.records.models import Passkey, Session
from kept.services import factors, people
from tests.browser.conftest import House
from tests.people import PASSWORD

KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def with_key(page: Page) -> tuple[object, str]:
    """Plug a virtual authenticator into a browser."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    made = line.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return line, str(made["authenticatorId"])


def add_passkey(page: Page, house: House) -> None:
    page.goto(f"{house.url}/account")
    page.get_by_label("Name of a new passkey").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("Your recovery codes, shown only now")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Work laptop", exact=True)).to_be_visible()


def test_a_passkey_signs_in_alone_and_stands_in_for_a_code(house: House) -> None:
    page = house.sit_down()
    with_key(page)
    add_passkey(page, house)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="What I owe").wait_for()
    assert Session.objects.filter(agent_id=house.cast.amira, method="passkey").count() == 1
    page.goto(f"{house.url}/account")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail address").fill("amira@kept.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="One more proof").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="What I owe").wait_for()


def test_a_key_that_did_not_verify_its_user_or_was_removed_opens_nothing(house: House) -> None:
    page = house.sit_down()
    line, number = with_key(page)
    add_passkey(page, house)
    page.get_by_role("button", name="Sign out").click()
    Passkey.objects.filter(agent_id=house.cast.amira).update(agent_id=house.cast.eve)
    people.disable(house.cast.eve, at=clock.now())
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("does not open this desk")).to_be_visible()
    Passkey.objects.all().delete()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("does not open this desk")).to_be_visible()
    line.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": False})  # type: ignore[attr-defined]  # a line of Chromium's
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Nothing was chosen")).to_be_visible()
    assert not Session.objects.filter(agent_id=house.cast.eve).exists()


def test_a_second_factor_needs_no_script(house: House) -> None:
    page = house.sit_down(scripts=False, width=390, height=844)
    page.goto(f"{house.url}/account")
    page.get_by_role("button", name="Set up an authenticator").click()
    secret = page.locator(".enrol__secret").inner_text()
    page.get_by_label("The code it shows").fill(pyotp.TOTP(secret).at(clock.now()))
    page.get_by_role("button", name="Confirm the authenticator").click()
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    page.context.clear_cookies()
    page.goto(f"{house.url}/sign-in?next=/outbox")
    page.get_by_label("E-mail address").fill("amira@kept.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Outbox").wait_for()
    assert factors.factors_of(house.cast.amira).recovery_codes == 9


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_access_obey_the_rules_of_accessibility(house: House, theme: str) -> None:
    page = house.sit_down("bo", theme=theme)
    page.goto(f"{house.url}/admin/review")
    page.get_by_role("button", name="Begin a review").click()
    for place in ("/account", "/admin/people", "/admin/review", "/admin/audit", "/forgotten"):
        page.goto(f"{house.url}{place}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{place}: {found.generate_report()}"
