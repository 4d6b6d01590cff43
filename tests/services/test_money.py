"""Refunds: split duties, sums over tickets, exactly one payout."""

from datetime import timedelta

import pytest

from kept.records.models import ApprovalRow, Journal, Notification, Payment
from kept.services import approvals
from kept.services.errors import NotFound, NotValid, Refused
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks

AT = MONDAY + timedelta(minutes=5)


def test_a_large_refund_waits_for_the_manager(cast: Cast) -> None:
    number = dana_asks()
    with pytest.raises(Refused) as refusal:
        approvals.pay(number, by=cast.amira, at=AT, kind="refund", amount=15000)
    assert refusal.value.because.clause == "small.money.refund"
    approvals.ask(number, by=cast.amira, at=AT, kind="refund", amount=15000)
    assert ApprovalRow.objects.get(ticket_id=number).result == ""
    assert Notification.objects.filter(agent_id=cast.chen).exists()

    approvals.approve(number, by=cast.chen, at=AT, kind="refund")
    approvals.pay(number, by=cast.amira, at=AT, kind="refund", amount=15000, key="p")
    approvals.pay(number, by=cast.amira, at=AT, kind="refund", amount=15000, key="p")
    assert [p.amount for p in Payment.objects.all()] == [15000]
    assert ApprovalRow.objects.get(ticket_id=number).result == "approved"
    assert verify().ok


def test_nobody_approves_their_own_request(cast: Cast) -> None:
    number = dana_asks()
    approvals.ask(number, by=cast.chen, at=AT, kind="refund", amount=15000)
    with pytest.raises(Refused):
        approvals.approve(number, by=cast.chen, at=AT, kind="refund")
    with pytest.raises(NotFound):
        approvals.approve(number, by=cast.eve, at=AT, kind="refund")
    assert Payment.objects.count() == 0
    assert Journal.objects.filter(ticket_id=number, refused=True).count() == 1


@pytest.mark.parametrize("written", ["-5", "NaN", "1e309", "0", "5.001", "Infinity", "five", ""])
def test_an_absurd_amount_is_no_amount(written: str) -> None:
    with pytest.raises(NotValid):
        approvals.amount_of(written)


def test_an_amount_is_read_as_people_write_it() -> None:
    assert approvals.amount_of("1,250.50") == 125050
