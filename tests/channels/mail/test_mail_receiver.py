"""The built-in receiver over real sockets: what it takes, what it refuses, when it says yes."""

import gc
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from pytest_django import Settings

from kept.channels.mail.smtp_server import Receiver
from kept.records.models import RawMessage
from kept.worker.receiver import receiver
from tests.people import Cast, raise_the_curtain

RAW = b"From: dana@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nIt is dark.\r\n"


class Shelf:
    """Keeps mails in memory; `fails` makes it say so."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, bytes]] = []
        self.fails = False

    def keep(self, desk: str, address: str, raw: bytes) -> None:
        if self.fails:
            raise ConnectionError("the database is away")
        self.kept.append((desk, address, raw))

    def desk_of(self, address: str) -> str | None:
        base = address.partition("+")[0].partition("@")[0]
        return base if base in ("care", "esc") else None


@contextmanager
def listening(shelf: Shelf, **options: object) -> Iterator[int]:
    server = Receiver(desk_of=shelf.desk_of, keep=shelf.keep, port=0, **options)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def test_a_mail_for_a_desk_is_kept_with_what_the_envelope_knew() -> None:
    shelf = Shelf()
    with listening(shelf) as port, smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail("dana@example.com", ["care+abc@kept.example"], RAW)
        smtp.sendmail("", ["esc@kept.example"], RAW)
    desk, address, raw = shelf.kept[0]
    assert (desk, address) == ("care", "care@kept.example")
    assert raw.startswith(b"Return-Path: <dana@example.com>\r\nDelivered-To: care+abc@kept")
    assert raw.endswith(RAW)
    assert shelf.kept[1][2].startswith(b"Return-Path: <>\r\n")


def test_the_same_mail_again_is_the_same_octets() -> None:
    shelf = Shelf()
    with listening(shelf) as port, smtplib.SMTP("127.0.0.1", port) as smtp:
        for _ in range(2):
            smtp.sendmail("dana@example.com", ["care@kept.example"], RAW)
    assert shelf.kept[0] == shelf.kept[1]


def test_an_address_of_nobody_is_refused_before_any_octet() -> None:
    shelf = Shelf()
    with listening(shelf) as port, smtplib.SMTP("127.0.0.1", port) as smtp:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            smtp.sendmail("eve@example.net", ["relay@elsewhere.example"], RAW)
        told = smtp.sendmail("eve@example.net", ["care@kept.example", "x@kept.example"], RAW)
    assert refused.value.recipients["relay@elsewhere.example"][0] == 550
    assert told["x@kept.example"][0] == 550
    assert len(shelf.kept) == 1


def test_what_cannot_be_kept_is_to_be_sent_again() -> None:
    shelf = Shelf()
    shelf.fails = True
    with listening(shelf) as port, smtplib.SMTP("127.0.0.1", port) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as later:
            smtp.sendmail("dana@example.com", ["care@kept.example"], RAW)
        assert later.value.smtp_code == 451
        shelf.fails = False
        smtp.sendmail("dana@example.com", ["care@kept.example"], RAW)
    assert len(shelf.kept) == 1


def test_a_mail_beyond_the_limit_is_refused_and_the_next_is_taken() -> None:
    shelf = Shelf()
    with listening(shelf, largest=100_000) as port, smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.ehlo()
        assert smtp.esmtp_features["size"] == "100000"
        with pytest.raises(smtplib.SMTPSenderRefused) as said:
            smtp.sendmail("a@example.com", ["care@kept.example"], RAW + b"x" * 200_000)
        assert said.value.smtp_code == 552
        smtp.mail("a@example.com")
        smtp.rcpt("care@kept.example")
        assert smtp.data(RAW + (b"y" * 900 + b"\r\n") * 200)[0] == 552
        smtp.sendmail("a@example.com", ["care@kept.example"], RAW)
    assert len(shelf.kept) == 1


def test_lines_longer_than_the_standard_allows_are_taken() -> None:
    shelf = Shelf()
    with listening(shelf) as port, smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail("a@example.com", ["care@kept.example"], RAW + b"z" * 50_000)
    assert len(shelf.kept[0][2]) > 50_000


@pytest.mark.parametrize(
    "ending", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n"]
)
def test_a_mail_cannot_smuggle_another_behind_a_crooked_dot(ending: bytes) -> None:
    shelf = Shelf()
    with listening(shelf) as port, socket.create_connection(("127.0.0.1", port), 5) as wire:
        hidden = b"MAIL FROM:<ceo@kept.example>\r\nRCPT TO:<esc@kept.example>\r\nDATA\r\nevil"
        wire.sendall(
            b"EHLO x\r\nMAIL FROM:<eve@example.net>\r\nRCPT TO:<care@kept.example>\r\nDATA\r\n"
            b"Subject: s\r\n\r\nfirst" + ending + hidden + b"\r\n.\r\nQUIT\r\n"
        )
        while wire.recv(65536):
            pass
    assert [desk for desk, _, _ in shelf.kept] == ["care"]


class Lmtp(smtplib.LMTP):
    """The library's client, told each recipient's answer after DATA."""

    def answers(self, recipients: list[str], raw: bytes) -> list[int]:
        self.ehlo_or_helo_if_needed()
        self.mail("a@example.com")
        for recipient in recipients:
            self.rcpt(recipient)
        first, _ = self.data(raw)
        return [first, *(self.getreply()[0] for _ in recipients[1:])]


def test_over_lmtp_every_recipient_has_an_answer_of_its_own() -> None:
    shelf = Shelf()
    with listening(shelf, lmtp=True, largest=100_000) as port, Lmtp("127.0.0.1", port) as lmtp:
        both = ["care@kept.example", "esc@kept.example"]
        assert lmtp.answers(both, RAW) == [250, 250]
        assert lmtp.answers(both, RAW + (b"x" * 900 + b"\r\n") * 200) == [552, 552]
    assert [desk for desk, _, _ in shelf.kept] == ["care", "esc"]


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    with listening(Shelf()) as port:
        second = Receiver(desk_of=Shelf().desk_of, keep=Shelf().keep, port=port)
        with pytest.raises(OSError, match="address already in use"):
            second.start()
        second.stop()


@pytest.fixture
def house(transactional_db: None) -> Cast:
    return raise_the_curtain()


@pytest.fixture
def open_house(house: Cast, settings: Settings) -> Iterator[Receiver]:
    """The receiver as it runs, on a port of its own."""
    settings.KEPT_RECEIVER_PORT = 0
    made = receiver()
    made.start()
    yield made
    made.stop()
    gc.collect()  # the threads are gone; their database connections go with them


@pytest.mark.django_db(transaction=True)
def test_the_answer_250_means_the_octets_are_committed(open_house: Receiver) -> None:
    with smtplib.SMTP("127.0.0.1", open_house.port) as smtp:
        smtp.sendmail("dana@example.com", ["Small+tok@Kept.example"], RAW)
        assert RawMessage.objects.get().mailbox == "small@kept.example"
        smtp.sendmail("dana@example.com", ["small@kept.example"], RAW)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.sendmail("dana@example.com", ["nobody@kept.example"], RAW)
    assert RawMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_the_sender_is_asked_to_wait(
    open_house: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    place = connections["default"].settings_dict
    good = place["HOST"]
    try:
        place["HOST"] = "/nowhere"
        with smtplib.SMTP("127.0.0.1", open_house.port) as smtp:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as later:
                smtp.sendmail("dana@example.com", ["small@kept.example"], RAW)
            assert later.value.recipients["small@kept.example"][0] == 451
            place["HOST"] = good
            smtp.sendmail("dana@example.com", ["small@kept.example"], RAW)
    finally:
        place["HOST"] = good
        caplog.clear()  # the logged failures hold the thread's connection
    assert RawMessage.objects.count() == 1
