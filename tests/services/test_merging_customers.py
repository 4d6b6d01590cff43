"""Two records of one person become one and two again; tickets and journal stay true."""

from datetime import timedelta

import pytest
from django.apps import apps

from kept.records.models import (
    Customer,
    CustomerAddress,
    CustomerDesk,
    CustomerMerge,
    CustomerPair,
    Journal,
    Message,
    Purchase,
    Ticket,
)
from kept.services import (
    duplicates,
    endings,
    groups,
    identity,
    merging_customers,
    people,
    profiles,
    purchases,
    serving,
)
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.links import confirm_token
from kept.services.verify import verify
from tests.people import (
    DANA,
    MONDAY,
    Cast,
    dana_asks,
    dana_writes,
    everybody_signs,
    raise_the_curtain,
)
from tests.services.test_customer_books import FLAGS, customer_of
from tests.services.test_identity import RETAIL

SOON = MONDAY + timedelta(minutes=20)
LATER = MONDAY + timedelta(hours=2)
AT_WORK = "dana@work.example"


@pytest.fixture
def cast(db: None) -> Cast:
    return raise_the_curtain(FLAGS)


def at_work(at: object = MONDAY, message_id: str = "<w@x>") -> int:
    taken = dana_writes(sender=AT_WORK, message_id=message_id, at=at)  # type: ignore[arg-type]  # instants
    assert taken.ticket is not None
    return taken.ticket


def everything() -> dict[str, list[object]]:
    """Return whose each row is, and what the records say."""
    found: dict[str, list[object]] = {}
    for table in (Ticket, CustomerAddress, Message, Purchase):
        rows = table._default_manager.order_by("pk").values_list("pk", "customer_id")
        found[table.__name__] = list(rows)
    addresses = CustomerAddress.objects.order_by("pk")
    found["addresses"] = list(addresses.values_list("added_at", "is_preferred"))
    own = Customer.objects.order_by("pk")
    found["own"] = list(own.values_list("name", "language", "preferred_channel", "merged_into"))
    desks = CustomerDesk.objects.order_by("customer_id", "desk_id")
    found["desks"] = list(desks.values_list("customer_id", "desk_id", "flags", "tier"))
    return found


def test_a_merge_moves_everything_and_its_undo_brings_everything_back(cast: Cast) -> None:
    home, work = dana_asks(), at_work()
    stays, goes = customer_of(home), customer_of(work)
    put = {"desk": cast.desk, "by": cast.amira, "at": SOON}
    profiles.change(goes, flags=["key_family"], language="kn", **put)  # type: ignore[arg-type]  # spread
    profiles.prefer_address(
        goes,
        address=CustomerAddress.objects.get(value=AT_WORK).pk,
        **put,  # type: ignore[arg-type]  # spread
    )
    purchases.add(goes, product="Lamp", **put)  # type: ignore[arg-type]  # spread
    before = everything()
    merge = merging_customers.merge(goes, into=stays, by=cast.amira, at=LATER)
    assert set(Ticket.objects.values_list("customer_id", flat=True)) == {stays}
    assert set(CustomerAddress.objects.values_list("customer_id", flat=True)) == {stays}
    assert CustomerDesk.objects.get(customer_id=stays).flags == ["key_family"]
    assert Customer.objects.get(pk=stays).language == "kn"
    told = [row.fact for row in Journal.objects.filter(ticket_id=work).order_by("seq")]
    assert (told[-1]["event"], told[-1]["customer"]) == ("profile_changed", str(stays))
    assert verify().ok
    merging_customers.undo(merge, by=cast.amira, at=LATER + timedelta(days=29))
    assert everything() == before
    assert verify().ok
    with pytest.raises(Conflict, match="already"):
        merging_customers.undo(merge, by=cast.amira, at=LATER + timedelta(days=29))


def test_what_comes_after_a_merge_comes_to_the_survivor_and_goes_back_with_its_address(
    cast: Cast,
) -> None:
    stays, goes = customer_of(dana_asks()), customer_of(at_work())
    merge = merging_customers.merge(goes, into=stays, by=cast.amira, at=SOON)
    new = at_work(at=LATER, message_id="<w2@x>")
    own = dana_asks(at=LATER)
    assert customer_of(new) == stays
    merging_customers.undo(merge, by=cast.amira, at=LATER + timedelta(hours=1))
    assert (customer_of(new), customer_of(own)) == (goes, stays)
    assert Message.objects.filter(ticket_id=new).first().customer_id == goes  # type: ignore[union-attr]  # there is one
    assert verify().ok


def test_a_merge_ends_what_was_verified_under_the_other_record(db: None, settings: object) -> None:
    settings.KEPT_SMTP_URL = "smtp://127.0.0.1:1"  # type: ignore[attr-defined]  # pytest-django's
    cast = everybody_signs(raise_the_curtain(RETAIL))
    victim, thief = customer_of(dana_asks()), at_work()
    phone = CustomerAddress.objects.create(
        customer_id=customer_of(thief), kind="phone", value="+12125550142"
    ).pk
    identity.called_back(thief, by=cast.amira, at=SOON, address=phone, passed=True)
    merging_customers.merge(customer_of(thief), into=victim, by=cast.amira, at=LATER)
    from kept.records.queries.sight import desk_sights

    assert not desk_sights(cast.amira, victim)[cast.desk].personal
    late = CustomerAddress.objects.get(value=AT_WORK)
    assert late.added_at == LATER, "no code goes to it for tickets that were there before"
    with pytest.raises(NotFound):
        identity.send_code(thief, by=cast.amira, at=LATER, address=late.pk)
    assert verify().ok


def test_links_that_were_mailed_before_still_lead_to_the_ticket(cast: Cast) -> None:
    work = at_work()
    token = confirm_token(work, customer_of(work))
    merging_customers.merge(
        customer_of(work), into=customer_of(dana_asks()), by=cast.amira, at=SOON
    )
    assert endings.ticket_of_token(token) == work


def test_only_who_may_on_every_desk_merges(cast: Cast) -> None:
    stays = customer_of(dana_asks())
    taken = dana_writes(sender=AT_WORK, desk="other").ticket
    assert taken is not None
    goes = customer_of(taken)
    with pytest.raises(NotFound):  # nobody learns here whom another desk serves
        merging_customers.merge(goes, into=stays, by=cast.amira, at=SOON)
    serving.serve(goes, cast.desk, at=SOON)
    with pytest.raises(NotAllowed, match="another desk"):
        merging_customers.merge(goes, into=stays, by=cast.amira, at=SOON)
    with pytest.raises(NotFound):
        merging_customers.merge(
            customer_of(at_work()), into=stays, by=people.create_agent(email="z@z.z", name="Z"),
            at=SOON,
        )  # fmt: skip
    people.add_membership(cast.amira, "other", role="agent")
    merge = merging_customers.merge(goes, into=stays, by=cast.amira, at=SOON)
    assert CustomerDesk.objects.filter(customer_id=stays).count() == 2
    with pytest.raises(NotAllowed):
        merging_customers.undo(merge, by=cast.eve, at=SOON)
    merging_customers.undo(merge, by=cast.amira, at=SOON)
    assert CustomerDesk.objects.filter(customer_id=stays).count() == 1


def test_a_merge_is_undone_for_thirty_days_and_never_into_itself(cast: Cast) -> None:
    stays, goes = customer_of(dana_asks()), customer_of(at_work())
    with pytest.raises(NotValid):
        merging_customers.merge(goes, into=goes, by=cast.amira, at=SOON)
    merge = merging_customers.merge(goes, into=stays, by=cast.amira, at=SOON)
    with pytest.raises(Conflict):
        merging_customers.merge(goes, into=stays, by=cast.amira, at=SOON)
    with pytest.raises(Conflict, match="30 days"):
        merging_customers.undo(merge, by=cast.amira, at=SOON + timedelta(days=31))
    with pytest.raises(NotFound):
        merging_customers.undo(merge + 1000, by=cast.amira, at=SOON)
    assert CustomerMerge.objects.count() == 1


def test_every_table_that_names_a_customer_is_thought_of() -> None:
    known = {t.__name__ for t in (*merging_customers.MOVED.values(), *merging_customers.STAYS)}
    known |= {
        "OrganisationMember", "HouseholdMember",  # moved where the survivor is no member
        "CustomerPin", "CustomerAuthenticator",  # secrets stay with whom they were set for
        "CustomerPair", "CustomerMerge", "Customer",  # the books of merging itself
        "PersonalRead",  # what was seen was seen under that number
    }  # fmt: skip
    naming = {
        model.__name__
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is Customer
    }
    assert naming <= known


def test_look_alikes_are_found_once_and_can_be_told_apart(cast: Cast) -> None:
    one = customer_of(dana_asks())
    plus = dana_writes(sender="dana+shop@example.com", message_id="<p@x>").ticket
    stranger = dana_writes(sender="zoe@example.com", message_id="<z@x>").ticket
    assert plus is not None
    assert stranger is not None
    Customer.objects.filter(pk=customer_of(stranger)).update(name="Zoé Quist")
    named = profiles.make(cast.desk, by=cast.amira, at=SOON, name="zoe quist")
    corp = groups.make_organisation(cast.desk, by=cast.amira, at=SOON, name="Corp")
    lena = profiles.make(cast.desk, by=cast.amira, at=SOON, name="Lena Fischer")
    lehna = profiles.make(cast.desk, by=cast.amira, at=SOON, name="Lehna Fischer")
    for each in (lena, lehna, named):
        groups.join_organisation(corp, customer=each, by=cast.amira, at=SOON)
    assert duplicates.compare_some(at=SOON) == 6
    assert duplicates.compare_some(at=SOON) == 0
    pairs = CustomerPair.objects.order_by("one_id").values_list("one_id", "other_id", "reason")
    assert set(pairs) == {
        (one, customer_of(plus), "mailbox"), (customer_of(stranger), named, "name"),
        (lena, lehna, "organisation"),
    }  # fmt: skip
    duplicates.part(lehna, lena, by=cast.amira, at=SOON)
    duplicates.compare_again(lena)
    duplicates.compare_some(at=LATER)
    assert CustomerPair.objects.get(one_id=lena).parted_at == SOON
    with pytest.raises(NotFound):
        duplicates.part(one, customer_of(plus), by=cast.eve, at=SOON)


def test_who_writes_from_a_second_address_is_answered_there(cast: Cast) -> None:
    from kept.records.models import Outbox
    from kept.services import conversation

    stays, work = customer_of(dana_asks()), at_work()
    merging_customers.merge(customer_of(work), into=stays, by=cast.amira, at=SOON)
    conversation.reply(work, by=cast.amira, at=LATER, text="We look into it.")
    last = Outbox.objects.filter(ticket_id=work).order_by("-id")[0]
    assert last.recipient == AT_WORK
    other = dana_asks(at=LATER)
    conversation.reply(other, by=cast.amira, at=LATER, text="We look into it.")
    assert Outbox.objects.filter(ticket_id=other).order_by("-id")[0].recipient == DANA
