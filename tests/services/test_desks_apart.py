"""Two desks serve one customer: neither learns from the other, nor speaks for her at the other."""

from datetime import timedelta

import pytest

from kept.policy.identity import WayKind
from kept.records.models import Customer, CustomerAddress, CustomerDesk, Message, Outbox, Ticket
from kept.records.queries.customers import customers_of
from kept.services import conversation, people, profiles
from kept.services.errors import Conflict, NotFound
from kept.services.identity import usable_addresses
from tests.people import DANA, MONDAY, Cast, dana_writes

SOON = MONDAY + timedelta(hours=1)
HERS, MALLORY = "dana.private@example.org", "mallory@example.net"


def shared(cast: Cast) -> tuple[int, int, int]:
    """Dana has a ticket on each desk; return her number and the tickets."""
    here = dana_writes(desk="small", message_id="<here@example.com>").ticket or 0
    there = dana_writes(desk="other", message_id="<there@example.com>").ticket or 0
    customer = Ticket.objects.get(pk=here).customer_id
    assert customer == Ticket.objects.get(pk=there).customer_id
    return customer or 0, here, there


def put(cast: Cast, customer: int, value: str) -> int:
    """Amira, who is no member of the other desk, puts an address on file."""
    return profiles.add_address(
        customer, desk=cast.desk, by=cast.amira, at=SOON, kind="email", value=value
    )


@pytest.mark.django_db
def test_an_address_that_one_desk_put_on_file_does_not_speak_at_the_other(cast: Cast) -> None:
    customer, _, there = shared(cast)
    put(cast, customer, MALLORY)
    ours = Outbox.objects.get(ticket_id=there)
    taken = dana_writes("It is Dana.", sender=MALLORY, references=(ours.mail_id,), desk="other")
    assert taken.created
    assert Ticket.objects.get(pk=taken.ticket).customer_id != customer
    by_token = dana_writes(
        "It is Dana!", sender=MALLORY, token=ours.payload["reply_token"], desk="other"
    )
    assert Message.objects.get(pk=by_token.message).customer_id is None
    assert taken.ticket != there


@pytest.mark.django_db
def test_a_preferred_address_of_one_desk_gets_no_mail_of_the_other(cast: Cast) -> None:
    customer, here, there = shared(cast)
    address = put(cast, customer, MALLORY)
    profiles.prefer_address(customer, desk=cast.desk, by=cast.amira, at=SOON, address=address)
    Message.objects.filter(direction="in").update(sender="")
    conversation.reply(there, by=cast.eve, at=SOON, text="Your account number is 4711.")
    conversation.reply(here, by=cast.amira, at=SOON, text="Here as well.")
    last = {row.ticket_id: row.recipient for row in Outbox.objects.order_by("id") if row.recipient}
    assert last == {there: DANA, here: MALLORY}


@pytest.mark.django_db
def test_no_code_goes_to_an_address_of_another_desk(cast: Cast) -> None:
    customer, _, _ = shared(cast)
    put(cast, customer, MALLORY)
    later = SOON + timedelta(days=1)
    values = usable_addresses(customer, cast.other_desk, later, WayKind.EMAIL_CODE)
    assert [row.value for row in values] == [DANA]


@pytest.mark.django_db
def test_an_address_taken_off_one_file_stays_on_the_other(cast: Cast) -> None:
    customer, _, there = shared(cast)
    row = CustomerAddress.objects.get(value=DANA)
    profiles.remove_address(customer, desk=cast.desk, by=cast.amira, at=SOON, address=row.pk)
    assert customers_of(cast.amira)[0].addresses == ()
    assert customers_of(cast.eve)[0].addresses == (DANA,)
    ours = Outbox.objects.get(ticket_id=there)
    assert dana_writes("Still me.", references=(ours.mail_id,), desk="other").ticket == there


@pytest.mark.django_db
def test_what_one_desk_knows_of_a_customer_the_other_does_not_see(cast: Cast) -> None:
    customer, _, _ = shared(cast)
    address = put(cast, customer, HERS)
    assert customers_of(cast.amira)[0].addresses == (DANA, HERS)
    assert customers_of(cast.eve)[0].addresses == (DANA,)
    assert customers_of(cast.eve, words=HERS) == ()
    with pytest.raises(NotFound):
        profiles.remove_address(
            customer, desk=cast.other_desk, by=cast.eve, at=SOON, address=address
        )


@pytest.mark.django_db
def test_whether_an_address_is_known_elsewhere_is_not_told(cast: Cast) -> None:
    """Trying addresses on one's own customer tells nothing of customers of other desks."""
    customer, _, _ = shared(cast)
    dana_writes("I am of the other desk.", sender="pat@example.com", desk="other")
    put(cast, customer, "pat@example.com")
    dana_writes("I am of this desk.", sender="sam@example.com", desk="small")
    with pytest.raises(Conflict, match="another customer"):
        put(cast, customer, "sam@example.com")
    taken = dana_writes("Pat again.", sender="pat@example.com", desk="other").ticket
    pat = Ticket.objects.get(pk=taken).customer_id
    assert pat != customer
    assert not CustomerDesk.objects.filter(customer_id=pat, desk_id=cast.desk).exists()


@pytest.mark.django_db
def test_a_member_of_both_desks_sees_both(cast: Cast) -> None:
    customer, _, _ = shared(cast)
    put(cast, customer, HERS)
    people.add_membership(cast.amira, "other", role="agent", level="L1")
    assert customers_of(cast.amira)[0].addresses == (DANA, HERS)
    assert Customer.objects.get(pk=customer).name == "Dana"
