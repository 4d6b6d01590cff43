"""A ticket comes to be: row, message, fact, commitments and receipt in one transaction."""

from datetime import timedelta

from kept.records.models import CommitmentRow, Journal, Message, Outbox
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, ticket_row


def test_a_new_ticket_has_its_clock_its_receipt_and_its_journal_row(cast: Cast) -> None:
    number = dana_asks()

    ticket = ticket_row(number)
    assert ticket.next_due_at == MONDAY + timedelta(hours=1)
    assert ticket.next_due_clause == "small.resp.first"
    assert ticket.next_timer_at == MONDAY + timedelta(minutes=30)
    assert Journal.objects.filter(ticket_id=number).count() == 1
    assert CommitmentRow.objects.get(ticket_id=number, name="first_response").verdict == "pending"
    receipt = Outbox.objects.get(ticket_id=number)
    assert receipt.recipient == "dana@example.com"
    assert f"we have your request {number}" in receipt.payload["text"]
    assert receipt.payload["automatic"] is True
    assert Message.objects.filter(ticket_id=number, direction="out").count() == 1


def test_the_journal_holds_no_personal_text(cast: Cast) -> None:
    dana_asks("Dana Miller of 5 Elm Street has an outage")

    row = Journal.objects.get(seq=1)
    told = str(row.fact) + str(row.decisions)
    assert "Miller" not in told
    assert "Elm" not in told
    assert row.fact["phrases"] == ["outage"]


def test_the_books_of_a_fresh_ticket_verify(cast: Cast) -> None:
    dana_asks("an outage")

    report = verify()
    assert report.ok, report.faults
    assert (report.tickets, report.rows) == (1, 2)
