"""Writing on a ticket in the browser, by one person and by two at once."""

import base64

import pytest
from playwright.sync_api import Page, expect

from kept import clock
from kept.records.models import Draft, Journal, LeavingReply, Message, Upload
from kept.services import conversation, drafts, leaving, macros, work
from tests.browser.conftest import House
from tests.people import dana_asks
from tests.web.conftest import ago

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PASTE = """async ([box, bytes]) => {
  const files = new DataTransfer()
  const picture = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))
  files.items.add(new File([picture], "image.png", { type: "image/png" }))
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files, bubbles: true }))
}"""


@pytest.fixture
def ticket(house: House) -> int:
    return dana_asks(at=ago(5), severity="P1")


def at(house: House, ticket: int, name: str = "amira", **how: object) -> Page:
    page = house.sit_down(name, **how)  # type: ignore[arg-type]  # the names of sit_down
    page.goto(f"{house.url}/tickets/{ticket}")
    return page


def write(page: Page, words: str) -> None:
    page.locator("#text").press_sequentially(words)


def send(page: Page) -> None:
    page.locator("[data-send]").click()


def replies(ticket: int) -> int:
    return Message.objects.filter(ticket_id=ticket, kind="public", agent_id__isnull=False).count()


def test_a_reply_is_undone_and_then_sent_again(house: House, ticket: int) -> None:
    leaving.undo_seconds(house.cast.amira, 30)
    page = at(house, ticket)
    write(page, "Which cable is it?")
    page.keyboard.press("Control+Enter")
    bar = page.locator("#leaving")
    expect(bar).to_contain_text("Sent. It leaves in")
    expect(page.locator("#talk")).to_contain_text("is sending this")
    assert replies(ticket) == 0
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#text")).to_have_value("Which cable is it?")
    expect(bar).to_be_empty()
    facts = Journal.objects.filter(ticket_id=ticket, by_agent=house.cast.amira)
    assert not facts.exists()

    send(page)
    expect(bar).to_contain_text("Sent")
    row = LeavingReply.objects.get(state="waiting")
    leaving.release_due(at=row.leaves_at)
    expect(page.locator(f"#talk [data-letter][id='message-{_own(ticket)}']")).to_contain_text(
        "Which cable is it?"
    )
    assert facts.get().at == row.clicked_at
    expect(page.locator("#text")).to_have_value("")


def test_two_at_one_ticket_see_each_other_write(house: House, ticket: int) -> None:
    amira, bo = at(house, ticket), at(house, ticket, "bo")
    here = amira.locator("[data-present]")
    expect(here).to_have_text("BBo is viewing")
    write(bo, "Hello")
    expect(here).to_have_text("BBo is writing")
    expect(bo.locator("[data-present]")).to_contain_text("Amira is viewing")
    bo.goto(f"{house.url}/")
    expect(here).to_be_empty()


def test_a_newer_message_is_told_before_anything_goes_out(house: House, ticket: int) -> None:
    page = at(house, ticket)
    write(page, "It is the black one.")
    conversation.reply(ticket, by=house.cast.bo, at=clock.now(), text="It is the white one.")
    news = page.locator("[data-news-here]")
    expect(news).to_contain_text("Bo wrote while you were writing.")
    send(page)
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Bo answered the customer")
    expect(told).to_contain_text("It is the white one.")
    expect(page.locator("#text")).to_have_value("It is the black one.")
    assert replies(ticket) == 1
    page.get_by_role("button", name="Send anyway").click()
    expect(page.locator("#text")).to_have_value("")
    assert replies(ticket) == 2


def test_a_form_that_is_no_longer_so_says_who_changed_it(house: House, ticket: int) -> None:
    page = at(house, ticket)
    page.locator("[data-act=assign] > summary").click()
    page.locator("[data-act=assign]").get_by_label("Owner").select_option(label="Amira")
    work.assign(ticket, by=house.cast.bo, at=clock.now(), agent=house.cast.bo)
    page.get_by_role("button", name="Hand it over").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("This changed after the form was opened.")
    expect(told).to_contain_text("Bo gave it to Bo")
    expect(page.locator("[data-act=assign]").get_by_label("Owner")).to_have_value(
        str(house.cast.amira)
    )
    page.get_by_role("button", name="Hand it over").click()
    expect(page.locator("#ticket-state")).to_contain_text("Amira")


def test_a_lost_line_loses_nothing_and_sends_once(house: House, ticket: int) -> None:
    page = at(house, ticket)
    page.context.set_offline(True)
    write(page, "Written in a tunnel.")
    expect(page.locator("[data-saved]")).to_contain_text("kept on this machine")
    send(page)
    expect(page.locator("[data-toast]")).to_contain_text("What you typed is kept here")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#text")).to_have_value("Written in a tunnel.")
    page.locator("[data-send]").dblclick()
    expect(page.locator("#text")).to_have_value("")
    assert replies(ticket) == 1
    cut = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    house.anger[:] = [one for one in house.anger if not any(sign in one for sign in cut)]


def test_a_draft_is_on_every_machine_and_a_shared_one_is_taken_over(
    house: House, ticket: int
) -> None:
    page = at(house, ticket)
    write(page, "A long answer")
    expect(page.locator("[data-saved]")).to_have_text("Draft kept")
    elsewhere = at(house, ticket)
    expect(elsewhere.locator("#text")).to_have_value("A long answer")

    page.locator("[data-drafts] > summary").click()
    page.get_by_label("Name of the draft").fill("Long")
    page.get_by_role("button", name="Put it aside").click()
    expect(page.locator("#text")).to_have_value("")
    page.locator("#text").focus()
    page.locator("[data-drafts] > summary").click()
    page.get_by_role("button", name="Share with the desk").click()
    expect(page.locator("[data-drafts]")).to_contain_text("shared")

    bo = at(house, ticket, "bo")
    bo.locator("#text").focus()
    bo.locator("[data-drafts] > summary").click()
    bo.get_by_role("button", name="Take it over").click()
    expect(bo.locator("#text")).to_have_value("A long answer")
    assert not Draft.objects.filter(agent_id=house.cast.amira).exists()


def test_a_note_and_a_reply_are_two_drafts(house: House, ticket: int) -> None:
    drafts.save(ticket, by=house.cast.amira, at=clock.now(), text="For us", kind="note")
    drafts.save(ticket, by=house.cast.amira, at=clock.now(), text="For her")
    page = at(house, ticket)
    expect(page.locator("#text")).to_have_value("For her")
    page.get_by_label("Note", exact=True).check()
    expect(page.locator("#text")).to_have_value("For us")
    expect(page.locator("#composer")).to_have_class("composer composer--note")
    page.get_by_label("Reply", exact=True).check()
    expect(page.locator("#text")).to_have_value("For her")


def test_files_are_chosen_pasted_removed_and_sent(house: House, ticket: int) -> None:
    page = at(house, ticket)
    page.locator("#text").focus()
    page.locator("#upload").set_input_files(
        [{"name": "log.txt", "mimeType": "text/plain", "buffer": b"line"},
         {"name": "bad.exe", "mimeType": "text/plain", "buffer": b"MZ"}]
    )  # fmt: skip
    files = page.locator("#files")
    expect(files).to_contain_text("bad.exe is a program")
    expect(files).to_contain_text("log.txt")
    page.evaluate(PASTE, [page.locator("#text").element_handle(), base64.b64encode(PNG).decode()])
    expect(files.locator("img")).to_have_count(1)
    page.get_by_role("button", name="Remove log.txt").click()
    expect(files).not_to_contain_text("log.txt")
    write(page, "Like this:")
    send(page)
    shown = page.locator(".letter__picture img")
    expect(shown).to_have_count(1)
    assert shown.evaluate("async (one) => { await one.decode(); return one.naturalWidth }") == 1
    assert not Upload.objects.exists()


def test_templates_macros_and_shortcuts_fill_the_box(house: House, ticket: int) -> None:
    told = macros.Wording(
        name="Cable", shortcut="cable",
        text="Hello {{ customer.name }}, is it the {{ colour }} one?",
        acts=(("severity", "P2"), ("resolve", "")),
    )  # fmt: skip
    macros.write("small", told, by=house.cast.bo, at=clock.now())
    page = at(house, ticket)
    page.locator("#text").focus()
    page.locator("#template").select_option("parts")
    expect(page.locator("#text")).to_have_value("The part is [part].")
    expect(page.locator("#remarks")).to_contain_text("Still open: part.")
    page.get_by_label("Part", exact=True).fill("a fuse")
    page.keyboard.press("Tab")
    expect(page.locator("#text")).to_have_value("The part is a fuse.")

    page.locator("#text").fill("")
    page.locator("#template").select_option("")
    write(page, "Well, ;cable ")
    expect(page.locator("#text")).to_have_value("Well, Hello Dana, is it the [colour] one?")
    page.get_by_label("colour").fill("black")
    page.keyboard.press("Tab")
    page.locator("#text").fill("")
    page.locator("#macro").select_option(label="Cable ;cable")
    expect(page.locator("[data-macro-acts]")).to_have_text(
        "Run also does: Triage: severity P2, Resolve."
    )
    page.locator("#blank-colour").fill("white")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Run").click()
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("Done: the reply. Done: severity P2. Refused: resolve")
    expect(page.locator("#talk")).to_contain_text("Hello Dana, is it the white one?")
    expect(page.locator("#text")).to_have_value("")
    assert replies(ticket) == 1


def test_a_told_time_becomes_a_promise(house: House, ticket: int) -> None:
    page = at(house, ticket)
    write(page, "You hear from us within 3 hours.")
    page.get_by_label("Promise an update by").check()
    send(page)
    expect(page.locator("#panel-promises")).to_contain_text("told by Amira")
    expect(page.locator("#panel-promises")).to_contain_text("in the message of")


def test_what_would_happen_and_what_is_wanted_first(house: House, ticket: int) -> None:
    page = at(house, ticket)
    expect(page.locator("#panel-steps")).to_contain_text("Before it is closed")
    expect(page.locator("#panel-steps")).to_contain_text("Write what was tried")
    page.keyboard.press("s")
    expect(page.locator("#step-0-what")).to_be_focused()
    page.locator("#panel-what-if > summary").click()
    page.locator("#what-if-act").select_option("severity:P2")
    foreseen = page.locator("#foreseen")
    expect(foreseen).to_contain_text("If the severity became P2")
    expect(foreseen).to_contain_text("Resolve:")
    page.locator("#what-if-act").select_option("close")
    expect(foreseen).to_contain_text("It would be refused now")
    assert not Journal.objects.filter(ticket_id=ticket, by_agent=house.cast.amira).exists()


def test_the_teams_talk_among_themselves(house: House, ticket: int) -> None:
    amira, bo = at(house, ticket), at(house, ticket, "bo")
    bo.get_by_label("Say something among us").fill("@amira is it the plug?")
    bo.keyboard.press("Enter")
    expect(bo.locator("#room-lines")).to_contain_text("is it the plug?")
    expect(amira.locator("#room-lines")).to_contain_text("is it the plug?")
    amira.get_by_label("Say something among us").fill("It is.")
    amira.keyboard.press("Enter")
    expect(bo.locator("#room-lines li")).to_have_count(2)
    expect(amira.get_by_label("Say something among us")).to_have_value("")


def test_the_hand_off_is_shown_until_it_is_taken_on(house: House, ticket: int) -> None:
    work.escalate(
        ticket, by=house.cast.amira, at=clock.now(), to="L2", reason="unsolved",
        form={"tried": "Pulled every plug."},
    )  # fmt: skip
    page = at(house, ticket, "bo")
    if page.locator("[data-act=accept]").count():
        card = page.locator(".handoff")
        expect(card).to_contain_text("Pulled every plug.")


def test_everything_is_written_without_scripts(house: House, ticket: int) -> None:
    leaving.undo_seconds(house.cast.amira, 30)
    page = at(house, ticket, scripts=False)
    page.locator("#text").fill("Here is the log.")
    page.locator("#upload").set_input_files(
        [{"name": "log.txt", "mimeType": "text/plain", "buffer": b"line"}]
    )
    send(page)
    expect(page.locator("#talk")).to_contain_text("with 1 file")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#text")).to_have_value("Here is the log.")
    expect(page.locator("#files")).to_contain_text("log.txt")
    page.get_by_label("Say something among us").fill("Anyone?")
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("#room-lines")).to_contain_text("Anyone?")
    page.goto(f"{house.url}/tickets/{ticket}/what-if?act=close")
    expect(page.locator("main")).to_contain_text("It would be refused now")


def test_a_phone_writes_without_scrolling_sideways(house: House, ticket: int) -> None:
    page = at(house, ticket, width=390, height=844)
    expect(page.locator(".composer__foot")).to_be_hidden()
    write(page, "On my way.")
    expect(page.locator("[data-send]")).to_be_in_viewport()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.keyboard.press("Escape")
    expect(page.locator("#text")).not_to_be_focused()
    send(page)
    expect(page.locator("#text")).to_have_value("")
    assert replies(ticket) == 1


def test_a_lead_writes_a_macro_and_sets_the_own_wait(house: House) -> None:
    page = house.sit_down("bo")
    page.goto(f"{house.url}/macros")
    page.get_by_label("Name", exact=True).fill("Plug")
    page.get_by_label("Shortcut").fill("plug")
    page.get_by_label("Text").fill("Hello {{ customer.secret }}")
    page.get_by_role("button", name="Make the macro").click()
    expect(page.get_by_role("alert")).to_contain_text("customer.secret is not one of")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Plug")
    page.get_by_label("Text").fill("Hello {{ customer.name }}")
    page.get_by_label("Act 1").select_option("wait:customer")
    page.get_by_role("button", name="Make the macro").click()
    expect(page.locator(".list")).to_contain_text("Wait on customer")
    page.get_by_label("A reply of mine waits").select_option("20")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("A reply of mine waits")).to_have_value("20")


def _own(ticket: int) -> int:
    found = Message.objects.filter(ticket_id=ticket, agent_id__isnull=False).last()
    assert found
    return int(found.pk)
