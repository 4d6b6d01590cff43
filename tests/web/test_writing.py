"""Writing through the pages' own posts: what comes back, what stays, what stale forms say."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from kept import clock
from kept.records.models import Draft, LeavingReply, Message, RoomLine
from kept.services import conversation, leaving, macros, work
from tests.people import Cast
from tests.web.reading import kept_values, words


@pytest.fixture
def waits(desk: Cast) -> None:
    leaving.undo_seconds(desk.amira, 30)


def test_a_reply_with_a_file_waits_and_comes_back_whole(
    amira: Client, waits: None, ticket: int
) -> None:
    log = SimpleUploadedFile("log.txt", b"line", content_type="text/plain")
    here = f"/tickets/{ticket}"
    amira.post(f"{here}/messages", {"text": "Here is the log.", "kind": "public", "upload": log})
    page = words(amira.get(here))
    assert "Sent. It leaves in" in page
    assert "with 1 file" in page
    row = LeavingReply.objects.get()
    amira.post(f"{here}/undone-replies", {"reply": str(row.pk)})
    assert Draft.objects.get().text == "Here is the log."
    page = kept_values(amira.get(here))
    assert ">Here is the log.</textarea>" in page
    assert "log.txt" in page


def test_a_colleague_sees_that_a_reply_is_on_its_way_and_cannot_take_it_back(
    amira: Client, chen: Client, waits: None, ticket: int
) -> None:
    amira.post(f"/tickets/{ticket}/messages", {"text": "On its way."})
    page = words(chen.get(f"/tickets/{ticket}"))
    assert "Amira is sending this" in page
    assert "Undo" not in page
    reply = str(LeavingReply.objects.get().pk)
    assert chen.post(f"/tickets/{ticket}/undone-replies", {"reply": reply}).status_code == 404


def test_a_stale_form_says_what_changed_and_who_and_keeps_what_was_typed(
    amira: Client, desk: Cast, ticket: int
) -> None:
    work.change_severity(ticket, by=desk.bo, at=clock.now(), to="P2", reason="smaller")
    typed = {"to": "P2", "reason": "It is only one screen", "seq": "1"}
    answer = amira.post(f"/tickets/{ticket}/severities", typed)
    assert answer.status_code == 409
    assert "Bo changed the severity to P2" in words(answer)
    assert "It is only one screen" in kept_values(answer)
    typed["seq"] = "999"
    assert amira.post(f"/tickets/{ticket}/severities", typed).status_code == 302


def test_what_one_did_oneself_makes_no_form_stale(amira: Client, desk: Cast, ticket: int) -> None:
    work.change_severity(ticket, by=desk.amira, at=clock.now(), to="P2", reason="smaller")
    typed = {"to": "P1", "reason": "bigger", "seq": "1"}
    assert amira.post(f"/tickets/{ticket}/severities", typed).status_code == 302


def test_a_newer_message_holds_a_reply_but_never_a_note(
    amira: Client, desk: Cast, ticket: int
) -> None:
    seen = str(Message.objects.filter(ticket_id=ticket).latest("id").pk)
    conversation.reply(ticket, by=desk.bo, at=clock.now(), text="I did it.")
    held = amira.post(f"/tickets/{ticket}/messages", {"text": "Me too.", "seen": seen})
    assert held.status_code == 409
    assert "Bo answered the customer" in words(held)
    assert ">Me too.</textarea>" in kept_values(held)
    assert "Send anyway" in words(held)
    note = {"text": "Me too.", "seen": seen, "kind": "note"}
    assert amira.post(f"/tickets/{ticket}/messages", note).status_code == 302


def test_the_words_of_a_reply_that_went_out_are_not_offered_again(
    amira: Client, ticket: int
) -> None:
    both = {"text": "Done.", "then": "resolve"}
    answer = amira.post(f"/tickets/{ticket}/messages", both)
    assert answer.status_code == 409
    assert " data-said" in kept_values(answer)
    refused = amira.post(f"/tickets/{ticket}/closures")
    assert " data-said" not in kept_values(refused)


@pytest.mark.parametrize(
    ("noun", "posted"),
    [
        ("macro-runs", {"macro": "999"}), ("draft-acts", {"choice": "take:999"}),
        ("draft-acts", {"choice": "burn:1"}), ("undone-replies", {"reply": "999"}),
        ("undone-replies", {"reply": "x"}), ("messages", {"text": "x", "file": "no-such-token"}),
    ],
)  # fmt: skip
def test_a_foreign_id_in_a_body_does_nothing(
    amira: Client, ticket: int, noun: str, posted: dict[str, str]
) -> None:
    before = Message.objects.count()
    assert amira.post(f"/tickets/{ticket}/{noun}", posted).status_code == 404
    assert Message.objects.count() == before


def test_a_macro_with_an_open_blank_is_not_run(amira: Client, desk: Cast, ticket: int) -> None:
    wording = macros.Wording(name="Cable", text="Is it {{ colour }}?")
    number = macros.write("small", wording, by=desk.bo, at=clock.now())
    before = Message.objects.count()
    answer = amira.post(f"/tickets/{ticket}/macro-runs", {"macro": str(number)})
    assert answer.status_code == 409
    assert "still has open blanks: colour" in words(answer)
    assert Message.objects.count() == before


def test_remarks_know_the_desks_zone_and_spare_notes(amira: Client, ticket: int) -> None:
    text = "By tomorrow 10:00, [part] and 4111 1111 1111 1111"
    told = words(amira.post(f"/tickets/{ticket}/remarks", {"text": text}))
    assert "Still open: part." in told
    assert "Promise an update by" in told
    noted = words(amira.post(f"/tickets/{ticket}/remarks", {"text": text, "kind": "note"}))
    assert "1111" in noted
    assert "Promise" not in noted


def test_a_room_is_said_and_read_by_the_desk_alone(
    amira: Client, chen: Client, ticket: int
) -> None:
    amira.post(f"/tickets/{ticket}/room-lines", {"text": "<b>plug</b>?"})
    assert RoomLine.objects.get().text == "<b>plug</b>?"
    assert "1 new line" in words(chen.get(f"/tickets/{ticket}"))
    assert "&lt;b&gt;plug" in chen.get(f"/tickets/{ticket}/room?seen=1").content.decode()
    assert "1 new line" not in words(chen.get(f"/tickets/{ticket}"))


def test_each_page_of_writing_asks_a_handful_of_statements(
    amira: Client, ticket: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    here = f"/tickets/{ticket}"
    for address, most in (
        ("/macros", 10), (f"{here}/room", 6), (f"{here}/what-if?act=resolve", 10),
        (f"{here}/suggestions", 8), (f"{here}/texts?template=receipt", 10),
    ):  # fmt: skip
        amira.get(address)
        with django_assert_max_num_queries(most):
            assert amira.get(address).status_code == 200, address
    with django_assert_max_num_queries(5):
        amira.post(f"{here}/presence", {"intent": "writing"})
