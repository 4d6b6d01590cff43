"""What the desk knows of a customer reaches the SOP: on care, by mail, from end to end."""

from datetime import timedelta
from pathlib import Path

import pytest

from kept.records.models import Customer, Journal, Message, Ticket
from kept.services import conversation, endings, tickets, work
from kept.services.locking import read_state
from kept.services.verify import verify
from tests.people import DANA, MONDAY, Cast, raise_the_curtain, ticket_row

CARE = (Path(__file__).parent.parent.parent / "sops" / "care.md").read_text()


@pytest.fixture
def cast(db: None) -> Cast:
    return raise_the_curtain(CARE)


def asks(*, days: int = 0) -> int:
    opening = tickets.Opening(subject="Help", text="The hub is dark.", channel="email")
    at = MONDAY + timedelta(days=days)
    return tickets.open_ticket("small", opening, address=DANA, name="Dana", at=at).ticket


def told(number: int) -> dict[str, object]:
    first = Journal.objects.filter(ticket_id=number).order_by("seq")[0]
    return dict(first.fact.get("fields", {}))


def survey(number: int, *, days: int) -> None:
    row = ticket_row(number)
    Message.objects.create(
        ticket_id=number, kind="public", direction="out", channel="email", template="survey",
        text="How was it?", customer_id=row.customer_id, sent_at=MONDAY + timedelta(days=days),
    )  # fmt: skip


def test_the_channel_a_customer_prefers_is_known_from_the_second_ticket(cast: Cast) -> None:
    number = asks()
    assert "preferred_channel" not in told(number)
    Customer.objects.filter(pk=ticket_row(number).customer_id).update(preferred_channel="whatsapp")
    assert told(asks(days=1))["preferred_channel"] == "whatsapp"
    assert verify().ok


def test_a_channel_that_the_sop_does_not_know_is_not_told(cast: Cast) -> None:
    number = asks()
    Customer.objects.filter(pk=ticket_row(number).customer_id).update(preferred_channel="telex")
    assert "preferred_channel" not in told(asks(days=1))


def test_a_survey_is_not_sent_again_within_the_gap_of_the_policy(cast: Cast) -> None:
    number = asks()
    survey(number, days=1)

    for days, sent, flags in ((7, 0, ("survey_withheld",)), (9, 1, ())):
        again = asks(days=days)
        at = MONDAY + timedelta(days=days)
        work.triage(again, by=cast.amira, at=at, severity="P5", topic="general")
        conversation.reply(again, by=cast.amira, at=at, text="Press the button.")
        due = at + timedelta(days=1)
        work.promise(again, by=cast.amira, at=at, what="resolution", due=due)
        endings.resolve(again, by=cast.amira, at=at)
        assert Message.objects.filter(ticket=again, template="survey").count() == sent
        state = read_state(bytes(Ticket.objects.get(pk=again).state))
        assert state.facts["flags"] == flags
    assert verify().ok


def test_an_sop_without_such_fields_is_told_nothing(db: None) -> None:
    raise_the_curtain()
    opening = tickets.Opening(subject="Help", text="Dark.", channel="email")
    number = tickets.open_ticket("small", opening, address=DANA, name="Dana", at=MONDAY).ticket
    assert told(number) == {}
