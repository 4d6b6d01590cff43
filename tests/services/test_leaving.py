"""A reply can be taken back for some seconds; the clock counts from the click all the same."""

from datetime import datetime, timedelta

import pytest

from kept.records.models import (
    Attachment,
    Draft,
    Journal,
    LeavingReply,
    Message,
    Notification,
    Outbox,
    Upload,
)
from kept.services import clocks, conversation, drafts, endings, leaving, uploads, verify, work
from kept.services.errors import Conflict, NotFound, NotValid, Refused
from kept.services.leaving import Letter
from kept.services.newer import Newer
from tests.people import MONDAY, Cast, dana_asks, dana_writes, raise_the_curtain, ticket_row
from tests.services.reading import commitment, events
from tests.sop import SMALL

CLICK = MONDAY + timedelta(minutes=10)


def after(seconds: float) -> datetime:
    return CLICK + timedelta(seconds=seconds)


@pytest.fixture
def amira(cast: Cast) -> int:
    leaving.undo_seconds(cast.amira, 10)
    return cast.amira


@pytest.fixture
def ticket(cast: Cast) -> int:
    return dana_asks(at=MONDAY, severity="P1")


def click(
    ticket: int,
    by: int,
    *,
    at: datetime = CLICK,
    text: str = "Which cable?",
    key: str = "k1",
    seen: int | None = None,
    files: tuple[str, ...] = (),
) -> datetime | None:
    letter = Letter(text=text, key=key, seen=seen, files=files)
    return leaving.send_off(ticket, letter, by=by, at=at)


def replies() -> int:
    return Message.objects.filter(agent_id__isnull=False, kind="public").count()


def test_nothing_was_said_until_the_wait_ends(amira: int, ticket: int) -> None:
    assert click(ticket, amira) == after(10)
    assert "agent_public" not in events(ticket, by=amira)
    assert leaving.release_due(at=after(9.9)) == 0
    assert leaving.release_due(at=after(10)) == 1
    assert replies() == 1
    assert commitment(ticket, "first_response").verdict == "kept"


def test_the_clock_counts_from_the_click(amira: int, ticket: int) -> None:
    click(ticket, amira)
    leaving.release_due(at=after(10))
    row = Journal.objects.get(ticket_id=ticket, fact__event="agent_public", by_agent=amira)
    assert (row.at, row.recorded_at) == (CLICK, after(10))
    assert commitment(ticket, "first_response").settled_at == CLICK
    assert Message.objects.get(agent_id=amira).sent_at == CLICK
    assert verify.verify_ticket(ticket)[1] is None


def test_an_undone_reply_leaves_no_trace_in_the_journal_and_its_words_in_the_draft(
    amira: int, ticket: int
) -> None:
    before = list(Journal.objects.values_list("hash", flat=True))
    click(ticket, amira)
    reply = LeavingReply.objects.get()
    leaving.undo(reply.pk, by=amira, at=after(4))
    assert leaving.release_due(at=after(60)) == 0
    assert [bytes(one) for one in Journal.objects.values_list("hash", flat=True)] == [
        bytes(one) for one in before
    ]
    assert replies() == 0
    assert Outbox.objects.filter(cause__startswith="m").count() <= 1  # the receipt alone
    assert Draft.objects.get(agent_id=amira, name="").text == "Which cable?"
    reply.refresh_from_db()
    assert (reply.state, reply.text) == ("undone", "")
    assert commitment(ticket, "first_response").verdict == "pending"


def test_undoing_puts_what_was_written_since_then_aside(amira: int, ticket: int) -> None:
    click(ticket, amira)
    drafts.save(ticket, by=amira, at=after(2), text="And another thing")
    leaving.undo(LeavingReply.objects.get().pk, by=amira, at=after(4))
    assert set(Draft.objects.values_list("text", flat=True)) == {
        "Which cable?", "And another thing",
    }  # fmt: skip


def test_what_has_left_cannot_be_undone(amira: int, ticket: int) -> None:
    click(ticket, amira)
    leaving.release_due(at=after(11))
    with pytest.raises(Conflict, match="left already"):
        leaving.undo(LeavingReply.objects.get().pk, by=amira, at=after(11))


def test_only_its_author_takes_a_reply_back(cast: Cast, amira: int, ticket: int) -> None:
    click(ticket, amira)
    for other in (cast.bo, cast.eve):
        with pytest.raises(NotFound):
            leaving.undo(LeavingReply.objects.get().pk, by=other, at=after(1))


def test_a_double_click_sends_once(amira: int, ticket: int) -> None:
    assert click(ticket, amira) == click(ticket, amira, at=after(0.2))
    leaving.release_due(at=after(11))
    assert click(ticket, amira, at=after(12)) is None
    assert replies() == 1


def test_the_wait_never_reaches_over_a_due(amira: int, ticket: int) -> None:
    due = commitment(ticket, "first_response").due_at
    assert due is not None
    late_click = due - timedelta(seconds=5)
    clocks.fire_due(at=late_click)  # the warning at half time is behind us
    leaves = click(ticket, amira, at=late_click)
    assert leaves == due - leaving.BEFORE_A_TIMER
    leaving.release_due(at=leaves)
    clocks.fire_due(at=due + timedelta(seconds=1))
    assert commitment(ticket, "first_response").verdict == "kept"
    assert ticket_row(ticket).level == "L1"
    assert "miss" not in decisions(ticket)


def test_a_click_a_moment_before_the_due_leaves_at_once(amira: int, ticket: int) -> None:
    due = commitment(ticket, "first_response").due_at
    assert due is not None
    clocks.fire_due(at=due - timedelta(minutes=1))
    assert click(ticket, amira, at=due - timedelta(seconds=1)) is None
    assert commitment(ticket, "first_response").verdict == "kept"


def test_a_miss_told_before_a_late_worker_let_the_reply_go_is_taken_back(
    amira: int, ticket: int
) -> None:
    due = commitment(ticket, "first_response").due_at
    assert due is not None
    clocks.fire_due(at=due - timedelta(minutes=1))
    click(ticket, amira, at=due - timedelta(seconds=30))
    clocks.fire_due(at=due + timedelta(minutes=5))  # timers alone, out of their usual order
    assert commitment(ticket, "first_response").verdict == "missed"
    leaving.release_due(at=due + timedelta(minutes=5))
    settled = commitment(ticket, "first_response")
    assert (settled.verdict, settled.settled_at) == ("kept", due - timedelta(seconds=30))
    assert "retract" in decisions(ticket)
    assert verify.verify_ticket(ticket)[1] is None


def test_a_click_after_the_due_is_late_whenever_it_leaves(amira: int, ticket: int) -> None:
    due = commitment(ticket, "first_response").due_at
    assert due is not None
    clocks.fire_due(at=due + timedelta(seconds=1))
    click(ticket, amira, at=due + timedelta(seconds=1))
    leaving.release_due(at=due + timedelta(minutes=1))
    assert commitment(ticket, "first_response").verdict == "missed"


def test_what_the_policy_refuses_is_refused_at_the_click(cast: Cast, amira: int) -> None:
    number = dana_asks(at=MONDAY)
    with pytest.raises(NotValid, match="empty"):
        click(number, amira, text="  ")
    assert not LeavingReply.objects.exists()


def test_resolve_goes_with_the_reply_and_comes_back_with_it(amira: int, ticket: int) -> None:
    click(ticket, amira)
    leaving.resolve_then(ticket, "k1", by=amira, at=CLICK)
    assert ticket_row(ticket).status != "resolved"
    leaving.undo(LeavingReply.objects.get().pk, by=amira, at=after(3))
    leaving.release_due(at=after(11))
    assert ticket_row(ticket).status != "resolved"
    click(ticket, amira, at=after(20), key="k2")
    leaving.resolve_then(ticket, "k2", by=amira, at=after(20))
    leaving.release_due(at=after(31))
    assert ticket_row(ticket).status == "resolved"
    assert commitment(ticket, "resolution").settled_at == after(20)


def test_a_promise_told_in_the_reply_is_owed_once_it_leaves(amira: int, ticket: int) -> None:
    click(ticket, amira)
    due = CLICK + timedelta(hours=2)
    leaving.promise_then(ticket, "k1", by=amira, at=CLICK, what="update", due=due)
    leaving.release_due(at=after(10))
    promise = commitment(ticket, "promise")
    assert (promise.started_at, promise.due_at) == (CLICK, due)


def test_a_colleagues_act_in_between_stays_in_its_order(
    cast: Cast, amira: int, ticket: int
) -> None:
    click(ticket, amira)
    work.assign(ticket, by=cast.bo, at=after(4), agent=cast.bo)
    endings.resolve(ticket, by=cast.bo, at=after(5))
    leaving.release_due(at=after(10))
    assert commitment(ticket, "first_response").settled_at == CLICK
    assert ticket_row(ticket).status == "resolved"
    assert verify.verify_ticket(ticket)[1] is None


def test_a_newer_message_is_told_before_anything_is_sent(
    cast: Cast, amira: int, ticket: int
) -> None:
    seen = Message.objects.filter(ticket_id=ticket).latest("id").pk
    first = Message.objects.filter(ticket_id=ticket, direction="in").first()
    assert first
    work.assign(ticket, by=cast.bo, at=MONDAY, agent=cast.bo)
    dana_writes("It was the plug.", at=MONDAY + timedelta(minutes=5), token=token_of(ticket))
    conversation.reply(ticket, by=cast.bo, at=MONDAY + timedelta(minutes=6), text="Good.")
    with pytest.raises(Newer) as told:
        click(ticket, amira, seen=seen)
    assert [(turn.kind, turn.who) for turn in told.value.turns] == [
        ("customer", "Dana"), ("reply", "Bo"),
    ]  # fmt: skip
    assert not LeavingReply.objects.exists()
    newest = Message.objects.filter(ticket_id=ticket).latest("id").pk
    assert click(ticket, amira, seen=newest) is not None


def test_two_who_answer_at_once_see_each_other(cast: Cast, amira: int, ticket: int) -> None:
    leaving.undo_seconds(cast.bo, 10)
    seen = Message.objects.filter(ticket_id=ticket).latest("id").pk
    click(ticket, cast.bo, seen=seen, key="bo")
    with pytest.raises(Newer) as told:
        click(ticket, amira, seen=seen)
    assert told.value.turns[0].kind == "leaving"


def test_files_wait_with_the_reply_and_go_out_with_it(amira: int, ticket: int) -> None:
    token = uploads.add(ticket, by=amira, at=MONDAY, filename="a.txt", content_type="text/plain",
                        body=b"cable")  # fmt: skip
    click(ticket, amira, files=(token,))
    with pytest.raises(NotFound):
        uploads.remove(token, by=amira)
    leaving.undo(LeavingReply.objects.get().pk, by=amira, at=after(1))
    assert Upload.objects.get().leaving_id is None
    click(ticket, amira, at=after(5), key="k2", files=(token,))
    leaving.release_due(at=after(16))
    assert bytes(Attachment.objects.get(filename="a.txt").body) == b"cable"
    assert not Upload.objects.exists()
    mail = Outbox.objects.get(cause=f"m{Message.objects.get(agent_id=amira).pk}")
    assert mail.payload["attachments"] == [Attachment.objects.get(filename="a.txt").pk]


def test_anothers_file_is_not_there_to_be_sent(cast: Cast, amira: int, ticket: int) -> None:
    token = uploads.add(
        ticket, by=cast.bo, at=MONDAY, filename="a.txt", content_type="", body=b"x"
    )
    with pytest.raises(NotFound):
        click(ticket, amira, files=(token,))
    assert replies() == 0


def test_a_wait_of_zero_sends_at_once(cast: Cast, ticket: int) -> None:
    assert click(ticket, cast.amira) is None
    assert replies() == 1


@pytest.mark.parametrize("seconds", [-1, 31])
def test_the_wait_is_thirty_seconds_at_most(cast: Cast, seconds: int) -> None:
    with pytest.raises(NotValid):
        leaving.undo_seconds(cast.amira, seconds)


ONE_ANSWER = (
    SMALL
    + """
## Answers {#answers}
A ticket gets one answer. {#one}
```yaml rule
gate: agent_public
needs: replies < 1
say: One answer is enough.
```
"""
)


def test_what_a_clause_forbids_is_refused_at_the_click_and_on_record(db: None) -> None:
    amira = raise_the_curtain(ONE_ANSWER).amira
    number = dana_asks(at=MONDAY)
    conversation.reply(number, by=amira, at=MONDAY, text="First.")
    leaving.undo_seconds(amira, 10)
    with pytest.raises(Refused, match="One answer is enough"):
        click(number, amira)
    assert not LeavingReply.objects.exists()
    assert Journal.objects.filter(ticket_id=number, refused=True).count() == 1


def test_a_reply_that_may_not_leave_any_more_comes_back_to_its_author(db: None) -> None:
    amira = raise_the_curtain(ONE_ANSWER).amira
    number = dana_asks(at=MONDAY)
    leaving.undo_seconds(amira, 10)
    click(number, amira, text="First.", key="k1")
    click(number, amira, text="Second.", key="k2", at=after(1))
    assert leaving.release_due(at=after(30)) == 2
    assert replies() == 1
    assert Draft.objects.get(agent_id=amira, name="").text == "Second."
    assert LeavingReply.objects.get(key="k2").state == "stopped"
    told = Notification.objects.get(agent_id=amira, cause__startswith="leaving")
    assert "One answer is enough" in told.about


def decisions(ticket: int) -> list[str]:
    return [
        one["kind"]
        for row in Journal.objects.filter(ticket_id=ticket).order_by("seq")
        for one in row.decisions
    ]


def token_of(ticket: int) -> str:
    mail = Outbox.objects.filter(ticket_id=ticket, payload__has_key="reply_token").first()
    assert mail
    return str(mail.payload["reply_token"])
