"""There and back: Dana writes by SMTP, gets her receipt, and answers it with the reply button."""

import smtplib
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from pytest_django import Settings

from kept.channels.mail import outgoing
from kept.channels.mail.receive import take_waiting
from kept.channels.mail.sandbox import Sandbox
from kept.channels.mail.send import Connection, MailServer
from kept.channels.mail.smtp_server import Receiver
from kept.clock import now
from kept.records.models import Message, Ticket
from kept.services import conversation
from kept.worker.receiver import receiver
from tests.channels.mail.mail_servers import Exim
from tests.people import Cast, raise_the_curtain

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(transactional_db: None) -> Cast:
    return raise_the_curtain()


@pytest.fixture
def doorway(house: Cast, settings: Settings) -> Iterator[Receiver]:
    settings.KEPT_RECEIVER_PORT = 0
    made = receiver()
    made.start()
    yield made
    made.stop()


def post(doorway: Receiver, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", doorway.port) as smtp:
        smtp.send_message(mail)


class DanasInbox:
    """What exim delivered since the test began, as Dana's mail program reads it."""

    def __init__(self, exim: Exim) -> None:
        self._exim = exim
        self._read = {mail["message-id"] for mail in self._every(0)}

    def newest(self) -> EmailMessage:
        """Wait for one more mail and open it."""
        new = next(
            mail for mail in self._every(len(self._read) + 1)
            if mail["message-id"] not in self._read
        )  # fmt: skip
        self._read.add(new["message-id"])
        return new

    def _every(self, count: int) -> list[EmailMessage]:
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(octets) for octets in self._exim.delivered(count)]


def test_a_question_its_receipt_and_the_answers_are_one_conversation(
    house: Cast, doorway: Receiver, exim: Exim
) -> None:
    inbox = DanasInbox(exim)
    server = MailServer(host="127.0.0.1", port=exim.port, tls="none")
    question = EmailMessage()
    question["From"], question["To"] = "Dana <dana@example.com>", "small@kept.example"
    question["Subject"], question["Message-ID"] = "Lampe", "<dana-q@example.com>"
    question.set_content("Die Lampe über dem Tisch ist dunkel.")
    with Sandbox() as sandbox, Connection(server) as smtp:
        post(doorway, question)
        assert take_waiting(sandbox, now=now) == 1
        ticket = Ticket.objects.get()
        assert outgoing.send_due(smtp, now=now) == 1
        receipt = inbox.newest()
        assert receipt["auto-submitted"] == "auto-replied"
        assert receipt["in-reply-to"] == "<dana-q@example.com>"

        conversation.reply(ticket.pk, by=house.amira, at=now(), text="Welche genau?")
        assert outgoing.send_due(smtp, now=now) == 1
        answer = inbox.newest()
        assert answer["auto-submitted"] is None
        assert receipt["message-id"] in answer["references"]

        reply = EmailMessage()
        reply["From"], reply["To"] = "Dana <dana@example.com>", str(answer["reply-to"])
        reply["Subject"], reply["In-Reply-To"] = f"AW: {answer['subject']}", answer["message-id"]
        reply.set_content("Die rote.\n\nAm 2.6.2025 um 10:00 schrieb Small desk:\n> Welche genau?")
        post(doorway, reply)
        assert take_waiting(sandbox, now=now) == 1
    assert Ticket.objects.count() == 1
    said = Message.objects.filter(ticket=ticket, direction="in").order_by("id")
    assert [message.text for message in said] == [
        "Die Lampe über dem Tisch ist dunkel.",
        "Die rote.",
    ]
    assert "> Welche genau?" in said[1].quoted
