"""Agents' verbs: rights, refusals, duplicates, what each does to rows."""

from datetime import timedelta

import pytest

from kept.records.models import (
    CommitmentRow,
    Journal,
    Message,
    Notification,
    Outbox,
    StepEvidence,
)
from kept.services import conversation, endings, notices, work
from kept.services.errors import NotFound, NotValid, Refused
from kept.services.verify import verify
from tests.people import MONDAY, Cast, dana_asks, ticket_row

SOON = MONDAY + timedelta(minutes=10)


def test_a_reply_keeps_the_first_response_and_goes_out_once(cast: Cast) -> None:
    number = dana_asks()
    conversation.reply(number, by=cast.amira, at=SOON, text="Press the button.", key="k1")
    conversation.reply(number, by=cast.amira, at=SOON, text="Press the button.", key="k1")

    clock = CommitmentRow.objects.get(ticket_id=number, name="first_response")
    assert (clock.verdict, clock.settled_at) == ("kept", SOON)
    mails = Outbox.objects.filter(ticket_id=number).exclude(payload__has_key="automatic")
    assert [mail.payload["text"] for mail in mails] == ["Press the button."]
    assert mails[0].payload["reply_token"]
    assert verify().ok


def test_a_reply_threads_under_what_came_before(cast: Cast) -> None:
    number = dana_asks()
    conversation.reply(number, by=cast.amira, at=SOON, text="One.")
    conversation.reply(number, by=cast.amira, at=SOON, text="Two.")

    first, second = Outbox.objects.filter(ticket_id=number).order_by("-id")[:2][::-1]
    assert first.mail_id in second.payload["references"]
    assert first.payload["reply_token"] == second.payload["reply_token"]


def test_eve_of_another_desk_finds_no_ticket(cast: Cast) -> None:
    number = dana_asks()
    with pytest.raises(NotFound):
        conversation.reply(number, by=cast.eve, at=SOON, text="Hello")
    with pytest.raises(NotFound):
        work.assign(number, by=cast.amira, at=SOON, agent=cast.eve)
    assert Journal.objects.filter(ticket_id=number).count() == 1


def test_a_refused_act_is_on_record_and_names_its_clause(cast: Cast) -> None:
    number = dana_asks()
    with pytest.raises(Refused) as refusal:
        endings.close(number, by=cast.amira, at=SOON)

    assert refusal.value.because.clause == "small.ending.close"
    assert refusal.value.say == "Resolve the ticket first."
    row = Journal.objects.get(ticket_id=number, seq=2)
    assert row.refused
    assert row.decisions[-1]["kind"] == "refuse"
    assert ticket_row(number).status == "new"
    assert verify().ok


def test_a_template_with_an_open_blank_is_not_sent(cast: Cast) -> None:
    number = dana_asks()
    with pytest.raises(NotValid, match="part"):
        conversation.reply(number, by=cast.amira, at=SOON, template="parts")
    conversation.reply(
        number, by=cast.amira, at=SOON, template="parts", given={"part": "{{ desk.name }}"}
    )
    sent = Outbox.objects.filter(ticket_id=number).order_by("-id")[0]
    assert sent.payload["text"] == "The part is {{ desk.name }}."


def test_a_note_never_becomes_mail(cast: Cast) -> None:
    number = dana_asks()
    before = Outbox.objects.count()
    conversation.note(number, by=cast.amira, at=SOON, text="She sounds upset.")
    assert Outbox.objects.count() == before
    assert Message.objects.get(kind="note").text == "She sounds upset."


def test_a_promise_gets_a_clock_of_its_own(cast: Cast) -> None:
    number = dana_asks()
    conversation.reply(number, by=cast.amira, at=SOON, text="News by noon.")
    due = MONDAY + timedelta(hours=3)
    work.promise(number, by=cast.amira, at=SOON, what="update", due=due)
    assert CommitmentRow.objects.get(ticket_id=number, kind="promise").due_at == due
    with pytest.raises(NotValid):
        work.promise(number, by=cast.amira, at=SOON, what="update", due=MONDAY)


def test_waiting_needs_a_question_first(cast: Cast) -> None:
    number = dana_asks(severity="P1")
    with pytest.raises(Refused):
        work.wait(number, by=cast.amira, at=SOON, who="customer")
    conversation.reply(number, by=cast.amira, at=SOON, text="Which screen?")
    work.wait(number, by=cast.amira, at=SOON + timedelta(minutes=1), who="customer")
    assert ticket_row(number).status == "waiting"
    assert CommitmentRow.objects.get(ticket_id=number, name="resolution").paused


def test_triage_starts_the_clock_from_the_beginning(cast: Cast) -> None:
    number = dana_asks()
    work.triage(number, by=cast.amira, at=SOON, severity="P1")
    clock = CommitmentRow.objects.get(ticket_id=number, name="resolution")
    assert clock.due_at == MONDAY + timedelta(hours=4)


def test_an_outage_is_routed_to_the_front_team_with_reasons(cast: Cast) -> None:
    number = dana_asks("There is an outage.")
    ticket = ticket_row(number)
    assert (ticket.team, ticket.owner_id) == ("front", cast.amira)
    assigned = Journal.objects.get(ticket_id=number, seq=2)
    assert assigned.fact["event"] == "assigned"
    assert assigned.fact["fields"]["why_assigned"] == ["availability: has", "workload: 0"]
    assert Notification.objects.filter(agent_id=cast.amira).exists()


def test_evidence_is_kept_outside_the_journal(cast: Cast) -> None:
    number = dana_asks()
    work.fill_form(
        number, by=cast.amira, at=SOON, form="handoff",
        answers={"tried": "Asked Dana Miller", "urgent": "yes"},
    )  # fmt: skip
    assert StepEvidence.objects.get().answers["tried"] == "Asked Dana Miller"
    fact = Journal.objects.get(ticket_id=number, seq=2).fact
    assert "Miller" not in str(fact)
    assert fact["fields"]["handoff.urgent"] is True
    with pytest.raises(NotValid, match="What was tried is missing"):
        work.fill_form(number, by=cast.amira, at=SOON, form="handoff", answers={})


def test_accepting_silences_the_page_for_everybody(cast: Cast) -> None:
    number = dana_asks()
    _let_the_first_response_be_missed(number)
    page = Notification.objects.get(ticket_id=number, agent_id=cast.bo, page__startswith="small")
    notices.acknowledge(page.pk, by=cast.bo, at=SOON)
    page.refresh_from_db()
    assert page.acknowledged_at == SOON
    with pytest.raises(NotFound):
        notices.acknowledge(page.pk, by=cast.amira, at=SOON)


def test_merging_moves_the_words_and_keeps_the_earlier_due(cast: Cast) -> None:
    first = dana_asks()
    second = dana_asks(at=SOON)
    endings.merge(first, into=second, by=cast.amira, at=SOON + timedelta(minutes=5))
    assert ticket_row(first).status == "merged"
    clock = CommitmentRow.objects.get(ticket_id=second, name="first_response")
    assert clock.due_at == MONDAY + timedelta(hours=1)
    assert verify().ok


def _let_the_first_response_be_missed(number: int) -> None:
    from kept.services import clocks

    clocks.fire_ticket(number, at=MONDAY + timedelta(hours=1))
