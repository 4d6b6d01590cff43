"""Mails leave under lease and fence, in order, and tell the ticket when they cannot."""

from datetime import timedelta

import pytest

from kept.records.models import Alarm, Journal, Outbox
from kept.services import conversation, outbox
from kept.services.errors import Conflict, NotFound
from tests.people import MONDAY, Cast, dana_asks, ticket_row

LEASE = timedelta(seconds=61)


def test_a_mail_is_leased_to_one_worker(cast: Cast) -> None:
    dana_asks()
    assert len(outbox.claim(at=MONDAY)) == 1
    assert outbox.claim(at=MONDAY) == ()


def test_a_worker_that_lost_its_lease_is_refused_and_the_copy_is_the_same_mail(cast: Cast) -> None:
    dana_asks()
    slow = outbox.claim(at=MONDAY)[0]
    quick = outbox.claim(at=MONDAY + LEASE)[0]
    assert quick.fence == slow.fence + 1
    assert quick.mail.message_id == slow.mail.message_id
    assert outbox.mark_sent(slow, at=MONDAY + LEASE) is False
    assert outbox.mark_sent(quick, at=MONDAY + LEASE) is True
    assert outbox.mark_sent(quick, at=MONDAY + LEASE) is False


def test_one_tickets_mails_leave_in_order(cast: Cast) -> None:
    number = dana_asks()
    conversation.reply(number, by=cast.amira, at=MONDAY, text="Second.")
    first = outbox.claim(at=MONDAY)
    assert [claimed.mail.automatic for claimed in first] == [True]
    outbox.mark_failed(first[0], "450 later", at=MONDAY)
    assert outbox.claim(at=MONDAY) == ()
    again = outbox.claim(at=MONDAY + timedelta(minutes=2))
    outbox.mark_sent(again[0], at=MONDAY)
    assert [c.mail.text for c in outbox.claim(at=MONDAY)] == ["Second."]


def test_what_never_arrives_becomes_a_fact_on_the_ticket(cast: Cast) -> None:
    number = dana_asks()
    claimed = outbox.claim(at=MONDAY)[0]
    assert outbox.mark_failed(claimed, "550 no such user", at=MONDAY, permanent=True)
    assert Outbox.objects.get().state == "failed"
    assert ticket_row(number).needs_attention
    assert Journal.objects.filter(ticket_id=number, fact__event="delivery_failed").count() == 1


def test_a_fault_of_the_server_costs_a_mail_no_attempt(cast: Cast) -> None:
    dana_asks()
    outbox.hold_back(outbox.claim(at=MONDAY)[0], "535 wrong password", at=MONDAY)
    row = Outbox.objects.get()
    assert (row.state, row.attempts) == ("queued", 0)
    assert Alarm.objects.get(key="outbox:server").cleared_at is None


def test_a_person_may_hold_and_send_a_mail_of_their_desk(cast: Cast) -> None:
    dana_asks()
    row = Outbox.objects.get()
    with pytest.raises(NotFound):
        outbox.undo(row.pk, by=cast.eve, at=MONDAY)
    outbox.undo(row.pk, by=cast.amira, at=MONDAY)
    assert outbox.claim(at=MONDAY) == ()
    outbox.send_anyway(row.pk, by=cast.amira, at=MONDAY)
    claimed = outbox.claim(at=MONDAY)
    assert len(claimed) == 1
    with pytest.raises(Conflict):
        outbox.undo(row.pk, by=cast.amira, at=MONDAY)
