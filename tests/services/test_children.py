"""An escalation opens a ticket of its own with the team of the level, and it tells its parent.

The desk runs the handbook that ships with Kept; the sheet is the one its clause names.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from kept.records.models import CommitmentRow, Journal, Message, Notification, Outbox, Ticket
from kept.records.queries.linked import links_of
from kept.services import endings, people, work
from kept.services.errors import Refused
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, raise_the_curtain, ticket_row

SOP = Path(__file__).parents[2] / "sops" / "esc.md"
LATER = MONDAY + timedelta(minutes=20)
SHEET = {
    "issue_type": "sync", "issue": "Nothing is synchronised", "urgency": "P3",
    "attempts": ["restarted the agent", "renewed the key"], "impact": "Twelve shops stand still",
    "next_steps": "Read the server's log", "check_in": "15:00",
}  # fmt: skip
ANSWER = {"found": "The key had run out.", "tell": "Sign in again."}
WORK = {
    "attempt": {"remedy": "x", "actions": ["x"], "tested": "x", "result": "solved"},
    "tested": {"how": "x", "works": "yes"},
}  # fmt: skip


@pytest.fixture
def cast(db: None) -> Cast:
    made = raise_the_curtain(SOP.read_text("utf-8"))
    people.add_membership(made.bo, "small", role="specialist", level="L2", team="technical")
    return made


def escalated(cast: Cast) -> int:
    """Return a ticket that Amira escalates with its sheet."""
    number = dana_asks()
    work.triage(number, by=cast.amira, at=MONDAY, severity="P3")
    work.assign(number, by=cast.amira, at=MONDAY, agent=cast.amira)
    work.escalate(number, by=cast.amira, at=LATER, to="L2", reason="beyond_expertise", form=SHEET)
    return number


def answered(child: int, cast: Cast, *, hours: int) -> None:
    """The team writes its answer and resolves the escalation ticket."""
    at = LATER + timedelta(hours=hours)
    work.fill_form(child, by=cast.bo, at=at, form="answer", answers=ANSWER)
    endings.resolve(child, by=cast.bo, at=at)


def child_of(parent: int) -> Ticket:
    return Ticket.objects.exclude(pk=parent).get()


def test_the_escalation_ticket_bears_the_sheet_in_the_words_of_the_people(cast: Cast) -> None:
    parent = escalated(cast)

    child = child_of(parent)
    assert child.subject == f"Escalation to Level 2 - sync - Ticket #{parent}"
    sheet = Message.objects.get(ticket=child)
    assert sheet.kind == "note"
    assert "Tried so far: restarted the agent; renewed the key" in sheet.text
    assert "Twelve shops stand still" in sheet.text
    assert "dana@example.com" in sheet.text
    assert (child.team, child.level, child.severity) == ("technical", "L2", "P3")
    assert child.customer is None


def test_it_has_clocks_of_its_own_and_none_of_the_first_tickets(cast: Cast) -> None:
    parent = escalated(cast)

    rows = CommitmentRow.objects.filter(ticket=child_of(parent)).values_list("name", "due_at")
    assert dict(rows) == {
        "child_taken": LATER + timedelta(hours=1), "child_answered": LATER + timedelta(hours=4),
    }  # fmt: skip


def test_both_tickets_show_the_link(cast: Cast) -> None:
    parent = escalated(cast)
    child = child_of(parent)

    (down,) = links_of(cast.amira, parent)
    (up,) = links_of(cast.bo, child.pk)
    assert (down.reads, down.ticket, down.clause) == ("parent_of", child.pk, "esc.S4.1")
    assert (up.reads, up.ticket, up.made_by) == ("child_of", parent, None)
    assert links_of(cast.eve, parent) == ()


def test_nothing_of_the_sheet_reaches_the_customer(cast: Cast) -> None:
    parent = escalated(cast)

    child = child_of(parent)
    assert not Outbox.objects.filter(ticket=child, recipient="dana@example.com").exists()
    assert not Outbox.objects.filter(payload__text__contains="Twelve shops").exists()
    assert "Twelve shops" not in str(list(Journal.objects.values_list("fact", "decisions")))


def test_the_team_is_told_of_it(cast: Cast) -> None:
    parent = escalated(cast)

    told = Notification.objects.filter(ticket=child_of(parent), agent=cast.bo)
    assert any(f"opened for ticket {parent}" in each.about for each in told)


def test_taking_it_on_takes_the_first_ticket_on(cast: Cast) -> None:
    parent = escalated(cast)

    work.accept(child_of(parent).pk, by=cast.bo, at=LATER + timedelta(minutes=30))

    assert CommitmentRow.objects.get(ticket=parent, name="l2_taken").verdict == "kept"
    assert CommitmentRow.objects.get(ticket=child_of(parent), name="child_taken").verdict == "kept"


def test_solving_it_tells_the_first_ticket_and_its_owner(cast: Cast) -> None:
    parent = escalated(cast)
    child = child_of(parent).pk
    work.assign(parent, by=cast.bo, at=LATER, agent=cast.amira)
    work.accept(child, by=cast.bo, at=LATER + timedelta(minutes=30))

    answered(child, cast, hours=2)

    ended = Journal.objects.get(ticket=parent, fact__event="child_ended")
    assert ended.fact["how"] == "resolved"
    told = Notification.objects.filter(ticket=parent, agent=cast.amira, clause="esc.S4.1")
    assert told.exists()
    endings.reopen(child, by=cast.bo, at=LATER + timedelta(hours=3))
    assert Journal.objects.filter(ticket=parent, fact__event="child_reopened").count() == 1


def test_the_first_ticket_is_not_solved_before_it(cast: Cast) -> None:
    parent = escalated(cast)
    for step, answers in WORK.items():
        work.do_step(parent, by=cast.amira, at=LATER, step=step, answers=answers)

    with pytest.raises(Refused) as refusal:
        endings.resolve(parent, by=cast.amira, at=LATER + timedelta(hours=1))
    assert refusal.value.because.clause == "esc.S4.1"

    answered(child_of(parent).pk, cast, hours=2)
    endings.resolve(parent, by=cast.amira, at=LATER + timedelta(hours=3))
    assert ticket_row(parent).status == "resolved"


def test_a_child_opens_no_further_ticket(cast: Cast) -> None:
    parent = escalated(cast)
    child = child_of(parent).pk
    work.accept(child, by=cast.bo, at=LATER)

    answers = {
        "issue": "x", "details": "x", "cause": "x", "attempts": ["x"], "impact": "x",
        "actions": "x", "check_in": "15:00",
    }  # fmt: skip
    work.escalate(child, by=cast.bo, at=LATER, to="L3", reason="beyond_expertise", form=answers)

    assert ticket_row(child).level == "L3"
    assert Ticket.objects.count() == 2


def test_a_merged_first_ticket_hears_of_it_where_it_lives_on(cast: Cast) -> None:
    parent = escalated(cast)
    child = child_of(parent).pk
    survivor = dana_asks("The same again")
    endings.merge(parent, into=survivor, by=cast.amira, at=LATER)

    answered(child, cast, hours=1)

    assert Journal.objects.filter(ticket=survivor, fact__event="child_ended").exists()


def test_the_books_of_both_verify(cast: Cast) -> None:
    parent = escalated(cast)
    answered(child_of(parent).pk, cast, hours=1)

    report = verify()
    assert report.ok, report.faults
    assert report.tickets == 2
