"""Two people lift a commitment; a merge is taken back, a ticket split, a person erased."""

from datetime import timedelta

import pytest

from kept.records.models import Customer, KeptText, Lift, Message, Ticket
from kept.services import clocks, endings, erasing, lifting, parting, people, work
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, dana_writes, ticket_row

SOON = MONDAY + timedelta(minutes=10)
LATE = MONDAY + timedelta(hours=2)


def first_response(number: int) -> str:
    from kept.services.locking import read_state

    commitments = read_state(bytes(ticket_row(number).state)).commitments
    return next(key for key, each in commitments.items() if each.name == "first_response")


def verdict(number: int, commitment: str) -> str:
    from kept.services.locking import read_state

    return read_state(bytes(ticket_row(number).state)).commitments[commitment].verdict.value


def test_one_asks_and_a_second_person_waives(cast: Cast) -> None:
    number = dana_asks()
    due = first_response(number)
    request = lifting.ask(
        number, by=cast.amira, at=SOON, kind="waive", commitment=due, reason="Dana is on leave."
    )
    with pytest.raises(NotAllowed, match="second person"):
        lifting.agree(request, by=cast.amira, at=SOON)
    with pytest.raises(NotFound):
        lifting.agree(request, by=cast.eve, at=SOON)
    lifting.agree(request, by=cast.bo, at=SOON)
    assert verdict(number, due) == "waived"
    assert KeptText.objects.get(pk=int(Lift.objects.get().reason)).body == "Dana is on leave."
    with pytest.raises(Conflict):
        lifting.agree(request, by=cast.chen, at=SOON)
    assert verify().ok


def test_a_miss_is_taken_back_by_two_and_only_a_miss(cast: Cast) -> None:
    number = dana_asks()
    due = first_response(number)
    ask = {"by": cast.bo, "kind": "retract", "commitment": due, "reason": "We did call."}
    with pytest.raises(NotValid, match="not missed"):
        lifting.ask(number, at=SOON, **ask)  # type: ignore[arg-type]  # one dict of several types
    clocks.fire_due(at=LATE, limit=10)
    assert ticket_row(number).missed_count == 1
    request = lifting.ask(number, at=LATE, **ask)  # type: ignore[arg-type]  # as above
    lifting.agree(request, by=cast.chen, at=LATE)
    assert ticket_row(number).missed_count == 0
    assert verify().ok


def test_asking_twice_or_without_a_reason_is_no_request(cast: Cast) -> None:
    number = dana_asks()
    due = first_response(number)
    with pytest.raises(NotValid, match="why"):
        lifting.ask(number, by=cast.amira, at=SOON, kind="waive", commitment=due, reason=" ")
    lifting.ask(number, by=cast.amira, at=SOON, kind="waive", commitment=due, reason="Why not")
    with pytest.raises(Conflict):
        lifting.ask(number, by=cast.bo, at=SOON, kind="waive", commitment=due, reason="Again")


def test_a_declined_request_leaves_the_commitment(cast: Cast) -> None:
    number = dana_asks()
    due = first_response(number)
    request = lifting.ask(
        number, by=cast.amira, at=SOON, kind="waive", commitment=due, reason="No time"
    )
    lifting.decline(request, by=cast.bo, at=SOON)
    assert verdict(number, due) == "pending"
    lifting.ask(number, by=cast.amira, at=SOON, kind="waive", commitment=due, reason="Please")


def test_an_unmerge_gives_back_words_and_dues(cast: Cast) -> None:
    first, second = dana_asks("one"), dana_asks("two", at=SOON)
    third = dana_asks("three", at=SOON)
    before = ticket_row(second).next_due_at
    endings.merge(second, into=first, by=cast.amira, at=SOON)
    endings.merge(first, into=third, by=cast.amira, at=SOON)
    assert Message.objects.filter(ticket_id=third, direction="in").count() == 3
    parting.unmerge(first, by=cast.amira, at=SOON + timedelta(minutes=1))
    assert Message.objects.filter(ticket_id=first, direction="in").count() == 2
    parting.unmerge(second, by=cast.amira, at=SOON + timedelta(minutes=2))
    told = Message.objects.filter(direction="in").order_by("id").values_list("ticket_id", "text")
    assert list(told) == [(first, "one"), (second, "two"), (third, "three")]
    assert ticket_row(second).status == "open"
    assert ticket_row(second).next_due_at == before
    with pytest.raises(Conflict):
        parting.unmerge(second, by=cast.amira, at=SOON + timedelta(minutes=3))
    with pytest.raises(NotFound):
        parting.unmerge(third, by=cast.amira, at=SOON)
    assert verify().ok


def test_a_split_takes_the_words_and_buys_no_time(cast: Cast) -> None:
    number = dana_asks("My screen is dark.")
    customer = ticket_row(number).customer_id
    other = Message.objects.create(
        ticket_id=number, kind="public", direction="in", customer_id=customer, channel="email",
        text="And there is an outage.", sent_at=SOON,
    )  # fmt: skip
    made = parting.split(number, messages=[other.pk], subject="Outage", by=cast.amira, at=SOON)
    new = ticket_row(made)
    assert (new.subject, new.customer_id) == ("Outage", customer)
    assert new.next_due_at == ticket_row(number).next_due_at == MONDAY + timedelta(hours=1)
    assert new.team == "front", "the words that moved are heard"
    assert Message.objects.get(pk=other.pk).ticket_id == made
    with pytest.raises(NotValid, match="at least one"):
        parting.split(
            number, messages=list(Message.objects.filter(ticket_id=number, direction="in")
            .values_list("pk", flat=True)), subject="All", by=cast.amira, at=SOON,
        )  # fmt: skip
    with pytest.raises(NotFound):
        parting.split(number, messages=[other.pk], subject="No", by=cast.eve, at=SOON)
    assert verify().ok


def test_a_customer_of_two_desks_is_erased_by_somebody_who_may_on_both(cast: Cast) -> None:
    number = dana_asks()
    elsewhere = dana_writes("Another desk, my name is Dana.", desk="other").ticket
    customer = ticket_row(number).customer_id
    assert customer is not None
    with pytest.raises(NotAllowed, match="another desk"):
        erasing.erase(customer, by=cast.chen, desk=cast.desk, at=LATE)
    people.add_membership(cast.chen, "other", role="agent")
    with pytest.raises(NotAllowed):
        erasing.erase(customer, by=cast.chen, desk=cast.desk, at=LATE)
    people.add_membership(cast.chen, "other", role="lead")
    erasing.erase(customer, by=cast.chen, desk=cast.desk, at=LATE)
    assert Customer.objects.get(pk=customer).name == "[erased]"
    texts = Message.objects.filter(ticket_id__in=[number, elsewhere]).values_list(
        "text", flat=True
    )
    assert set(texts) == {"[erased]"}
    assert set(Ticket.objects.values_list("subject", flat=True)) == {"[erased]"}
    assert verify().ok


def test_a_retraction_after_a_reply_keeps_the_books_whole(cast: Cast) -> None:
    from kept.services import conversation

    number = dana_asks()
    due = first_response(number)
    clocks.fire_due(at=LATE, limit=10)
    conversation.reply(number, by=cast.amira, at=LATE, text="Sorry.")
    work.flag(number, by=cast.amira, at=LATE, flag="late")
    request = lifting.ask(
        number, by=cast.amira, at=LATE, kind="retract", commitment=due, reason="The clock was off"
    )
    lifting.agree(request, by=cast.bo, at=LATE)
    assert ticket_row(number).missed_count == 0
    assert verify().ok
