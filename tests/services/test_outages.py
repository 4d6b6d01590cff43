"""An outage is a record on a desk; while it runs, the clauses of limited service hold."""

from datetime import timedelta
from pathlib import Path

import pytest

from kept.records.models import Message, Outage, OutageContact, Ticket
from kept.records.queries.queue import queue_page
from kept.records.queries.views import QueueFilter
from kept.services import outages, people, work
from kept.services.errors import Conflict, NotAllowed, NotFound, NotValid
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, everybody_signs, raise_the_curtain, ticket_row

SOP = Path(__file__).parents[2] / "sops" / "retail.md"
LATER = MONDAY + timedelta(minutes=20)
NOTICE = "Paying by card does not work since nine."


@pytest.fixture
def cast(db: None) -> Cast:
    made = raise_the_curtain(SOP.read_text("utf-8"))
    people.add_membership(made.bo, "small", role="supervisor", level="L2", team="leads")
    return everybody_signs(made)


def declared(cast: Cast) -> int:
    return outages.declare("small", name="Card payments", notice=NOTICE, by=cast.bo, at=MONDAY)


def mails(ticket: int, template: str) -> list[str]:
    rows = Message.objects.filter(ticket=ticket, template=template)
    return list(rows.values_list("text", flat=True))


def test_customers_with_an_open_ticket_hear_of_it_before_they_ask(cast: Cast) -> None:
    number = dana_asks()
    declared(cast)

    assert outages.tell_tickets(at=LATER) == 1
    assert outages.tell_tickets(at=LATER) == 0

    (text,) = mails(number, "disruption")
    assert NOTICE in text


def test_whoever_writes_during_it_is_told_at_once_and_tied_to_the_record(cast: Cast) -> None:
    outage = declared(cast)

    number = dana_asks()

    assert len(mails(number, "disruption")) == 1
    assert OutageContact.objects.get(outage=outage).ticket_id == number
    outages.tell_tickets(at=LATER)
    assert len(mails(number, "disruption")) == 1


def test_those_who_were_told_hear_that_it_is_over(cast: Cast) -> None:
    before, outage = dana_asks(), declared(cast)
    during = dana_asks()
    outages.tell_tickets(at=MONDAY)

    outages.end(outage, by=cast.bo, at=LATER)
    assert outages.tell_tickets(at=LATER) == 2
    assert outages.tell_tickets(at=LATER) == 0

    assert len(mails(before, "restored")) == len(mails(during, "restored")) == 1
    after = dana_asks()
    assert mails(after, "disruption") == []


def test_a_contact_without_a_link_to_it_is_untied_and_counted(cast: Cast) -> None:
    outage = declared(cast)
    number = dana_asks()

    outages.untie(number, by=cast.amira, at=LATER)

    assert OutageContact.objects.get().untied_by_id == cast.amira
    outages.end(outage, by=cast.bo, at=LATER)
    outages.tell_tickets(at=LATER)
    assert mails(number, "restored") == []
    with pytest.raises(Conflict):
        outages.untie(number, by=cast.amira, at=LATER)


def test_one_outage_runs_at_a_time(cast: Cast) -> None:
    outage = declared(cast)
    with pytest.raises(Conflict):
        declared(cast)
    outages.end(outage, by=cast.bo, at=LATER)
    with pytest.raises(Conflict):
        outages.end(outage, by=cast.bo, at=LATER)
    declared(cast)


def test_only_those_with_the_right_declare_and_end_one(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        outages.declare("small", name="x", notice="", by=cast.amira, at=MONDAY)
    with pytest.raises(NotFound):
        outages.declare("small", name="x", notice="", by=cast.eve, at=MONDAY)
    with pytest.raises(NotValid):
        outages.declare("small", name=" ", notice="", by=cast.bo, at=MONDAY)
    outage = declared(cast)
    with pytest.raises(NotAllowed):
        outages.end(outage, by=cast.amira, at=MONDAY)
    with pytest.raises(NotFound):
        outages.end(outage, by=cast.eve, at=MONDAY)


def test_the_queue_puts_the_urgent_first_while_it_runs(cast: Cast) -> None:
    soon, urgent, none = dana_asks(), dana_asks(), dana_asks()
    work.triage(soon, by=cast.amira, at=MONDAY, severity="standard")
    work.triage(none, by=cast.amira, at=MONDAY, severity="standard")
    work.triage(urgent, by=cast.amira, at=MONDAY, severity="urgent")
    Ticket.objects.filter(pk=urgent).update(queue_key=2**62)

    wanted = QueueFilter(desk="small")
    assert queue_page(cast.amira, wanted, at=LATER).rows[-1].id == urgent
    outage = declared(cast)
    outages.tell_tickets(at=LATER)
    assert Outage.objects.get().queue_by == "severity"
    Ticket.objects.filter(pk=urgent).update(queue_key=2**62)
    walked = []
    page = queue_page(cast.amira, wanted, at=LATER, limit=1)
    while True:
        walked += [row.id for row in page.rows]
        if page.next_cursor is None:
            break
        page = queue_page(cast.amira, wanted, at=LATER, cursor=page.next_cursor, limit=1)
    assert walked == [urgent, soon, none]
    outages.end(outage, by=cast.bo, at=LATER)
    assert queue_page(cast.amira, wanted, at=LATER).rows[-1].id == urgent


def test_an_outage_stops_no_clock_and_the_books_verify(cast: Cast) -> None:
    number = dana_asks()
    due = ticket_row(number).next_due_at
    outage = declared(cast)
    dana_asks()
    outages.tell_tickets(at=MONDAY)
    assert ticket_row(number).next_due_at == due
    outages.end(outage, by=cast.bo, at=LATER)
    outages.tell_tickets(at=LATER)

    report = verify()
    assert report.ok, report.faults
