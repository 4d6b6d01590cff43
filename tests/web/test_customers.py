"""Customers in the browser: found, read, written about, merged, reviewed; and how much it asks."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kept import clock
from kept.records.models import (
    CadenceTask,
    Customer,
    CustomerAddress,
    CustomerDesk,
    CustomerPair,
    HouseholdMember,
    PersonalRead,
    Purchase,
)
from kept.services import cadences, duplicates, groups, profiles
from kept.web.customer_acts import BY_NOUN
from tests.people import Cast, dana_writes, everybody_signs, raise_the_curtain
from tests.services.test_customer_books import FLAGS, customer_of
from tests.web.conftest import ago, signed_in_as

RETAIL = (Path(__file__).parent.parent.parent / "sops" / "retail.md").read_text()
REVIEWED = (
    FLAGS
    + """
## Profiles {#profiles}
Each profile is looked at every 6 months. {#again}
```yaml form
id: profile_review
title: Is it right?
fields:
  - {id: reach, label: Addresses checked, type: yes_no}
```
```yaml rule
cadence: profile_review
every: 6 months
for_each: customer
role: agent
form: profile_review
```
"""
)


@pytest.fixture
def desk(db: None) -> Cast:
    return raise_the_curtain(REVIEWED)


@pytest.fixture
def dana(desk: Cast) -> int:
    taken = dana_writes("My screen is dark.", at=ago(30))
    assert taken.ticket is not None
    return customer_of(taken.ticket)


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


@pytest.mark.parametrize(
    "words", ["Dana", "Danna", "dana@example.com", "ana@exam", "020 7946 0018", "7946", "Korp"]
)
def test_a_customer_is_found_by_whatever_people_remember(
    amira: Client, desk: Cast, dana: int, words: str
) -> None:
    put = {"desk": desk.desk, "by": desk.amira, "at": clock.now()}
    profiles.add_address(dana, kind="phone", value="+44 20 7946 0018", **put)  # type: ignore[arg-type]  # spread
    firm = groups.make_organisation(desk.desk, by=desk.amira, at=clock.now(), name="Korpus Ltd")
    groups.join_organisation(firm, customer=dana, by=desk.amira, at=clock.now())
    other = profiles.make(desk.desk, by=desk.amira, at=clock.now(), name="Zebulon")
    page = text(amira, f"/customers?words={words}")
    assert f"/customers/{dana}" in page
    assert f"/customers/{other}" not in page


def test_words_that_are_code_find_nobody_and_break_nothing(amira: Client, dana: int) -> None:
    for words in ("%", "_", "\\", "'; DROP", "((", "\x00", "a" * 5000, "%%%", "ñ́"):
        answer = amira.get("/customers", {"words": words})
        assert answer.status_code == 200
        assert f"/customers/{dana}" not in answer.content.decode() or words == "\x00"


def test_an_outsider_finds_nobody_and_writes_about_nobody(
    eve: Client, desk: Cast, dana: int
) -> None:
    for words in ("Dana", "dana@example.com", "dana"):
        page = text(eve, f"/customers?words={words}")
        assert f"/customers/{dana}" not in page
    for noun in BY_NOUN:
        for slug in ("small", "other"):
            answer = eve.post(f"/customers/{dana}/{noun}", {"desk": slug, "name": "Eve"})
            assert answer.status_code == 404, noun
    assert eve.post("/customers/new", {"desk": "small", "name": "Eve"}).status_code == 404
    pair = {"one": dana, "other": dana + 1, "decision": "left"}
    assert eve.post("/customers/duplicates", pair).status_code == 404
    assert eve.post("/customers/imports", {"desk": "small"}).status_code == 404
    assert Customer.objects.get(pk=dana).name == "Dana"


def test_the_list_asks_as_much_for_many_as_for_few(amira: Client, desk: Cast, dana: int) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as few:
            text(amira, "/customers")
        return len(few)

    first = asked()
    for n in range(30):
        profiles.make(desk.desk, by=desk.amira, at=clock.now(), name=f"Person {n}")
    assert asked() <= first <= 12


def test_a_customers_page_shows_who_they_are_and_is_on_record(
    amira: Client, desk: Cast, dana: int
) -> None:
    with CaptureQueriesContext(connection) as asked:
        page = text(amira, f"/customers/{dana}")
    assert len(asked) <= 24
    for word in ("Dana", "dana@example.com", "My screen is dark.", "Small desk", "key family"):
        assert word in page, word
    assert PersonalRead.objects.filter(agent_id=desk.amira, customer_id=dana).exists()


def test_what_is_written_about_a_customer_is_there_on_the_next_page(
    amira: Client, desk: Cast, dana: int
) -> None:
    def post(noun: str, **fields: object) -> int:
        answer = amira.post(f"/customers/{dana}/{noun}", {"desk": "small", **fields})
        return answer.status_code

    assert post("profile", name="Dana Miller", language="kn") == 302
    assert post("standing", flag=["key_family", "high_value"], tier="") == 302
    assert post("addresses", kind="phone", value="+442079460018", label="home") == 302
    assert post("notes", text="Rings after six.") == 302
    assert post("households", name="Millers", role="daughter") == 302
    assert post("organisations", name="Corp", title="Buyer") == 302
    assert post("purchases", product="Radio", bought_on="2026-01-05", price="99.00") == 302
    phone = CustomerAddress.objects.get(kind="phone").pk
    assert post("preferred", address=phone) == 302
    page = text(amira, f"/customers/{dana}")
    for word in ("Dana Miller", "+442079460018", "home, preferred", "Rings after six.", "Millers",
                 "daughter", "Corp", "Buyer", "Radio", "99.00"):  # fmt: skip
        assert word in page, word
    assert CustomerDesk.objects.get(customer_id=dana).flags == ["high_value", "key_family"]
    assert post("purchase-removals", purchase=Purchase.objects.get().pk) == 302
    assert post("address-removals", address=phone) == 302
    assert post("standing", tier="") == 302
    assert CustomerDesk.objects.get(customer_id=dana).flags == []


def test_a_wrong_form_says_what_and_keeps_the_rest(amira: Client, dana: int) -> None:
    answer = amira.post(
        f"/customers/{dana}/addresses",
        {"desk": "small", "kind": "phone", "value": "12", "label": "kept words"},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "no telephone number" in page
    assert "kept words" in page
    assert amira.post(f"/customers/{dana}/dances", {"desk": "small"}).status_code == 404
    assert amira.post(f"/customers/{dana}/notes", {"desk": "other"}).status_code == 404


def test_an_account_is_covered_until_its_owner_is_known(db: None) -> None:
    desk = everybody_signs(raise_the_curtain(RETAIL))
    taken = dana_writes("About my account.", at=ago(5))
    assert taken.ticket is not None
    customer = customer_of(taken.ticket)
    Purchase.objects.create(
        customer_id=customer, desk_id=desk.desk, product="Secret radio", made_at=ago(5)
    )
    page = text(signed_in_as(desk.amira), f"/customers/{customer}")
    assert "Secret radio" not in page
    assert "dana@example.com" not in page
    assert "retail.4.1.b" in page
    assert "(1 on the books)" in page
    assert not PersonalRead.objects.exists()
    export = signed_in_as(desk.chen).get(f"/customers/{customer}.json")
    assert export.status_code == 404


def test_a_number_is_rung_without_being_shown(amira: Client, desk: Cast) -> None:
    number = dana_writes("Call me.", at=ago(5)).ticket
    assert number is not None
    customer = customer_of(number)
    phone = CustomerAddress.objects.create(
        customer_id=customer, kind="phone", value="+442079460018"
    ).pk
    answer = amira.get(f"/tickets/{number}/call/{phone}")
    assert (answer.status_code, answer["Location"]) == (302, "tel:+442079460018")
    assert PersonalRead.objects.filter(customer_id=customer, agent_id=desk.amira).exists()
    mail = CustomerAddress.objects.get(customer_id=customer, kind="email").pk
    assert amira.get(f"/tickets/{number}/call/{mail}").status_code == 404


def test_the_panel_checks_who_the_customer_is(amira: Client, desk: Cast) -> None:
    number = dana_writes("Who am I?", at=ago(5)).ticket
    assert number is not None
    phone = CustomerAddress.objects.create(
        customer_id=customer_of(number), kind="phone", value="+442079460018"
    ).pk
    page = text(amira, f"/tickets/{number}")
    assert "Check who the customer is" in page
    assert f"/tickets/{number}/call/{phone}" in page
    answer = amira.post(f"/tickets/{number}/identity-calls", {"address": phone, "passed": "yes"})
    assert answer.status_code == 302
    page = text(amira, f"/tickets/{number}")
    assert "yes, by phone number" in page
    assert "Check who the customer is" not in page
    again = amira.post(f"/tickets/{number}/identity-failures")
    assert again.status_code == 302


def test_look_alikes_are_merged_side_by_side_and_taken_apart(
    amira: Client, desk: Cast, dana: int
) -> None:
    twin = dana_writes(sender="dana+shop@example.com", message_id="<p@x>", at=ago(3)).ticket
    assert twin is not None
    other = customer_of(twin)
    duplicates.compare_some(at=clock.now())
    page = text(amira, "/customers/duplicates")
    assert "the same mailbox" in page
    pair = {"one": str(dana), "other": str(other)}
    assert amira.post("/customers/duplicates", {**pair, "decision": "left"}).status_code == 302
    assert Customer.objects.get(pk=other).merged_into_id == dana
    assert amira.get(f"/customers/{other}")["Location"] == f"/customers/{dana}"
    page = text(amira, f"/customers/{dana}")
    merge = page.split('name="merge" value="')[1].split('"')[0]
    answer = amira.post(f"/customers/{dana}/merge-undos", {"desk": "small", "merge": merge})
    assert answer.status_code == 302
    assert Customer.objects.get(pk=other).merged_into_id is None
    assert amira.post("/customers/duplicates", {**pair, "decision": "two"}).status_code == 302
    assert CustomerPair.objects.get().parted_by_id == desk.amira


def test_stale_profiles_wait_for_their_review(amira: Client, desk: Cast, dana: int) -> None:
    cadences.open_due(at=clock.now())
    assert "Nothing to look at" in text(amira, "/customers/reviews")
    CustomerDesk.objects.filter(customer_id=dana).update(since=clock.now() - timedelta(days=170))
    for _ in range(2):
        cadences.open_due(at=clock.now())
    task = CadenceTask.objects.get(subject=f"customer:{dana}")
    page = text(amira, "/customers/reviews")
    assert "Dana" in page
    assert "profiles.again" in page
    wrong = amira.post("/customers/reviews", {"task": task.pk})
    assert wrong.status_code == 422
    done = amira.post("/customers/reviews", {"task": task.pk, "reach": "yes"})
    assert done.status_code == 302
    assert CustomerDesk.objects.get(customer_id=dana).reviewed_by_id == desk.amira
    cadences.open_due(at=clock.now())
    assert "Nothing to look at" in text(amira, "/customers/reviews")


def test_a_household_is_joined_and_left_on_its_own_page(
    amira: Client, desk: Cast, dana: int
) -> None:
    home = groups.make_household(desk.desk, by=desk.amira, at=clock.now(), name="Millers")
    place = f"/households/{home}"
    assert amira.post(place, {"act": "join", "customer": dana, "role": "elder"}).status_code == 302
    assert "Dana" in text(amira, place)
    assert (
        amira.post(place, {"act": "join", "customer": 999999, "role": "elder"}).status_code == 422
    )
    assert amira.post(place, {"act": "change", "name": "The Millers"}).status_code == 302
    assert "The Millers" in text(amira, "/households?words=miller")
    leave = {"act": "leave", "customer": dana, "role": "elder"}
    assert amira.post(place, leave).status_code == 302
    assert HouseholdMember.objects.get().ended_at is not None


def test_a_person_is_erased_only_on_purpose(chen: Client, amira: Client, dana: int) -> None:
    place = f"/customers/{dana}/erasures"
    assert chen.post(place, {"desk": "small", "sure": "no"}).status_code == 422
    assert amira.post(place, {"desk": "small", "sure": "erase"}).status_code == 403
    assert chen.post(place, {"desk": "small", "sure": "erase"}).status_code == 302
    page = text(chen, f"/customers/{dana}")
    assert "Erased" in page
    assert "dana@" not in page
    assert "My screen" not in page


def test_what_is_kept_of_a_person_is_given_to_who_may_export(
    chen: Client, amira: Client, dana: int
) -> None:
    told = chen.get(f"/customers/{dana}.json")
    assert told.status_code == 200
    assert told.json()["addresses"][0]["value"] == "dana@example.com"
    assert told.json()["messages"][0]["text"] == "My screen is dark."
    assert amira.get(f"/customers/{dana}.json").status_code == 404


def test_a_table_of_customers_holds_no_formula(chen: Client, amira: Client, desk: Cast) -> None:
    for name in ("=cmd|' /C calc'!A0", "+1", "-2", "@SUM(1)", "plain"):
        profiles.make(desk.desk, by=desk.amira, at=clock.now(), name=name)
    answer = chen.get("/customers/of/small.csv")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # streamed
    cells = [line.split(",")[1].strip('"') for line in body.splitlines()[1:]]
    assert cells == ["'=cmd|' /C calc'!A0", "'+1", "'-2", "'@SUM(1)", "plain"]
    assert amira.get("/customers/of/small.csv").status_code == 404
    assert chen.get("/customers/of/other.csv").status_code == 404
