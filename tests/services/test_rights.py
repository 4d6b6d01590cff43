"""What Eve may not see looks exactly like what does not exist."""

from collections.abc import Callable

import pytest

from kept.records.models import Attachment, Message
from kept.records.queries import desk_pages
from kept.records.queries.conversation import attachment, message_html
from kept.records.queries.desks import desk_of, handbook, policy_versions
from kept.records.queries.proofs import proof
from kept.records.queries.queue import queue_page
from kept.records.queries.tickets import journal_lines, ticket_view
from kept.records.queries.views import QueueFilter
from kept.records.queries.wallboard import wallboard
from kept.services import intake, people
from tests.people import MONDAY, Cast, dana_asks

READS: dict[str, Callable[[int, int], object]] = {
    "ticket": lambda who, number: ticket_view(who, number, at=MONDAY),
    "journal": lambda who, number: journal_lines(who, number),
    "proof": lambda who, number: proof(
        who, number, "small.resp.first:first_response:1", at=MONDAY
    ),
    "html": lambda who, number: message_html(who, Message.objects.order_by("id")[0].pk),
    "file": lambda who, number: attachment(who, Attachment.objects.get().pk),
    "desk": lambda who, number: desk_of(who, "small"),
    "handbook": lambda who, number: handbook(who, "small", MONDAY),
    "versions": lambda who, number: policy_versions(who, "small"),
    "outbox": lambda who, number: desk_pages.outbox_page(who),
    "quarantine": lambda who, number: desk_pages.quarantine_page(who),
    "rows": lambda who, number: queue_page(who, QueueFilter(), at=MONDAY).rows,
    "named desk": lambda who, number: queue_page(who, QueueFilter(desk="small"), at=MONDAY).rows,
}


@pytest.mark.parametrize("read", READS)
def test_amira_sees_it_and_eve_does_not(cast: Cast, read: str) -> None:
    number = dana_asks()
    Attachment.objects.create(
        message=Message.objects.order_by("id")[0], filename="a", content_type="text/plain",
        size=1, sha256=b"x", body=b"x",
    )  # fmt: skip
    raw = intake.keep_raw("small", "x", b"odd", at=MONDAY)
    intake.quarantine(raw, "odd", at=MONDAY)
    seen, unseen = READS[read](cast.amira, number), READS[read](cast.eve, number)
    assert seen not in (None, ())
    assert unseen in (None, ())
    people.end_memberships(cast.amira, "small", at=MONDAY)
    assert READS[read](cast.amira, number) in (None, ())


def test_the_wallboard_and_the_counts_know_only_own_desks(cast: Cast) -> None:
    dana_asks()
    assert queue_page(cast.amira, QueueFilter(), at=MONDAY).counts["all"] == 1
    assert queue_page(cast.eve, QueueFilter(), at=MONDAY).counts["all"] == 0
    assert [wall.desk.slug for wall in wallboard(cast.eve, at=MONDAY).desks] == ["other"]
    assert wallboard(cast.amira, at=MONDAY).desks[0].open == 1


def test_a_disabled_agent_sees_nothing_and_cannot_sign_in(cast: Cast) -> None:
    people.set_password(cast.amira, "correct horse battery")
    assert people.sign_in("Amira@kept.example", "correct horse battery") == cast.amira
    assert people.sign_in("amira@kept.example", "wrong") is None
    people.disable(cast.amira, at=MONDAY)
    assert people.sign_in("amira@kept.example", "correct horse battery") is None
    assert queue_page(cast.amira, QueueFilter(), at=MONDAY).desks == ()


@pytest.mark.parametrize("words", ["%", "_", "\\", "'; DROP TABLE ticket; --", "%%s"])
def test_search_words_are_only_words(cast: Cast, words: str) -> None:
    dana_asks()
    assert queue_page(cast.amira, QueueFilter(words=words), at=MONDAY).rows == ()


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.x", "9" * 40 + ".1", "-5.2", "1.2.3"])
def test_an_unreadable_cursor_is_the_first_page(cast: Cast, cursor: str) -> None:
    dana_asks()
    assert len(queue_page(cast.amira, QueueFilter(), at=MONDAY, cursor=cursor).rows) == 1
