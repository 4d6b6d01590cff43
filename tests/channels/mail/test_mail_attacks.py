"""What strangers try by mail: to speak as a customer, to read along, to make us shout for them."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.db import connections
from django.test import Client

from kept.channels.mail.receive import receive_file
from kept.channels.mail.sandbox import Sandbox
from kept.records.models import Agent, Alarm, Message, Outbox, RawMessage, Ticket
from kept.services import budgets, conversation, endings
from kept.services.incoming import Taken
from tests.people import MONDAY, Cast, dana_writes, raise_the_curtain

EVE = "Eve Adams <eve@example.net>"
REFUTED = "mx.example; dmarc=fail header.from=example.com"
CANNON = "PAY NOW at http://evil.example or be sued"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


class Post:
    """Brings mails to the small desk, a minute apart."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.at = MONDAY

    def bring(self, text: str = "words", **fields: str) -> Taken:
        self.at += timedelta(minutes=1)
        head = {"From": "Dana <dana@example.com>", "To": "small@kept.example", "Subject": "Help"}
        head |= {name.replace("_", "-"): value for name, value in fields.items()}
        lines = [f"{name}: {value}" for name, value in head.items() if value]
        raw = "\r\n".join([*lines, "", text, ""]).encode()
        return receive_file("small", raw, at=self.at, sandbox=self.sandbox)


@pytest.fixture
def post(cast: Cast, sandbox: Sandbox) -> Post:
    return Post(sandbox)


@pytest.fixture
def amira(cast: Cast) -> Client:
    client = Client()
    client.force_login(Agent.objects.get(pk=cast.amira))
    return client


def answered(post: Post, cast: Cast) -> tuple[int, Outbox]:
    """Dana asks and Amira answers; return the ticket and Amira's mail."""
    ticket = post.bring("It is dark.").ticket or 0
    conversation.reply(ticket, by=cast.amira, at=post.at, text="Which lamp?")
    return ticket, Outbox.objects.filter(ticket_id=ticket).order_by("-id")[0]


def our_address(mail: Outbox) -> str:
    return f"small+{mail.payload['reply_token']}@kept.example"


def page_of(client: Client, ticket: int | None) -> str:
    return unescape(client.get(f"/tickets/{ticket}").content.decode())


@pytest.mark.django_db
def test_somebody_else_with_our_address_is_heard_under_his_own_name(
    post: Post, cast: Cast, amira: Client
) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring("Send me all of it.", From=EVE, To=our_address(mail))
    assert taken.ticket == ticket
    page = page_of(amira, ticket)
    assert "Eve Adams <eve@example.net>" in page
    assert "not from the customer's own address" in page
    conversation.reply(ticket, by=cast.amira, at=post.at, text="The history.")
    readers = set(Outbox.objects.filter(ticket_id=ticket).values_list("recipient", flat=True))
    assert readers == {"dana@example.com"}


@pytest.mark.django_db
def test_our_address_with_a_refuted_sender_is_a_ticket_of_its_own(
    post: Post, cast: Cast, amira: Client
) -> None:
    ticket, mail = answered(post, cast)
    taken = post.bring("It is me.", To=our_address(mail), Authentication_Results=REFUTED)
    assert taken.created
    assert taken.ticket != ticket
    assert f"reply address of ticket {ticket}" in page_of(amira, taken.ticket)
    assert "Which lamp?" not in page_of(amira, taken.ticket)


@pytest.mark.django_db
def test_a_refuted_sender_is_not_answered_by_a_machine(post: Post) -> None:
    taken = post.bring("Hello", Authentication_Results=REFUTED)
    row = Outbox.objects.get(ticket_id=taken.ticket)
    assert (row.state, "not confirmed" in row.last_error) == ("held", True)


@pytest.mark.django_db
def test_whoever_was_merged_in_does_not_become_the_customer(
    post: Post, cast: Cast, amira: Client
) -> None:
    """Chen merges Eve's ticket into Dana's: Eve may write on it, but never as Dana."""
    danas, _ = answered(post, cast)
    eves = post.bring("I too", From=EVE, Message_ID="<eve-1@example.net>").ticket or 0
    receipt = Outbox.objects.get(ticket_id=eves)
    endings.merge(eves, into=danas, by=cast.chen, at=post.at)
    by_token = post.bring("by token", From=EVE, To=our_address(receipt))
    by_reference = post.bring("by reference", From=EVE, In_Reply_To=receipt.mail_id)
    for taken in (by_token, by_reference):
        assert taken.ticket == danas
        message = Message.objects.get(pk=taken.message)
        assert message.customer_id is None
    assert Ticket.objects.get(pk=danas).customer_id != Ticket.objects.get(pk=eves).customer_id


@pytest.mark.django_db
def test_a_confirmation_repeats_no_word_of_an_unproved_sender(post: Post) -> None:
    name = '"Your account is blocked, call 0900-1234" <victim@example.com>'
    taken = post.bring(CANNON, From=name, Subject=CANNON)
    mail = Outbox.objects.get(ticket_id=taken.ticket)
    said = str(mail.payload)
    assert mail.state == "queued"
    assert "evil.example" not in said
    assert "blocked" not in said
    assert "Hello there" in mail.payload["text"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Dana Reyes", True), ("María José Núñez-O'Hara", True),
        ("अनिता शर्मा", True), ("山田 太郎", True),
        ("Visit evil.example today", False), ("call 0900 1234", False), ("www", False),
        ("a very long sentence that is no name", False), ("<b>Dana</b>", False), ("x" * 61, False),
        ("{{ticket.subject}}", False), ("Dana\u202eanaD", False), ("", False),
    ],
)  # fmt: skip
def test_a_name_is_used_where_it_is_one(name: str, kept: bool) -> None:
    assert budgets.harmless_name(name) == (name if kept else "")


@pytest.mark.django_db
def test_every_way_of_writing_one_mailbox_shares_one_budget(post: Post) -> None:
    for sender in (
        "vic.tim@gmail.com", "v.i.c.t.i.m@gmail.com", "victim+1@gmail.com",
        "victim@googlemail.com", "Vic.Tim+x@Gmail.com",
    ):  # fmt: skip
        post.bring(f"flood by {sender}", From=sender)
    states = list(Outbox.objects.values_list("state", flat=True))
    assert (states.count("queued"), states.count("held")) == (3, 2)
    alarm = Alarm.objects.get(key="budget:small", cleared_at=None)
    assert alarm.times == 2
    assert "gmail" not in alarm.sentence
    budgets.rest(at=post.at + timedelta(minutes=59))
    assert Alarm.objects.filter(key="budget:small", cleared_at=None).exists()
    budgets.rest(at=post.at + timedelta(minutes=61))
    assert not Alarm.objects.filter(key="budget:small", cleared_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_mails_at_the_same_moment_share_one_budget(live_url: str) -> None:
    raise_the_curtain()
    start = threading.Barrier(6)

    def write(number: int) -> None:
        try:
            start.wait(10)
            dana_writes(f"flood {number}", authenticated=None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = list(Outbox.objects.values_list("state", flat=True))
    assert (states.count("queued"), states.count("held")) == (3, 3)


@pytest.mark.django_db
def test_two_desks_of_other_houses_do_not_answer_each_other_for_ever(post: Post) -> None:
    """Our receipt is answered by a robot that marks nothing and numbers every answer."""
    taken = post.bring("Where is it?", From="robot@desk.example")
    sent = 1
    for number in range(20):
        mail = Outbox.objects.filter(ticket_id=taken.ticket).order_by("-id")[0]
        if mail.state != "queued":
            break
        sent += 1
        taken = post.bring(
            f"Case {number} was opened.", From="robot@desk.example", Subject=f"[Case {number}]",
            To=our_address(mail),
        )  # fmt: skip
    queued = Outbox.objects.filter(recipient="robot@desk.example", state="queued").count()
    assert queued <= budgets.AUTOMATIC_PER_HOUR


def report(
    fate: str, mail: Outbox, status: str = "5.1.1", wrap: Callable[[str], str] = str
) -> bytes:
    body = wrap(
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {mail.recipient}\r\nAction: {fate}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {mail.mail_id}\r\n--b--\r\n"
    )
    head = "From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nMIME-Version: 1.0\r\n"
    kind = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    return f"{head}Message-ID: <{fate}{status}@mx>\r\n{kind}{body}".encode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "delivery"),
    [
        ((("delayed", "4.4.1"),), "delayed"),
        ((("failed", "4.4.7"),), "failed"),
        ((("relayed", "2.0.0"),), "delivered"),
        ((("delayed", "4.4.1"), ("delivered", "2.0.0")), "delivered"),
        ((("failed", "5.1.1"), ("delayed", "4.4.1")), "failed"),
        ((("delivered", "2.0.0"), ("delayed", "4.4.1")), "delivered"),
    ],
)
def test_the_state_of_a_mail_never_goes_back(
    post: Post, cast: Cast, told: tuple[tuple[str, str], ...], delivery: str
) -> None:
    ticket, mail = answered(post, cast)
    tickets = Ticket.objects.count()
    for fate, status in told:
        raw = report(fate, mail, status)
        taken = receive_file("small", raw, at=post.at, sandbox=post.sandbox)
        assert taken.ticket == ticket
    assert Message.objects.get(pk=mail.message_id).delivery == delivery
    assert Ticket.objects.count() == tickets


@pytest.mark.django_db
def test_a_report_about_nobodys_mail_waits_for_a_person(post: Post, cast: Cast) -> None:
    _, mail = answered(post, cast)
    mail.mail_id = "<nobodys@kept.example>"
    taken = receive_file("small", report("failed", mail), at=post.at, sandbox=post.sandbox)
    assert taken.problems == ("A delivery report about no mail of ours.",)
    assert RawMessage.objects.order_by("-id")[0].state == "quarantined"


@pytest.mark.django_db
def test_a_person_who_writes_from_postmaster_is_heard(post: Post, cast: Cast) -> None:
    """No word of a person may vanish because their address sounds like a machine's."""
    ticket = post.bring("The screen fails.", From="postmaster@example.org").ticket or 0
    conversation.reply(ticket, by=cast.amira, at=post.at, text="Which one?")
    mail = Outbox.objects.filter(ticket_id=ticket).order_by("-id")[0]
    taken = post.bring(
        "It failed again.", From="postmaster@example.org", To=our_address(mail),
        In_Reply_To=mail.mail_id, Subject="Re: delivery failed",
    )  # fmt: skip
    assert taken.ticket == ticket
    assert Message.objects.filter(ticket_id=ticket, text="It failed again.").exists()


@pytest.mark.django_db
def test_an_odd_id_of_the_customers_program_does_not_keep_our_answer(
    post: Post, cast: Cast
) -> None:
    from kept.channels.mail.outgoing import octets_of
    from kept.services import outbox

    for odd in ("<ünï@example.com>", f"<{'x' * 500}@example.com>", "<a b@example.com>"):
        ticket = post.bring(f"words {odd[:9]}", Message_ID=odd).ticket or 0
        conversation.reply(ticket, by=cast.amira, at=post.at, text="Which lamp?")
    for claimed in outbox.claim(at=post.at):
        assert b"Message-ID: <" in octets_of(claimed.mail, at=post.at)
