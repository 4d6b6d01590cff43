"""A desk's books of a customer: who may write in them, and what running tickets are told."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from kept.records.models import Customer, CustomerAddress, CustomerDesk, Journal
from kept.services import groups, profiles, purchases
from kept.services.addresses import normal_address, region_of
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.verify import verify
from tests.people import (
    DANA,
    MONDAY,
    Cast,
    dana_asks,
    dana_writes,
    everybody_signs,
    raise_the_curtain,
    ticket_row,
)
from tests.sop import SMALL

SOON = MONDAY + timedelta(minutes=20)
RETAIL = (Path(__file__).parent.parent.parent / "sops" / "retail.md").read_text()
FLAGS = (
    SMALL.replace(
        "fields: {device: {type: text}, vip: {type: bool}}",
        "fields: {device: {type: text}, high_value: {type: bool, of: customer},"
        " purchase_date: {type: date, of: purchase}, cover: {type: choice, values: [plain, plus],"
        " of: purchase}, customer_flags: {type: list}}",
    )
    + """
## Care {#care}
Families that we know well are called each month. {#calls}
```yaml rule
cadence: calls
every: month
for_each: customer(key_family)
role: lead
```
"""
)


@pytest.fixture
def cast(db: None) -> Cast:
    return raise_the_curtain(FLAGS)


def customer_of(ticket: int) -> int:
    number = ticket_row(ticket).customer_id
    assert number is not None
    return number


def facts(ticket: int) -> list[str]:
    rows = Journal.objects.filter(ticket_id=ticket).order_by("seq").values_list("fact", flat=True)
    return [row["event"] for row in rows]


def test_a_desk_serves_a_customer_from_their_first_ticket_there(cast: Cast) -> None:
    number = dana_asks()
    dana_asks(at=MONDAY + timedelta(days=1))
    row = CustomerDesk.objects.get(customer_id=customer_of(number))
    assert (row.desk_id, row.since) == (cast.desk, MONDAY)


@pytest.mark.parametrize(
    ("written", "region", "kept"),
    [
        ("(212) 555-0142", "US", "+12125550142"),
        ("098450 12345", "IN", "+919845012345"),
        ("0044 20 7946 0018", "GB", "+442079460018"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("ext. 18", "GB", "+18"),
        ("nothing", "GB", ""),
    ],
)
def test_a_number_is_kept_in_one_form_wherever_it_was_written(
    written: str, region: str, kept: str
) -> None:
    assert normal_address("phone", written, region=region) == kept


def test_a_zone_tells_in_which_country_a_number_is_read() -> None:
    zones = ("America/New_York", "Asia/Kolkata", "Europe/London", "UTC")
    assert [region_of(zone) for zone in zones] == ["US", "IN", "GB", ""]


def test_a_flag_is_told_to_running_tickets_once_and_to_new_ones(cast: Cast) -> None:
    number = dana_asks()
    customer = customer_of(number)
    for _ in range(2):
        profiles.change(
            customer, desk=cast.desk, by=cast.amira, at=SOON, flags=["high_value", "key_family"]
        )
    assert facts(number).count("profile_changed") == 1
    last = Journal.objects.filter(ticket_id=number).order_by("-seq")[0]
    assert last.fact["fields"] == {
        "customer_flags": ["high_value", "key_family"], "high_value": True,
    }  # fmt: skip
    assert last.by_agent == cast.amira
    second = dana_asks(at=SOON + timedelta(hours=1))
    created = Journal.objects.get(ticket_id=second, seq=1).fact
    assert created["fields"]["high_value"] is True
    profiles.change(
        customer, desk=cast.desk, by=cast.amira, at=SOON + timedelta(hours=2), flags=[]
    )
    assert Journal.objects.filter(ticket_id=second).order_by("-seq")[0].fact["fields"] == {
        "customer_flags": [], "high_value": False,
    }  # fmt: skip
    assert ticket_row(number).status == "new", "what the books say is no work on a ticket"
    assert verify().ok


def test_only_flags_of_the_sop_are_set(cast: Cast) -> None:
    customer = customer_of(dana_asks())
    with pytest.raises(NotValid, match="key_family"):
        profiles.change(customer, desk=cast.desk, by=cast.amira, at=SOON, flags=["nice"])


def test_the_books_of_one_desk_are_not_those_of_another(cast: Cast) -> None:
    number = dana_asks()
    elsewhere = dana_writes(desk="other").ticket
    customer = customer_of(number)
    profiles.change(customer, desk=cast.desk, by=cast.amira, at=SOON, flags=["key_family"])
    assert elsewhere is not None
    assert "profile_changed" not in facts(elsewhere)
    with pytest.raises(NotFound):
        profiles.change(customer, desk=cast.desk, by=cast.eve, at=SOON, name="Eve")
    note = profiles.add_note(customer, desk=cast.desk, by=cast.amira, at=SOON, text="Likes tea.")
    with pytest.raises(NotFound):
        profiles.remove_note(customer, desk=cast.other_desk, by=cast.eve, note=note)


def test_an_agent_of_another_desk_finds_no_customer_to_write_about(cast: Cast) -> None:
    customer = customer_of(dana_asks())
    for act in (
        lambda: profiles.add_address(
            customer, desk=cast.other_desk, by=cast.eve, at=SOON, kind="email", value="e@e.example"
        ),
        lambda: purchases.add(
            customer, desk=cast.other_desk, by=cast.eve, at=SOON, product="Radio"
        ),
        lambda: profiles.change(customer, desk=cast.other_desk, by=cast.eve, at=SOON, tier="x"),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_address_belongs_to_one_customer(cast: Cast) -> None:
    customer = customer_of(dana_asks())
    other = profiles.make(cast.desk, by=cast.amira, at=SOON, name="Erin")
    put = {"desk": cast.desk, "by": cast.amira, "at": SOON}
    with pytest.raises(Conflict, match="another customer"):
        profiles.add_address(other, kind="email", value=DANA.upper(), **put)  # type: ignore[arg-type]  # spread
    for value in ("+44 20 7946 0018", "020 7946 0018"):
        if value.startswith("+"):
            profiles.add_address(customer, kind="phone", value=value, label="work", **put)  # type: ignore[arg-type]  # spread
        else:
            with pytest.raises(Conflict, match="already"):
                profiles.add_address(customer, kind="phone", value=value, **put)  # type: ignore[arg-type]  # spread
    for kind, value in (("email", "no address"), ("phone", "12"), ("fax", "1")):
        with pytest.raises(NotValid):
            profiles.add_address(customer, kind=kind, value=value, **put)  # type: ignore[arg-type]  # spread


def test_one_address_of_a_kind_is_preferred(cast: Cast) -> None:
    customer = customer_of(dana_asks())
    second = profiles.add_address(
        customer, desk=cast.desk, by=cast.amira, at=SOON, kind="email", value="d2@example.com"
    )
    first = CustomerAddress.objects.get(value=DANA).pk
    for address in (first, second):
        profiles.prefer_address(customer, desk=cast.desk, by=cast.amira, at=SOON, address=address)
    preferred = CustomerAddress.objects.filter(customer_id=customer, is_preferred=True)
    assert [row.pk for row in preferred.filter(desk=cast.desk)] == [second]
    profiles.prefer_address(customer, desk=cast.desk, by=cast.amira, at=SOON, address=first)
    assert [row.pk for row in preferred.all()] == [first]


def test_the_only_purchase_is_told_and_of_several_the_chosen_one(cast: Cast) -> None:
    number = dana_asks()
    customer = customer_of(number)
    one = purchases.add(
        customer, desk=cast.desk, by=cast.amira, at=SOON, product="Radio",
        bought_on=date(2025, 5, 1), cover="plus", price=9900,
    )  # fmt: skip
    state = Journal.objects.filter(ticket_id=number).order_by("-seq")[0].fact
    assert (state["purchase"], state["fields"]) == (
        str(one), {"purchase_date": "2025-05-01", "cover": "plus"},
    )  # fmt: skip
    two = purchases.add(
        customer, desk=cast.desk, by=cast.amira, at=SOON, product="Lamp",
        bought_on=date(2025, 6, 1),
    )  # fmt: skip
    assert facts(number).count("profile_changed") == 1, "nobody knows which of two is meant"
    purchases.choose(number, by=cast.amira, at=SOON, purchase=two)
    assert Journal.objects.filter(ticket_id=number).order_by("-seq")[0].fact["purchase"] == str(
        two
    )
    with pytest.raises(NotFound):
        purchases.choose(number, by=cast.amira, at=SOON, purchase=999_999)
    assert verify().ok


@pytest.mark.parametrize(
    "wrong",
    [
        {"product": " "}, {"product": "x", "bought_on": date(2031, 1, 1)},
        {"product": "x", "cover": "gold"}, {"product": "x", "price": -1},
        {"product": "x", "more": {"colour": "red"}},
    ],
)  # fmt: skip
def test_a_purchase_that_the_sop_cannot_read_is_refused(cast: Cast, wrong: dict) -> None:  # type: ignore[type-arg]  # keyword arguments
    customer = customer_of(dana_asks())
    with pytest.raises(NotValid):
        purchases.add(customer, desk=cast.desk, by=cast.amira, at=SOON, **wrong)


def test_a_household_knows_the_elder_and_who_pays(cast: Cast) -> None:
    customer = customer_of(dana_asks())
    elder = profiles.make(cast.desk, by=cast.amira, at=SOON, name="Old Mr Miller")
    home = groups.make_household(cast.desk, by=cast.amira, at=SOON, name="Millers")
    groups.join_household(home, customer=elder, role="elder", by=cast.amira, at=SOON)
    for role in ("daughter", "payer", "payer"):
        groups.join_household(home, customer=customer, role=role, by=cast.amira, at=SOON)
    with pytest.raises(NotValid):
        groups.join_household(home, customer=customer, role="boss", by=cast.amira, at=SOON)
    with pytest.raises(NotFound):
        groups.join_household(home, customer=customer, role="son", by=cast.eve, at=SOON)
    groups.leave_household(home, customer=customer, role="payer", by=cast.amira, at=SOON)
    with pytest.raises(NotFound):
        groups.leave_household(home, customer=customer, role="payer", by=cast.amira, at=SOON)


def test_nobody_joins_an_organisation_by_their_address(cast: Cast) -> None:
    made = groups.make_organisation(
        cast.desk, by=cast.amira, at=SOON, name="Corp", domain="corp.com"
    )
    dana_writes(sender="d@corp.com.evil.tld", message_id="<1@x>")
    dana_writes(sender='"a@corp.com"@evil.tld', message_id="<2@x>")
    dana_writes(sender="d@corp.com", message_id="<3@x>")
    from kept.records.models import OrganisationMember

    assert not OrganisationMember.objects.exists()
    with pytest.raises(Conflict):
        groups.make_organisation(cast.desk, by=cast.amira, at=SOON, name="CORP")
    with pytest.raises(NotFound):
        groups.join_organisation(made, customer=customer_of(dana_asks()), by=cast.eve, at=SOON)


def test_an_account_that_the_sop_guards_is_not_changed_before_its_owner_is_known(
    db: None,
) -> None:
    cast = everybody_signs(raise_the_curtain(RETAIL))
    customer = customer_of(dana_asks())
    with pytest.raises(NotAllowed, match=r"retail\.4\.1\.b"):
        profiles.add_address(
            customer, desk=cast.desk, by=cast.amira, at=SOON, kind="email", value="x@evil.example"
        )
    assert Customer.objects.get(pk=customer).addresses.count() == 1
