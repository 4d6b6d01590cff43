"""Working the queue by hand and by keys: bulk, views, the walk, mentions, search."""

from playwright.sync_api import Page, expect

from kept import clock
from kept.records.models import Follow, Mention, SavedView, Snooze, Ticket
from kept.records.queries.saved_views import saved_views
from kept.services import choices, conversation, work
from kept.services import saved_views as views
from tests.browser.conftest import House
from tests.people import dana_asks
from tests.web.conftest import ago


def opened(number: int) -> str:
    return f"#ticket[data-ticket='{number}']"


def test_rows_are_chosen_by_keys_looked_at_assigned_and_undone(house: House) -> None:
    numbers = [dana_asks(f"No {n}", at=ago(50 - n)) for n in range(4)]
    page = house.sit_down()
    page.locator(f"#row-{numbers[0]} .row__link").focus()
    page.keyboard.press("m")
    expect(page.locator("[data-bulk-count]")).to_have_text("1 chosen")
    for _ in range(2):
        page.keyboard.press("j")
    page.keyboard.press("Shift+M")
    expect(page.locator("[data-bulk-count]")).to_have_text("3 chosen")
    page.keyboard.press("b")
    page.locator("#bulk-act").select_option("assign")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Assign: 3 tickets")).to_be_visible()
    page.get_by_label("Owner").select_option("me")
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("heading", name="What would happen")).to_be_visible()
    assert Ticket.objects.filter(owner_id=house.cast.amira).count() == 0
    page.get_by_role("button", name="Assign: 3 tickets").click()
    expect(page.get_by_role("heading", name="3 of 3 assigned")).to_be_visible()
    owned = Ticket.objects.filter(owner_id=house.cast.amira).values_list("id", flat=True)
    assert sorted(owned) == numbers[:3]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".notice")).to_contain_text("Undone where it could be")
    assert Ticket.objects.filter(owner_id=house.cast.amira).count() == 0


def test_a_range_by_shift_and_a_choice_that_outlives_a_live_change(house: House) -> None:
    numbers = [dana_asks(f"No {n}", at=ago(50 - n)) for n in range(4)]
    page = house.sit_down()
    boxes = page.locator("[data-pick]")
    boxes.nth(0).check(force=True)
    boxes.nth(2).click(force=True, modifiers=["Shift"])
    expect(page.locator("[data-bulk-count]")).to_have_text("3 chosen")
    page.locator("#subject, .pane").first.hover()
    conversation.reply(numbers[3], by=house.cast.bo, at=clock.now(), text="Answered.")
    expect(page.locator(f"#row-{numbers[3]}")).to_contain_text("nothing due", timeout=20_000)
    expect(page.locator("[data-pick]:checked")).to_have_count(3)


def test_a_refusal_is_foreseen_with_its_clause_without_script(house: House) -> None:
    number = dana_asks(at=ago(50))
    page = house.sit_down(scripts=False)
    page.locator(f"#row-{number} [data-pick]").check(force=True)
    page.locator("#bulk-act").select_option("close")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".list")).to_contain_text("Resolve the ticket first.")
    expect(page.locator(".list")).to_contain_text("small.ending.close")
    page.get_by_role("button", name="Close: 0 tickets").click()
    expect(page.get_by_role("heading", name="0 of 1 closed")).to_be_visible()
    assert Ticket.objects.get(pk=number).status != "closed"


def test_a_view_is_saved_shared_counted_and_put_in_order(house: House) -> None:
    dana_asks(at=ago(50), severity="P1")
    dana_asks(at=ago(40), severity="P2")
    page = house.sit_down()
    page.locator("#by-severity").select_option("P1")
    expect(page).to_have_url(f"{house.url}/?view=mine&severity=P1")
    page.locator("[data-save-view] > summary").click()
    page.get_by_label("Name").fill("Critical ones")
    page.get_by_label("For", exact=True).select_option(label="everybody of Small desk")
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_role("heading", name="Critical ones")).to_be_visible()
    view = SavedView.objects.get()
    expect(page.locator(f"#view-count-{view.pk}")).to_have_text("1")

    for name in ("Second", "Third"):
        views.save_view(by=house.cast.amira, at=clock.now(), name=name, query="owner=me")
    page.goto(f"{house.url}/views")
    page.get_by_role("button", name="Move Third up").click()
    expect(page.locator(".arranged__name").nth(1)).to_have_text("Third")
    with page.expect_response("**/views/order"):
        page.locator("[data-view]").first.drag_to(
            page.locator("[data-view]").last, target_position={"x": 200, "y": 40}
        )
    order = [one.name for one in saved_views(house.cast.amira)]
    assert order == ["Third", "Second", "Critical ones"]
    assert [one.name for one in saved_views(house.cast.bo)] == ["Critical ones"]

    page.locator(f"#view-{view.pk} summary").click()
    page.locator(f"#view-{view.pk}").get_by_role("button", name="Delete").click()
    expect(page.locator(".arranged__one")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".arranged__one")).to_have_count(3)


def test_keys_walk_through_the_view_and_an_ending_goes_on(house: House) -> None:
    numbers = [dana_asks(f"No {n}", at=ago(50 - n)) for n in range(3)]
    choices.choose_after_ending("next", by=house.cast.amira)
    page = house.sit_down()
    page.keyboard.press("Enter")
    expect(page.locator(opened(numbers[0]))).to_be_visible()
    expect(page.locator(".walk__place")).to_have_text("1 of 3")
    page.keyboard.press("]")
    expect(page.locator(opened(numbers[1]))).to_be_visible()
    expect(page.locator(".walk__place")).to_have_text("2 of 3")
    expect(page.locator(f"#row-{numbers[1]}")).to_have_class("row row--open")
    page.keyboard.press("[")
    expect(page.locator(opened(numbers[0]))).to_be_visible()
    page.keyboard.press("x")
    page.locator("[data-act=resolve]").get_by_role("button", name="Resolve").click()
    refused = page.get_by_role("alert")
    expect(refused).to_be_visible()  # A step of the SOP comes first; a refusal leads nowhere.
    page.get_by_label("Do it all the same").fill("It went away.")
    page.locator("[data-act=resolve]").get_by_role("button", name="Resolve").click()
    expect(page.locator(opened(numbers[1]))).to_be_visible()
    assert page.url.endswith(f"/tickets/{numbers[1]}")
    assert Ticket.objects.get(pk=numbers[0]).status == "resolved"


def test_a_mention_reaches_a_colleague_at_their_own_desk(house: House) -> None:
    number = dana_asks(at=ago(30))
    work.assign(number, by=house.cast.amira, at=ago(20), agent=house.cast.amira)
    bo = house.sit_down("bo")
    bo.locator(".pane").hover()
    page = house.sit_down()
    page.goto(f"{house.url}/tickets/{number}")
    page.keyboard.press("n")
    page.keyboard.type("Please look, @b")
    page.locator(".naming").get_by_role("button", name="Bo @bo").click()
    page.keyboard.type("before noon.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#talk")).to_contain_text("@bo before noon.")
    assert [one.agent_id for one in Mention.objects.all()] == [house.cast.bo]
    expect(bo.locator(".bell__count")).to_have_text("1", timeout=20_000)
    bo.goto(house.url)
    bo.locator(".row--owed").click()
    expect(bo.locator(opened(number))).to_be_visible()
    expect(bo.locator(".bell__count")).to_have_count(0)


def test_following_and_snoozing_by_keys(house: House) -> None:
    number = dana_asks(at=ago(5))
    page = house.sit_down()
    page.keyboard.press("Enter")
    expect(page.locator(opened(number))).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Unfollow")).to_be_visible()
    assert Follow.objects.filter(agent_id=house.cast.amira).count() == 1
    page.keyboard.press("z")
    page.locator("[data-act=snooze]").get_by_label("Or").select_option("yes")
    page.get_by_role("button", name="Snooze it for me").click()
    expect(page.locator("#side")).to_contain_text("its clocks go on")
    assert Snooze.objects.filter(on_answer=True).count() == 1
    page.goto(house.url)
    expect(page.locator(f"#row-{number}")).to_have_count(0)
    page.goto(f"{house.url}/?view=snoozed")
    expect(page.locator(f"#row-{number}")).to_be_visible()


def search_for(page: Page, line: str) -> None:
    page.keyboard.press("/")
    page.wait_for_url("**/search")
    page.locator("#q").fill(line)


def test_search_finds_while_one_types_and_the_palette_too(house: House) -> None:
    number = dana_asks("The kettle & its <lid are gone", at=ago(5))
    page = house.sit_down()
    search_for(page, "kettles")
    hit = page.locator(".hit")
    expect(hit).to_have_count(1)
    expect(hit.locator("mark")).to_have_text("kettle")
    expect(hit).to_contain_text("kettle & its <lid are gone")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(opened(number))).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("kettle")
    found = page.locator("[data-palette-list] button", has_text=f"#{number}")
    expect(found).to_be_visible()
    found.click()
    expect(page.locator(opened(number))).to_be_visible()


def test_coming_back_finds_the_queue_where_it_was(house: House) -> None:
    for place in range(40):
        dana_asks(f"No {place}", at=ago(50))
    page = house.sit_down(height=600)
    page.locator(".queue").evaluate("(queue) => { queue.scrollTop = 900 }")
    page.goto(f"{house.url}/notices")
    page.go_back()
    expect(page.get_by_role("heading", name="What I owe")).to_be_visible()
    page.wait_for_function("document.querySelector('.queue').scrollTop === 900")
