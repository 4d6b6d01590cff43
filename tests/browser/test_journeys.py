"""A working day in the browser, from the next due to a closed ticket."""

from playwright.sync_api import Page, expect

from kept import clock
from kept.records.models import Message, Ticket
from kept.services import conversation
from tests.browser.conftest import House
from tests.people import dana_asks
from tests.web.conftest import ago


def open_next(page: Page, number: int) -> None:
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Help", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{page.url.split('/tickets')[0]}/tickets/{number}")


def side(page: Page, act: str) -> None:
    page.locator(f"[data-act='{act}'] > summary").click()


def test_from_the_next_due_to_a_closed_ticket(house: House) -> None:
    number = dana_asks(at=ago(30), severity="P1")
    dana_asks("Another", at=ago(5))
    page = house.sit_down()
    expect(page.locator(".row").first).to_contain_text("reply in 29 min")
    open_next(page, number)

    page.locator(".lane", has_text="reply").click()
    proof = page.locator("#proof")
    expect(proof).to_contain_text("We answer within 1 hour.")
    expect(proof).to_contain_text("every hour of every day")
    page.keyboard.press("Escape")
    expect(proof).to_be_empty()

    page.get_by_label("Message", exact=True).fill("Which cable is it?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#talk")).to_contain_text("Which cable is it?")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")

    side(page, "escalate")
    page.locator("[data-act=escalate]").get_by_label("Why").select_option("unsolved")
    page.locator("#handoff-tried").fill("Pulled every plug.")
    page.get_by_role("button", name="Escalate").click()
    expect(page.locator("#ticket-state")).to_contain_text("L2 Second line")

    side(page, "close")
    page.get_by_role("button", name="Close the ticket").click()
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("Close is refused by small.ending.close")
    expect(refusal).to_contain_text("A ticket is closed only once it is resolved.")

    page.locator("[data-act='step'] > summary").click()
    page.locator("#step-0-what").fill("A new cable")
    step = page.locator("[data-act='step']")
    step.get_by_label("Yes", exact=True).check()
    step.get_by_role("button", name="Do the step").click()
    expect(page.locator("#side")).to_contain_text("done by Amira")
    for act, button, told in (
        ("resolve", "Resolve", "Amira resolved it"),
        ("confirm", "Confirm", "Amira noted that the customer confirms"),
        ("close", "Close the ticket", "Amira closed it"),
    ):
        side(page, act)
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator("#talk")).to_contain_text(told)
    expect(page.locator("#ticket-state")).to_contain_text("closed")
    assert Ticket.objects.get(pk=number).status == "closed"


def test_a_phone_shows_one_pane_and_leads_back(house: House) -> None:
    number = dana_asks(at=ago(30))
    page = house.sit_down(width=390, height=844)
    expect(page.locator(".pane")).to_be_hidden()
    page.locator(f"#row-{number} a").click()
    expect(page.get_by_role("heading", name="Help", exact=True)).to_be_visible()
    expect(page.locator(".queue")).to_be_hidden()
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
    page.get_by_label("Message", exact=True).fill("On my way.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#talk")).to_contain_text("On my way.")
    page.go_back()
    expect(page.locator(f"#row-{number}")).to_be_visible()


def test_everything_reads_and_posts_without_scripts(house: House) -> None:
    number = dana_asks(at=ago(30))
    page = house.sit_down(scripts=False)
    page.locator(f"#row-{number} a").click()
    page.get_by_label("Message", exact=True).fill("By plain form.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#talk")).to_contain_text("By plain form.")
    page.locator(".rail__settled summary").click()
    page.locator(".lane", has_text="reply").click()
    expect(page.locator(".proof__clause")).to_have_text("We answer within 1 hour.")
    page.goto(f"{house.url}/tickets/{number}")
    side(page, "close")
    page.get_by_role("button", name="Close the ticket").click()
    expect(page.get_by_role("alert")).to_contain_text("refused by small.ending.close")
    page.goto(f"{house.url}/?view=unowned&severity=P1")
    page.get_by_role("button", name="Apply the filters").click()
    expect(page.locator(".queue")).to_contain_text("No ticket matches")


def test_hands_stay_on_the_keyboard(house: House) -> None:
    first = dana_asks("One", at=ago(40))
    second = dana_asks("Two", at=ago(30))
    page = house.sit_down()
    page.keyboard.press("j")
    expect(page.locator(f"#row-{first} a")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f"#row-{second} a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#ticket[data-ticket]")).to_have_attribute("data-ticket", str(second))
    page.keyboard.press("r")
    box = page.get_by_label("Message", exact=True)
    expect(box).to_be_focused()
    page.keyboard.type("jjekxp")
    expect(box).to_have_value("jjekxp")
    page.keyboard.press("Control+k")
    page.keyboard.type("note")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Note", exact=True)).to_be_checked()
    page.locator("#subject").click()
    page.keyboard.press("e")
    expect(page.get_by_label("To level")).to_be_focused()
    page.locator("#subject").click()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.get_by_label("Single keys act").uncheck()
    page.keyboard.press("Escape")
    page.locator("#subject").click()
    page.keyboard.press("r")
    expect(box).not_to_be_focused()


def test_what_a_colleague_does_slides_in_and_disturbs_nothing(house: House) -> None:
    number = dana_asks(at=ago(30))
    page = house.sit_down()
    open_next(page, number)
    box = page.get_by_label("Message", exact=True)
    box.fill("I am still writing")
    conversation.note(number, by=house.cast.bo, at=clock.now(), text="Try the left one.")
    expect(page.locator("#talk")).to_contain_text("Try the left one.", timeout=15_000)
    expect(box).to_have_value("I am still writing")
    expect(box).to_be_focused()
    fresh = dana_asks("New one", at=ago(50))
    expect(page.locator(f"#row-{fresh}")).to_be_visible(timeout=15_000)


def test_a_draft_survives_a_reload(house: House) -> None:
    number = dana_asks(at=ago(30))
    page = house.sit_down()
    page.goto(f"{house.url}/tickets/{number}")
    page.get_by_label("Message", exact=True).fill("Half a sentence")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a sentence")


def test_hostile_mail_stays_words_and_frames_stay_shut(house: House) -> None:
    number = dana_asks('<img src=x onerror="window.__pwn=1">', at=ago(30))
    message = Message.objects.filter(ticket_id=number).first()
    assert message
    hostile = (
        "<p>Hello</p><script>parent.__pwn=1</script><svg onload=parent.__pwn=1>"
        "<form action=/sign-out method=post><button>x</button></form>"
        "<img src='http://127.0.0.1:9/pixel.gif'>"
    )
    Message.objects.filter(pk=message.pk).update(html=hostile)
    page = house.sit_down()
    page.goto(f"{house.url}/tickets/{number}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_text("As it was set").click()
    expect(page.frame_locator("iframe").locator("p")).to_have_text("Hello")
    assert page.evaluate("window.__pwn") is None
    house.anger[:] = [said for said in house.anger if "frame" not in said and "pixel" not in said]
    house.anger[:] = [said for said in house.anger if "Blocked script" not in said]
