"""The demo is a life that the books can tell again."""

import pytest

from kept import clock
from kept.demo.play import play
from kept.records.models import ApprovalRow, CommitmentRow, Outbox, Ticket, TicketLink
from kept.services import verify

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_weeks_of_the_demo_play_without_a_refusal_and_verify() -> None:
    said: list[str] = []
    count = play(password="a password for the demo", now=clock.now(), say=said.append)
    assert said == []
    assert count == Ticket.objects.count() > 40
    assert set(Ticket.objects.values_list("status", flat=True)) >= {"closed", "open", "waiting"}
    assert Outbox.objects.exists()
    report = verify.verify()
    assert report.ok, report.faults
    assert report.rows > 800
    assert mostly_kept("retail") and mostly_kept("esc")
    assert TicketLink.objects.filter(kind="child_of").exists()
    assert ApprovalRow.objects.filter(result="").exists()


def mostly_kept(desk: str) -> bool:
    """Tell whether a desk of the demo keeps nearly all, but not everything."""
    judged = CommitmentRow.objects.filter(desk__slug=desk)
    kept, missed = (judged.filter(verdict=verdict).count() for verdict in ("kept", "missed"))
    return 0 < missed < kept / 8
