"""The demo is a life that the books can tell again."""

import pytest

from kept import clock
from kept.demo.play import play
from kept.records.models import Outbox, Ticket
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
    assert report.rows > 900
