"""The ticket page: read it, answer it, act on it; a refusal quotes its clause."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from kept import clock
from kept.records.models import Message, Outbox, StepEvidence, Ticket
from kept.services import conversation
from tests.people import Cast
from tests.web.conftest import ago
from tests.web.reading import kept_values, words

HTMX = {"HX-Request": "true", "HX-Target": "ticket"}


def test_the_page_says_who_what_and_by_when(amira: Client, ticket: int) -> None:
    said = words(amira.get(f"/tickets/{ticket}"))
    assert f"Help #{ticket} P1 Dana" in said
    assert "reply in 54 min" in said
    assert "My screen is dark." in said
    assert "Close: Resolve the ticket first. small.ending.close" in said


def test_a_reply_goes_out_and_the_clock_ticks_as_kept(amira: Client, ticket: int) -> None:
    answer = amira.post(f"/tickets/{ticket}/messages", {"kind": "public", "text": "Press it."})
    assert (answer.status_code, answer["Location"]) == (302, f"/tickets/{ticket}")
    assert Outbox.objects.filter(payload__text__contains="Press it.").exists()
    said = words(amira.get(f"/tickets/{ticket}"))
    assert "kept" in said
    assert "Amira by email" in said


def test_the_same_form_sent_twice_is_one_reply(amira: Client, ticket: int) -> None:
    for _ in range(2):
        amira.post(f"/tickets/{ticket}/messages", {"text": "Once.", "key": "k1"})
    assert Message.objects.filter(text="Once.").count() == 1


def test_a_note_stays_inside(amira: Client, ticket: int) -> None:
    amira.post(f"/tickets/{ticket}/messages", {"kind": "note", "text": "The cable, I think."})
    assert not Outbox.objects.filter(payload__text__contains="cable").exists()
    assert "Amira noted, for us only" in words(amira.get(f"/tickets/{ticket}"))


def test_a_refused_close_quotes_the_clause_and_what_would_allow_it(
    amira: Client, ticket: int
) -> None:
    answer = amira.post(f"/tickets/{ticket}/closures")
    assert answer.status_code == 409
    said = words(answer)
    assert "Close is refused by small.ending.close" in said
    assert "A ticket is closed only once it is resolved." in said
    assert "Resolve the ticket first." in said
    assert 'href="/sop/small#small.ending.close"' in kept_values(answer)


def test_htmx_gets_the_refusal_in_the_ticket_alone(amira: Client, ticket: int) -> None:
    answer = amira.post(f"/tickets/{ticket}/closures", headers=HTMX)
    assert answer.status_code == 409
    assert "<html" not in kept_values(answer)
    assert "refused by small.ending.close" in words(answer)


def test_a_reply_that_cannot_go_keeps_every_word(amira: Client, ticket: int) -> None:
    typed = {"text": "Dear Dana, [part] it is.", "template": "parts"}
    answer = amira.post(f"/tickets/{ticket}/messages", typed)
    assert answer.status_code == 422
    assert "Dear Dana, [part] it is." in kept_values(answer)
    assert 'name="given-part"' in kept_values(answer)
    amira.post(f"/tickets/{ticket}/messages", {**typed, "given-part": "a fuse"})
    assert Message.objects.filter(text="Dear Dana, a fuse it is.").exists()


def test_an_escalation_wants_the_hand_off_of_the_sop(amira: Client, ticket: int) -> None:
    page = kept_values(amira.get(f"/tickets/{ticket}"))
    assert "What was tried" in page
    empty = amira.post(f"/tickets/{ticket}/escalations", {"to": "L2", "reason": "unsolved"})
    assert empty.status_code == 422
    assert "the SOP wants this" in words(empty)
    assert Ticket.objects.get(pk=ticket).level != "L2"
    whole = {"to": "L2", "reason": "unsolved", "tried": "Pulled every plug."}
    moved = amira.post(f"/tickets/{ticket}/escalations", whole)
    assert moved.status_code == 302, words(moved)
    assert Ticket.objects.get(pk=ticket).level == "L2"
    assert StepEvidence.objects.filter(answers__tried="Pulled every plug.").exists()


def test_a_step_is_done_with_its_evidence(amira: Client, ticket: int) -> None:
    typed = {"step": "write_attempt", "what": "A new cable", "worked": "no"}
    wrong = amira.post(f"/tickets/{ticket}/steps", {**typed, "worked": "perhaps"})
    assert wrong.status_code == 422
    assert 'value="write_attempt"' in kept_values(wrong)
    assert "A new cable" in kept_values(wrong)
    assert amira.post(f"/tickets/{ticket}/steps", typed).status_code == 302
    assert "done by Amira" in words(amira.get(f"/tickets/{ticket}"))


def test_what_a_require_clause_stops_may_be_passed_with_a_reason(
    amira: Client, ticket: int
) -> None:
    refused = amira.post(f"/tickets/{ticket}/resolutions")
    assert refused.status_code == 409
    assert 'name="override"' in kept_values(refused)
    passed = amira.post(f"/tickets/{ticket}/resolutions", {"override": "Dana fixed it herself."})
    assert passed.status_code == 302
    assert Ticket.objects.get(pk=ticket).status == "resolved"


def test_waiting_needs_a_question_first(amira: Client, ticket: int) -> None:
    assert amira.post(f"/tickets/{ticket}/waits", {"who": "customer"}).status_code == 409
    both = {"text": "Which cable is it?", "then": "wait"}
    assert amira.post(f"/tickets/{ticket}/messages", both).status_code == 302
    assert "waiting on the customer" in words(amira.get(f"/tickets/{ticket}"))


def test_a_reply_that_went_out_is_not_offered_again_when_what_follows_is_refused(
    amira: Client, ticket: int
) -> None:
    answer = amira.post(f"/tickets/{ticket}/messages", {"text": "Done.", "then": "resolve"})
    assert answer.status_code == 409
    assert Message.objects.filter(text="Done.").exists()
    assert ">Done.</textarea>" not in kept_values(answer)


def test_a_promised_time_is_owed_from_then_on(amira: Client, ticket: int) -> None:
    due = (clock.now() + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    form = {"what": "update", "due": due}
    assert amira.post(f"/tickets/{ticket}/promises", form).status_code == 302
    assert "promise in 29 h" in words(amira.get(f"/tickets/{ticket}"))
    part = amira.get(f"/tickets/{ticket}", headers=HTMX)
    assert "keep the promise" in words(part), "the customer's panel needs no page around it"
    past = {"what": "update", "due": "2020-01-01T10:00"}
    assert amira.post(f"/tickets/{ticket}/promises", past).status_code == 422


def test_money_needs_a_second_person(amira: Client, chen: Client, ticket: int) -> None:
    amira.post(f"/tickets/{ticket}/approvals", {"kind": "refund", "amount": "150.00"})
    assert "refund, USD 150.00" in words(chen.get(f"/tickets/{ticket}"))
    own = amira.post(
        f"/tickets/{ticket}/approval-decisions", {"kind": "refund", "decision": "approve"}
    )
    assert own.status_code in {403, 409}
    chen.post(f"/tickets/{ticket}/approval-decisions", {"kind": "refund", "decision": "approve"})
    paid = amira.post(f"/tickets/{ticket}/payments", {"kind": "refund", "amount": "150.00"})
    assert paid.status_code == 302


def test_the_whole_way_to_a_closed_ticket(amira: Client, ticket: int) -> None:
    amira.post(f"/tickets/{ticket}/messages", {"text": "Solved."})
    amira.post(
        f"/tickets/{ticket}/steps", {"step": "write_attempt", "what": "Fuse", "worked": "yes"}
    )
    for act in ("resolutions", "confirmations", "closures"):
        assert amira.post(f"/tickets/{ticket}/{act}").status_code == 302, act
    assert Ticket.objects.get(pk=ticket).status == "closed"
    said = words(amira.get(f"/tickets/{ticket}"))
    assert "Amira closed it" in said
    assert "Nothing is owed on this ticket now." in said


def test_markup_in_a_mail_is_words(amira: Client, desk: Cast) -> None:
    from tests.people import dana_asks

    number = dana_asks("<script>window.__pwn=1</script><b>bold</b>", at=ago(3))
    page = amira.get(f"/tickets/{number}").content.decode()
    assert "<script>window" not in page
    assert "&lt;script&gt;" in page


def test_html_mail_is_framed_and_can_do_nothing(amira: Client, ticket: int) -> None:
    message = Message.objects.filter(ticket_id=ticket).first()
    assert message
    Message.objects.filter(pk=message.pk).update(html="<p>Set <b>nicely</b></p>")
    assert 'sandbox="allow-popups"' in kept_values(amira.get(f"/tickets/{ticket}"))
    frame = amira.get(f"/messages/{message.pk}/frame")
    policy = frame["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert "sandbox" in policy


@pytest.mark.parametrize("noun", ["unicorns", "messages/extra", ""])
def test_an_act_that_is_none_is_not_there(amira: Client, ticket: int, noun: str) -> None:
    assert amira.post(f"/tickets/{ticket}/{noun}").status_code in {404, 405}


def test_a_long_talk_costs_no_more_statements(
    amira: Client,
    desk: Cast,
    ticket: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(6):
        conversation.note(ticket, by=desk.amira, at=clock.now(), text=f"Note {number}")
    amira.get(f"/tickets/{ticket}")
    with django_assert_max_num_queries(42):  # panels read for themselves, each a bounded few
        amira.get(f"/tickets/{ticket}")
