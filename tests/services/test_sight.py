"""What a role may not see is not handed out, by any door; what it saw is on record."""

from datetime import timedelta

import pytest

from kept.policy import compile_sop, rights
from kept.records.compiled import policy_by_hash
from kept.records.masks import hidden, masked
from kept.records.models import PersonalRead, PolicyVersion
from kept.records.queries import desk_pages
from kept.records.queries.customers import customers_of
from kept.records.queries.personal_reads import reads_of
from kept.records.queries.search import search
from kept.records.queries.sight import customer_sight
from kept.records.queries.tickets import ticket_view
from kept.services import people, personal_reads, policies, tickets, work
from tests.people import DANA, MONDAY, Cast, dana_asks, raise_the_curtain, ticket_row
from tests.sop import SMALL

GATED = (
    SMALL
    + """
## Privacy {#privacy}
Account details are for verified customers. {#account}
```yaml rule
gate: account_opened
needs: verified
say: Check who the customer is first.
```
```yaml form
id: account_opened
title: Account opened
event: account_opened
fields: [{id: purpose, label: What for, type: text}]
```
"""
)
NARROW = SMALL.replace("name: Agent, level: L1", "name: Agent, level: L1, may: [note, triage]")


@pytest.fixture
def gated(db: None) -> Cast:
    return raise_the_curtain(GATED)


@pytest.fixture
def narrow(db: None) -> Cast:
    return raise_the_curtain(NARROW)


@pytest.mark.parametrize(
    ("value", "covered"),
    [
        ("dana@example.com", "d•••@example.com"),
        ("+44 20 7946 0958", "••• 58"),
        ("12 May 1950", "•••"),
        ("", ""),
    ],
)
def test_a_covered_value_can_be_recognised_and_not_used(value: str, covered: str) -> None:
    assert masked(value) == covered


def test_addresses_inside_a_text_are_covered_too() -> None:
    assert hidden("Dana <dana@example.com>, +442079460958") == "Dana <d•••@example.com>, ••• 58"


def test_seeing_belongs_to_the_roles_that_list_it_else_to_those_who_answer() -> None:
    plain, narrow = compile_sop(SMALL).policy, compile_sop(NARROW).policy
    listed = compile_sop(SMALL.replace("id: lead,", "id: lead, may: [see_contacts],")).policy
    assert plain and narrow and listed
    assert rights.may(plain, ["agent"], "see_contacts")
    assert not rights.may(narrow, ["agent"], "see_contacts")
    assert rights.may(listed, ["lead"], "see_contacts")
    assert not rights.may(listed, ["agent"], "see_contacts")
    assert rights.may(listed, ["lead"], "reply"), "listing what it sees takes no act away"


def test_a_role_that_may_not_answer_gets_no_address_by_any_door(narrow: Cast) -> None:
    nameless = tickets.Opening(subject="Help", text="It is dark.", channel="email")
    number = tickets.open_ticket(
        "small", nameless, address=DANA, name="Dana dana@example.com", at=MONDAY
    ).ticket
    view = ticket_view(narrow.amira, number, at=MONDAY)
    assert view and view.customer_address == "d•••@example.com"
    doors = [
        view.customer,
        *(message.author for message in view.messages),
        repr(customers_of(narrow.amira)),
        repr(search(narrow.amira, "help", at=MONDAY)),
        repr(desk_pages.outbox_page(narrow.amira)[0].recipient),
    ]
    assert not [door for door in doors if DANA in door]
    assert search(narrow.amira, DANA, at=MONDAY) == () or "address" not in repr(
        search(narrow.amira, DANA, at=MONDAY)
    )
    seen = ticket_view(narrow.bo, number, at=MONDAY)
    assert seen and seen.customer_address == DANA


def test_a_covered_address_finds_nobody(narrow: Cast) -> None:
    dana_asks()
    assert search(narrow.amira, DANA, at=MONDAY) == ()
    assert customers_of(narrow.amira, words=DANA) == ()
    assert len(search(narrow.bo, DANA, at=MONDAY)) == 1
    assert len(customers_of(narrow.bo, words=DANA)) == 1


def test_the_account_is_covered_until_the_customer_is_verified(gated: Cast) -> None:
    number = dana_asks()
    customer = ticket_row(number).customer_id or 0
    before = ticket_view(gated.bo, number, at=MONDAY)
    assert before and before.customer_address == "d•••@example.com"
    assert before.sight.clause == "small.privacy.account"
    assert customer_sight(gated.bo, customer) == before.sight
    assert not customers_of(gated.bo)[0].addresses[0].startswith("dana")
    work.verify_identity(number, by=gated.amira, at=MONDAY, method="PIN", passed=True)
    after = ticket_view(gated.bo, number, at=MONDAY)
    assert after and after.customer_address == DANA
    assert customer_sight(gated.bo, customer).contacts
    assert not customer_sight(gated.eve, customer).contacts


def test_a_failed_check_uncovers_nothing(gated: Cast) -> None:
    number = dana_asks()
    work.verify_identity(number, by=gated.amira, at=MONDAY, method="PIN", passed=False)
    view = ticket_view(gated.amira, number, at=MONDAY)
    assert view and not view.sight.contacts


def test_reading_is_on_record_once_an_hour(cast: Cast) -> None:
    number = dana_asks()
    customer = ticket_row(number).customer_id or 0
    for minutes in (0, 10, 59, 61):
        at = MONDAY + timedelta(minutes=minutes)
        personal_reads.note(cast.amira, [customer, customer], at=at, ticket=number)
    assert PersonalRead.objects.count() == 2
    assert [each.agent for each in reads_of(cast.bo, customer)] == ["Amira", "Amira"]
    assert reads_of(cast.amira, customer) == (), "an agent reads no audit"
    assert reads_of(cast.eve, customer) == ()
    people.add_membership(cast.eve, "other", role="lead")
    assert reads_of(cast.eve, customer) == ()


def test_the_policy_in_force_decides(cast: Cast) -> None:
    dana_asks()
    assert customers_of(cast.amira)[0].addresses == (DANA,)
    narrower = policies.propose("small", NARROW.replace("1.0.0", "1.0.1"), by=cast.bo, at=MONDAY)
    policies.activate(narrower.pk, by=cast.chen, at=MONDAY)
    hash_ = PolicyVersion.objects.get(state="active", desk_id=cast.desk).hash
    assert policy_by_hash(hash_).version == "1.0.1"
    assert customers_of(cast.amira)[0].addresses == ("d•••@example.com",)
