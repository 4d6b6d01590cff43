"""Messages come in once, thread by our own unguessable addresses, and never by From alone."""

from datetime import timedelta

import pytest

from kept.records.models import (
    Alarm,
    Customer,
    Journal,
    Message,
    MessageIdSeen,
    Outbox,
    RawMessage,
    Ticket,
)
from kept.services import conversation, endings, erasing, intake, quarantine, threads
from kept.services.errors import NotFound
from kept.services.incoming import IncomingMessage
from kept.services.verify import verify
from tests.people import DANA, MONDAY, Cast, dana_writes, raw_mail, ticket_row

SOON = MONDAY + timedelta(minutes=5)


def receipt_of(number: int) -> Outbox:
    return Outbox.objects.filter(ticket_id=number).order_by("id")[0]


def test_the_same_mail_three_times_is_one_ticket(cast: Cast) -> None:
    taken = [dana_writes(message_id="<one@example.com>") for _ in range(3)]
    assert Ticket.objects.count() == 1
    assert [t.duplicate for t in taken] == [False, True, True]
    assert {t.ticket for t in taken} == {Ticket.objects.get().pk}


def test_other_words_under_a_used_message_id_are_not_lost(cast: Cast) -> None:
    dana_writes("first", message_id="<one@example.com>")
    dana_writes("second", message_id="<one@example.com>")
    assert Ticket.objects.count() == 2


def test_the_way_a_mail_took_does_not_make_it_another(cast: Cast) -> None:
    raw = raw_mail("hello", message_id="<x@example.com>")
    first = intake.keep_raw("small", "a", raw, at=MONDAY)
    second = intake.keep_raw("small", "b", b"Received: by elsewhere\n" + raw, at=MONDAY)
    assert first == second


def test_a_reply_to_our_own_address_continues_the_ticket(cast: Cast) -> None:
    number = dana_writes().ticket
    assert number is not None
    token = receipt_of(number).payload["reply_token"]
    taken = dana_writes("Still dark.", token=token.upper(), at=SOON, subject="Re: anything")
    assert (taken.ticket, taken.created) == (number, False)
    assert Journal.objects.get(ticket_id=number, seq=2).fact["event"] == "customer_message"
    assert verify().ok


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "1" + t[1:], lambda t: "1"])
def test_a_spoilt_token_opens_a_new_ticket(cast: Cast, spoil: object) -> None:
    number = dana_writes().ticket
    assert number is not None
    token = receipt_of(number).payload["reply_token"]
    taken = dana_writes("hm", token=spoil(token), at=SOON)  # type: ignore[operator]  # a lambda
    assert taken.created


def test_references_count_only_for_the_customer_herself(cast: Cast) -> None:
    number = dana_writes(message_id="<one@example.com>").ticket
    assert number is not None
    ours = receipt_of(number).mail_id
    assert dana_writes("again", references=(ours,), at=SOON).ticket == number
    forged = dana_writes("forged", references=(ours,), authenticated=False, at=SOON)
    stranger = dana_writes("me too", references=(ours,), sender="mallory@example.net", at=SOON)
    for taken in (forged, stranger):
        assert taken.created
        assert taken.ticket is not None
        assert "not confirmed" in ticket_row(taken.ticket).needs_attention


def test_from_alone_never_threads(cast: Cast) -> None:
    first = dana_writes("one").ticket
    second = dana_writes("two").ticket
    assert first != second
    assert ticket_row(first or 0).customer_id == ticket_row(second or 0).customer_id


def test_somebody_else_with_the_token_does_not_speak_for_the_customer(cast: Cast) -> None:
    number = dana_writes().ticket
    assert number is not None
    token = receipt_of(number).payload["reply_token"]
    dana_writes("I am the boss", token=token, sender="boss@example.net", at=SOON)
    message = Message.objects.get(ticket_id=number, text="I am the boss")
    assert message.customer_id is None
    assert "not from the customer's own address" in message.warning


def test_a_machine_is_not_answered(cast: Cast) -> None:
    taken = dana_writes("Out of office", automatic=True)
    mail = Outbox.objects.get(ticket_id=taken.ticket)
    assert (mail.state, "machine" in mail.last_error) == ("held", True)


def test_one_address_gets_three_automatic_mails_an_hour(cast: Cast) -> None:
    for number in range(6):
        dana_writes(f"text {number}")
    states = Outbox.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["queued"] * 3 + ["held"] * 3


def test_a_mail_without_a_sender_is_still_a_ticket(cast: Cast) -> None:
    taken = dana_writes("who am I", sender="")
    assert taken.ticket is not None
    assert ticket_row(taken.ticket).customer_id is None


def test_an_answer_after_the_end_reopens_the_ticket(cast: Cast) -> None:
    number = dana_writes().ticket
    assert number is not None
    conversation.reply(number, by=cast.amira, at=SOON, text="Done?")
    endings.resolve(number, by=cast.amira, at=SOON)
    token = receipt_of(number).payload["reply_token"]
    dana_writes("No!", token=token, at=SOON + timedelta(hours=1))
    assert ticket_row(number).status == "open"
    assert verify().ok


def test_a_merged_tickets_address_leads_to_the_survivor(cast: Cast) -> None:
    first, second = dana_writes("one").ticket, dana_writes("two").ticket
    assert first is not None
    assert second is not None
    token = receipt_of(first).payload["reply_token"]
    endings.merge(first, into=second, by=cast.amira, at=SOON)
    assert threads.survivor(first) == second
    assert dana_writes("three", token=token, at=SOON).ticket == second


def test_a_bounce_is_told_on_our_own_message(cast: Cast) -> None:
    number = dana_writes().ticket
    assert number is not None
    ours = receipt_of(number)
    raw = intake.keep_raw("small", "x", b"report", at=SOON)
    report = IncomingMessage(sender="", bounce_of=(ours.mail_id,), bounce_reason="no such user")
    assert intake.take_in(raw, report, at=SOON).created is False
    ours.refresh_from_db()
    assert (ours.state, ours.last_error) == ("failed", "no such user")
    assert Journal.objects.get(ticket_id=number, seq=2).fact["event"] == "delivery_failed"


def test_a_message_that_kills_its_reader_is_quarantined_and_the_next_goes_on(cast: Cast) -> None:
    bad = intake.keep_raw("small", "x", b"bad", at=MONDAY)
    good = intake.keep_raw("small", "x", b"good", at=MONDAY)
    at = MONDAY
    for _ in range(intake.ATTEMPTS):
        assert {claim.id for claim in intake.claim(at=at)} >= {bad}
        assert intake.claim(at=at) == ()
        at += intake.LEASE + timedelta(seconds=1)
    intake.take_in(good, IncomingMessage(sender=DANA, text="good"), at=at)
    assert intake.claim(at=at) == ()
    row = RawMessage.objects.get(pk=bad)
    assert (row.state, bytes(row.body)) == ("quarantined", b"bad")
    assert Alarm.objects.filter(key__startswith="quarantine", cleared_at=None).exists()
    with pytest.raises(NotFound):
        quarantine.try_again(bad, by=cast.eve, at=at)
    quarantine.try_again(bad, by=cast.amira, at=at)
    assert RawMessage.objects.get(pk=bad).state == "received"


def test_text_that_postgresql_cannot_hold_is_cleaned(cast: Cast) -> None:
    raw = intake.keep_raw("small", "x", b"odd", at=MONDAY)
    odd = IncomingMessage(sender=DANA, subject="a\0b\nc", text="nul \0 and lone \ud800 surrogate")
    taken = intake.take_in(raw, odd, at=MONDAY)
    assert taken.ticket is not None
    assert ticket_row(taken.ticket).subject == "ab c"


def test_an_erased_customer_leaves_no_words_and_the_books_still_verify(cast: Cast) -> None:
    number = dana_writes("Dana Miller here", message_id="<m@example.com>").ticket
    assert number is not None
    customer = ticket_row(number).customer_id
    assert customer is not None
    with pytest.raises(NotFound):
        erasing.erase(customer, by=cast.eve, desk=cast.desk, at=SOON)
    erasing.erase(customer, by=cast.chen, desk=cast.desk, at=SOON)
    assert Customer.objects.get(pk=customer).name == erasing.ERASED
    left = [str(m.text) + m.sender for m in Message.objects.filter(ticket_id=number)]
    assert "Miller" not in str(left)
    assert bytes(RawMessage.objects.get(ticket_id=number).body) == b""
    assert MessageIdSeen.objects.filter(ticket_id=number).exists()
    assert verify().ok
