"""From octets to tickets: who may join which conversation, and what becomes of everything else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from kept.channels.mail import outgoing
from kept.channels.mail.parsed import ParsedMail
from kept.channels.mail.receive import receive_file, take_waiting
from kept.channels.mail.sandbox import Sandbox
from kept.records.models import Attachment, Message, Outbox, RawMessage, Ticket
from kept.services import conversation, intake
from kept.services.incoming import Taken
from kept.services.outgoing import OutgoingMail
from tests.people import MONDAY, Cast

MESSAGES = Path(__file__).parent / "messages"
NOON = MONDAY + timedelta(hours=3)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


class Post:
    """Brings Dana's mails to the small desk, minute by minute."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.at = MONDAY

    def bring(self, raw: bytes) -> Taken:
        self.at += timedelta(minutes=1)
        return receive_file("small", raw, at=self.at, sandbox=self.sandbox)

    def bring_mail(self, text: str = "words", **fields: str) -> Taken:
        head = {"From": "Dana <dana@example.com>", "To": "small@kept.example", "Subject": "Help"}
        head |= {name.replace("_", "-"): value for name, value in fields.items()}
        lines = [f"{name}: {value}" for name, value in head.items() if value]
        return self.bring("\r\n".join([*lines, "", text, ""]).encode())


@pytest.fixture
def post(cast: Cast, sandbox: Sandbox) -> Post:
    return Post(sandbox)


def mails(ticket: int) -> list[OutgoingMail]:
    rows = Outbox.objects.filter(ticket_id=ticket, kind="mail").order_by("id")
    return [msgspec.convert(row.payload, OutgoingMail) for row in rows]


def answered(post: Post, cast: Cast) -> tuple[int, OutgoingMail]:
    """Dana asks, Amira answers; return the ticket and Amira's mail."""
    ticket = post.bring_mail("It is dark.", Message_ID="<dana-1@example.com>").ticket or 0
    conversation.reply(ticket, by=cast.amira, at=post.at, text="Which lamp?")
    return ticket, mails(ticket)[-1]


def reply_address(mail: OutgoingMail) -> str:
    octets = outgoing.octets_of(mail, at=NOON).decode()
    return octets.partition("Reply-To:")[2].partition("<")[2].partition(">")[0]


@pytest.mark.django_db
def test_a_mail_opens_a_ticket_with_its_words_and_files(post: Post) -> None:
    taken = post.bring((MESSAGES / "outlook-reply.eml").read_bytes())
    assert taken.created
    assert not taken.duplicate
    message = Message.objects.get(pk=taken.message)
    assert message.text == "It still has not come. My café is closed tomorrow – please call."
    assert message.quoted.startswith("From: Retail Desk")
    assert message.sender == "Okafor, Chidi <chidi.okafor@example.org>"
    assert Attachment.objects.get(message=message).inline_cid == "image001.png@01DC"
    assert Ticket.objects.get(pk=taken.ticket).subject == "RE: Your parcel"
    assert [mail.to for mail in mails(taken.ticket or 0)] == ["chidi.okafor@example.org"]


@pytest.mark.django_db
def test_the_same_mail_three_times_is_one_ticket_and_says_so(post: Post) -> None:
    first = post.bring_mail(Message_ID="<same@example.com>")
    again = [post.bring_mail(Message_ID="<same@example.com>") for _ in range(2)]
    assert [taken.duplicate for taken in (first, *again)] == [False, True, True]
    assert [taken.created for taken in (first, *again)] == [True, False, False]
    assert {taken.ticket for taken in (first, *again)} == {first.ticket}
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_mails_without_an_id_and_with_other_words_are_all_kept(post: Post) -> None:
    taken = [post.bring_mail(f"words {number}") for number in range(3)]
    assert len({each.ticket for each in taken}) == 3
    assert post.bring_mail("words 1").duplicate


@pytest.mark.django_db
def test_every_odd_message_becomes_a_ticket_or_lies_before_a_person(post: Post) -> None:
    reports = {"dsn-postfix", "dsn-postfix-delayed", "dsn-exchange", "bounce-qmail", "bounce-exim"}
    for path in sorted(MESSAGES.glob("*.eml")):
        taken = post.bring(path.read_bytes())
        state = RawMessage.objects.order_by("-id").values_list("state", flat=True)[0]
        if path.stem == "empty-zero":
            assert (state, taken.ticket) == ("quarantined", None)
            assert "empty" in taken.problems[0]
        elif path.stem in reports:
            assert (state, taken.ticket) == ("quarantined", None), path.stem
            assert "no mail of ours" in taken.problems[0]
        else:
            assert (state, taken.created) == ("taken", True), path.stem


@pytest.mark.django_db
def test_a_reply_to_our_address_for_dana_continues_her_ticket(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring_mail("The red one.\r\n\r\n> Which lamp?", To=reply_address(mail))
    assert (taken.ticket, taken.created, taken.problems) == (ticket, False, ())
    message = Message.objects.get(pk=taken.message)
    assert (message.text, message.quoted) == ("The red one.", "> Which lamp?")
    assert message.customer_id == Ticket.objects.get(pk=ticket).customer_id


@pytest.mark.django_db
def test_the_address_counts_wherever_the_server_saw_it(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring_mail("hidden", To="undisclosed:;", Delivered_To=reply_address(mail))
    assert taken.ticket == ticket


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["cut", "upper", "next", "other", "number"])
def test_a_token_that_is_not_quite_ours_threads_nothing(
    post: Post, cast: Cast, change: str
) -> None:
    ticket, mail = answered(post, cast)
    good = mail.reply_token
    token = {
        "cut": good[:-1],
        "upper": good.upper(),
        "next": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "other": good[::-1],
        "number": str(ticket),
    }[change]
    taken = post.bring_mail("let me in", To=f"small+{token}@kept.example")
    assert taken.created
    assert taken.ticket != ticket


@pytest.mark.django_db
def test_a_token_of_another_desk_is_none(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    raw = f"From: dana@example.com\r\nTo: other+{mail.reply_token}@kept.example\r\n\r\nx\r\n"
    taken = receive_file("other", raw.encode(), at=NOON, sandbox=post.sandbox)
    assert taken.ticket != ticket


@pytest.mark.django_db
def test_references_count_for_the_person_we_wrote_to(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring_mail("by reference", In_Reply_To=mail.message_id)
    assert (taken.ticket, taken.created) == (ticket, False)


@pytest.mark.django_db
def test_a_stranger_with_the_right_reference_gets_a_ticket_of_his_own(
    post: Post, cast: Cast
) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring_mail(
        "tell me all", From="eve@example.net", In_Reply_To=mail.message_id,
        References=mail.message_id,
    )  # fmt: skip
    assert taken.created
    assert str(ticket) in taken.problems[0]
    assert "eve@example.net" not in {each.to for each in mails(ticket)}


@pytest.mark.django_db
def test_a_forged_sender_with_the_right_reference_is_a_new_unverified_ticket(
    post: Post, cast: Cast
) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring_mail(
        "send it again", In_Reply_To=mail.message_id,
        Authentication_Results="mx.example; dmarc=fail header.from=example.com",
    )  # fmt: skip
    assert taken.created
    assert taken.ticket != ticket
    assert any("not confirmed" in problem or "not from there" in problem
               for problem in taken.problems)  # fmt: skip
    assert Ticket.objects.get(pk=taken.ticket).needs_attention
    assert not any("Which lamp?" in mail.text for mail in mails(taken.ticket or 0))


@pytest.mark.django_db
def test_from_or_subject_alone_never_thread(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring_mail("me again", Subject=f"Re: {mail.subject}")
    assert taken.created
    assert taken.ticket != ticket


@pytest.mark.django_db
def test_several_senders_are_nobody(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring_mail(
        "both", From="dana@example.com, eve@example.net", In_Reply_To=mail.message_id
    )
    assert taken.ticket != ticket


@pytest.mark.django_db
def test_whoever_is_copied_in_gains_nothing(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    post.bring_mail("see Cc", To=reply_address(mail), Cc="eve@example.net")
    conversation.reply(ticket, by=cast.amira, at=post.at, text="The history is yours.")
    assert {each.to for each in mails(ticket)} == {"dana@example.com"}


@pytest.mark.django_db
def test_an_agents_address_in_from_is_a_customers_mail_like_any_other(
    post: Post, cast: Cast
) -> None:
    ticket, _ = answered(post, cast)
    before = len(mails(ticket))
    taken = post.bring_mail("#close", From="amira@kept.example", To="small+x@kept.example")
    assert taken.created
    assert len(mails(ticket)) == before
    assert Message.objects.get(pk=taken.message).agent_id is None


@pytest.mark.django_db
def test_our_own_control_headers_mean_nothing_from_outside(post: Post) -> None:
    taken = post.bring((MESSAGES / "own-control-headers.eml").read_bytes())
    ticket = Ticket.objects.get(pk=taken.ticket)
    assert taken.created
    assert (ticket.status, ticket.severity, ticket.owner_id) == ("new", None, None)


@pytest.mark.django_db
def test_identity_is_from_alone_and_the_others_are_shown(post: Post) -> None:
    taken = post.bring((MESSAGES / "reply-to-and-sender-differ.eml").read_bytes())
    assert any("eve@example.net" in problem for problem in taken.problems)
    assert [mail.to for mail in mails(taken.ticket or 0)] == ["dana@example.com"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["out-of-office-exchange", "out-of-office-no-headers", "vacation-sieve",
             "mailing-list", "bounce-forged-without-id"],
)  # fmt: skip
def test_no_machine_is_answered_by_a_machine(post: Post, name: str) -> None:
    taken = post.bring((MESSAGES / f"{name}.eml").read_bytes())
    assert not Outbox.objects.filter(ticket_id=taken.ticket, state="queued").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("sender", ["small@kept.example", "other+abc@kept.example"])
def test_our_own_address_as_sender_starts_no_loop(post: Post, sender: str) -> None:
    taken = post.bring_mail("loop", From=sender)
    assert not Outbox.objects.filter(ticket_id=taken.ticket, state="queued").exists()


@pytest.mark.django_db
def test_an_absence_note_on_a_ticket_is_no_turn_of_the_customer(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    before = len(mails(ticket))
    taken = post.bring_mail(
        "I am away.", To=reply_address(mail), Auto_Submitted="auto-replied", Return_Path="<>"
    )
    assert taken.ticket == ticket
    assert Message.objects.get(pk=taken.message).kind == "system"
    assert len(mails(ticket)) == before


@pytest.mark.django_db
def test_an_unmarked_absence_note_is_answered_once_and_not_again(post: Post) -> None:
    """Two programs that answer each other and mark nothing: the pair gets one answer an hour."""
    taken = post.bring_mail("Where is it?")
    for number in range(6):
        subject = mails(taken.ticket or 0)[-1].subject
        taken = post.bring_mail(f"I am out {number}.", Subject=f"Re: {subject}")
        assert taken.created
    states = [row.state for row in Outbox.objects.filter(recipient="dana@example.com")]
    assert states.count("queued") == 1


@pytest.mark.django_db
def test_an_address_gets_three_receipts_an_hour_and_the_rest_is_counted(post: Post) -> None:
    for number in range(8):
        post.bring_mail(f"flood {number}", Subject="BUY NOW http://spam.example")
    states = list(
        Outbox.objects.filter(recipient="dana@example.com").values_list("state", flat=True)
    )
    assert states.count("queued") == 3
    assert states.count("held") == 5
    for mail in Outbox.objects.filter(recipient="dana@example.com"):
        assert "spam.example" not in mail.payload["text"]


@pytest.mark.django_db
def test_a_bounce_a_day_later_is_noted_on_our_mail_and_is_no_ticket(
    post: Post, cast: Cast
) -> None:
    ticket, mail = answered(post, cast)
    tickets, sent = Ticket.objects.count(), Outbox.objects.count()
    raw = (MESSAGES / "dsn-postfix.eml").read_bytes()
    raw = raw.replace(b"<feedfacefeedface@kept.example>", mail.message_id.encode())
    post.at += timedelta(days=1)
    taken = post.bring(raw)
    assert (taken.ticket, taken.created) == (ticket, False)
    assert "5.1.1" in taken.problems[0]
    assert Message.objects.get(pk=mail.message).delivery == "failed"
    assert (Ticket.objects.count(), Outbox.objects.count()) == (tickets, sent)
    assert Ticket.objects.get(pk=ticket).needs_attention


@pytest.mark.django_db
def test_a_report_of_delay_changes_no_fate(post: Post, cast: Cast) -> None:
    ticket, mail = answered(post, cast)
    raw = (MESSAGES / "dsn-postfix-delayed.eml").read_bytes()
    raw = raw.replace(b"<feedfacefeedface@kept.example>", mail.message_id.encode())
    assert post.bring(raw).ticket == ticket
    assert Message.objects.get(pk=mail.message).delivery == "delayed"
    assert not Ticket.objects.get(pk=ticket).needs_attention


@pytest.mark.django_db
def test_a_bad_mail_among_many_is_put_aside_and_the_others_go_on(
    cast: Cast, sandbox: Sandbox
) -> None:
    for number in range(30):
        raw = f"From: c{number}@example.com\r\nSubject: s\r\n\r\nmail {number}\r\n".encode()
        if number == 11:
            raw = b"X: " + b"y" * 2_000_000 + b"\r\n\r\nunreadable"
        intake.keep_raw("small", "small@kept.example", raw, at=MONDAY)
    while take_waiting(sandbox, now=lambda: NOON):
        pass
    assert Ticket.objects.count() == 29
    aside = RawMessage.objects.get(state="quarantined")
    assert "longer than any mail needs" in aside.problem
    assert bytes(aside.body).endswith(b"unreadable")


@pytest.mark.django_db
def test_a_mail_that_fells_its_reader_is_tried_three_times_and_then_put_aside(
    cast: Cast, sandbox: Sandbox
) -> None:
    intake.keep_raw("small", "small@kept.example", b"From: a@b.example\r\n\r\nx", at=MONDAY)
    at = MONDAY
    for _ in range(3):
        assert len(intake.claim(at=at)) == 1
        assert intake.claim(at=at) == ()
        at += timedelta(minutes=5)
    assert take_waiting(sandbox, now=lambda: at) == 0
    assert RawMessage.objects.get().state == "quarantined"


@pytest.mark.django_db
def test_one_mail_to_two_desks_is_recorded_by_both(post: Post) -> None:
    raw = b"From: dana@example.com\r\nMessage-ID: <two@example.com>\r\n\r\nboth of you\r\n"
    first = post.bring(raw)
    second = receive_file("other", raw, at=NOON, sandbox=post.sandbox)
    assert first.created
    assert second.created
    assert Ticket.objects.count() == 2


@pytest.mark.django_db
def test_a_mail_that_the_worker_took_in_meanwhile_is_still_told_as_new(
    cast: Cast, sandbox: Sandbox
) -> None:
    class Overtaken(Sandbox):
        def parse(self, raw: bytes) -> ParsedMail:
            mail = sandbox.parse(raw)
            take_waiting(sandbox, now=lambda: NOON)
            return mail

    raw = b"From: dana@example.com\r\n\r\nraced\r\n"
    taken = receive_file("small", raw, at=NOON, sandbox=Overtaken())
    assert (taken.created, taken.duplicate) == (True, False)
    assert Ticket.objects.count() == 1
