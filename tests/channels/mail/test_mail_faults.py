"""Killed in the middle: each mail is one ticket, and goes out once or twice under one id."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from imapclient import IMAPClient

from kept.channels.mail import outgoing
from kept.channels.mail.parse import parse
from kept.channels.mail.receive import take_waiting
from kept.channels.mail.sandbox import Sandbox
from kept.channels.mail.send import Connection, MailServer
from kept.clock import now
from kept.records.models import Alarm, Mailbox, Message, Outbox, RawMessage, Ticket
from kept.records.queries import mail as queries
from kept.services import conversation, mailboxes, outbox
from kept.worker.mail import read, read_on
from tests.channels.mail.fault_proxy import FaultProxy
from tests.channels.mail.mail_servers import Dovecot, Exim, free_port
from tests.people import Cast, dana_asks, raise_the_curtain

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def house(transactional_db: None) -> Cast:
    return raise_the_curtain()


def doomed(url: str, *act: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "kept.settings",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.channels.mail.doomed", *act], cwd=ROOT, env=environment
    )


def killed(url: str, *act: str) -> None:
    assert doomed(url, *act).wait(60) == -signal.SIGKILL


def until(fulfilled: Callable[[], bool], seconds: float = 20) -> bool:
    pause = threading.Event()
    for _ in range(int(seconds * 20)):
        if fulfilled():
            return True
        pause.wait(0.05)
    return False


def fill(server: Dovecot, user: str, count: int, *, start: int = 0) -> None:
    with IMAPClient("127.0.0.1", port=server.port, ssl=False) as client:
        client.login(user, "secret")
        for number in range(start, start + count):
            raw = (
                f"From: c{number}@example.com\r\nMessage-ID: <{user}-{number}@example.com>\r\n"
                f"Subject: s\r\n\r\nmail {number}\r\n"
            )
            client.append("INBOX", raw.encode())


def add_mailbox(server: Dovecot, user: str, port: int = 0) -> int:
    return mailboxes.add(
        "small", host="127.0.0.1", port=port or server.port, user=user, secret="secret", tls="none"
    )


def read_once(mailbox_id: int) -> None:
    """Read until the mailbox was polled, then stop."""
    stopping = threading.Event()
    stopping.set()
    mailbox = next(m for m in queries.mailboxes() if m.id == mailbox_id)
    ticking = threading.Event()

    class OneRound(threading.Event):
        def is_set(self) -> bool:
            if ticking.is_set():
                return True
            ticking.set()
            return False

    read(mailbox, OneRound())


def take_all(sandbox: Sandbox) -> None:
    while take_waiting(sandbox, now=now):
        pass


@pytest.mark.parametrize("place", ["before-commit", "after-commit", "after-cursor"])
def test_a_reader_killed_over_a_mail_leaves_one_ticket_for_it(
    house: Cast, live_url: str, dovecot: Dovecot, sandbox: Sandbox, place: str
) -> None:
    fill(dovecot, place, 3)
    mailbox = add_mailbox(dovecot, place)
    killed(live_url, "fetch", place)
    assert RawMessage.objects.count() == (0 if place == "before-commit" else 1)
    read_once(mailbox)
    take_all(sandbox)
    assert Ticket.objects.count() == 3
    assert RawMessage.objects.filter(state="taken").count() == 3
    with IMAPClient("127.0.0.1", port=dovecot.port, ssl=False) as client:
        client.login(place, "secret")
        client.select_folder("INBOX")
        unseen = client.search("UNSEEN")
    assert len(unseen) <= 1


def test_clocks_start_when_the_mail_arrived_not_when_it_was_read(
    house: Cast, dovecot: Dovecot, sandbox: Sandbox
) -> None:
    arrived = now().replace(microsecond=0) - timedelta(hours=2)
    ancient = arrived - timedelta(days=400)
    with IMAPClient("127.0.0.1", port=dovecot.port, ssl=False) as client:
        client.login("arrivals", "secret")
        for name, at in (("recent", arrived), ("ancient", ancient)):
            raw = f"From: {name}@example.com\r\nSubject: {name}\r\n\r\nx\r\n".encode()
            client.append("INBOX", raw, msg_time=at)
    read_once(add_mailbox(dovecot, "arrivals"))
    take_all(sandbox)
    assert Ticket.objects.get(subject="recent").opened_at == arrived
    assert now() - Ticket.objects.get(subject="ancient").opened_at < timedelta(minutes=5)


def test_the_secret_of_a_mailbox_does_not_lie_readable(house: Cast) -> None:
    mailbox = mailboxes.add("small", host="h", port=993, user="u", secret="canary-password")
    assert b"canary" not in bytes(Mailbox.objects.get(pk=mailbox).secret)
    assert mailboxes.secret_of(mailbox) == "canary-password"


def test_a_mailbox_that_comes_and_goes_loses_nothing_and_reads_on_by_itself(
    house: Cast, dovecot: Dovecot, sandbox: Sandbox
) -> None:
    fill(dovecot, "shaky", 20)
    cuts = iter(range(1, 100))
    nth = {"fetch": 0}

    def cut(said: bytes, answered: bytes) -> bool:
        nth["fetch"] = answered.count(b"BODY[]")
        return nth["fetch"] >= 4 and next(cuts) <= 3

    with FaultProxy(dovecot.port, cut) as proxy:
        mailbox = add_mailbox(dovecot, "shaky", proxy.port)
        stopping = threading.Event()
        reader = threading.Thread(target=read_on, args=(mailbox, stopping))
        reader.start()
        assert until(lambda: RawMessage.objects.count() == 20, 40)
        fill(dovecot, "shaky", 1, start=20)
        assert until(lambda: RawMessage.objects.count() == 21, 10)
        stopping.set()
        reader.join(20)
        assert not reader.is_alive()
    take_all(sandbox)
    assert Ticket.objects.count() == 21
    assert proxy.cuts >= 2


def test_a_mailbox_nobody_can_read_raises_an_alarm_that_ends_with_it(
    house: Cast, dovecot: Dovecot
) -> None:
    mailbox = add_mailbox(dovecot, "silent", free_port())
    stopping = threading.Event()
    reader = threading.Thread(target=read_on, args=(mailbox, stopping))
    reader.start()
    alarms = Alarm.objects.filter(key=f"mailbox:{mailbox}", cleared_at=None)
    assert until(alarms.exists)
    stopping.set()
    reader.join(20)
    Mailbox.objects.filter(pk=mailbox).update(port=dovecot.port)
    read_once(mailbox)
    assert not alarms.exists()
    assert queries.mailboxes()[0].problem == ""


def reply(cast: Cast, text: str = "Which lamp?") -> int:
    """Answer a new ticket of Dana's; only the answer is left to send."""
    ticket = dana_asks(at=now())
    Outbox.objects.filter(ticket_id=ticket).delete()
    conversation.reply(ticket, by=cast.amira, at=now(), text=text)
    return ticket


def plain(port: int) -> MailServer:
    return MailServer(host="127.0.0.1", port=port, tls="none", timeout=10)


def later(minutes: int = 10) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(minutes=minutes)  # noqa: TID251 - a later hour


def ids(octets: list[bytes]) -> list[str]:
    return [f"<{parse(each).message_id}>" for each in octets]


def test_an_answer_goes_out_and_is_marked_sent(house: Cast, exim: Exim) -> None:
    before = len(exim.delivered(0))
    ticket = reply(house)
    with Connection(plain(exim.port)) as smtp:
        assert outgoing.send_due(smtp, now=now) == 1
        assert outgoing.send_due(smtp, now=now) == 0
    row = Outbox.objects.get(ticket_id=ticket)
    assert (row.state, row.attempts) == ("sent", 1)
    assert row.mail_id in ids(exim.delivered(before + 1))
    assert Message.objects.get(pk=row.message_id).delivery == "sent"


@pytest.mark.parametrize(("place", "most"), [("before-data", 1), ("after-answer", 2)])
def test_a_sender_killed_over_a_mail_sends_it_under_the_same_id(
    house: Cast, live_url: str, exim: Exim, place: str, most: int
) -> None:
    reply(house)
    row = Outbox.objects.get()
    before = ids(exim.delivered(0)).count(row.mail_id)
    killed(live_url, "send", place, str(exim.port))
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 1)
    with Connection(plain(exim.port)) as smtp:
        assert outgoing.send_due(smtp, now=later()) == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("sent", 2)
    assert until(lambda: ids(exim.delivered(0)).count(row.mail_id) - before == most)


def test_a_mail_put_off_waits_longer_each_time_and_keeps_its_turn(house: Cast, exim: Exim) -> None:
    ticket = reply(house)
    first = Outbox.objects.get()
    redirect(first, "later@example.com")
    conversation.reply(ticket, by=house.amira, at=now(), text="And which room?")
    second = Outbox.objects.exclude(pk=first.pk).get()
    redirect(second, "later@example.com")
    waits = []
    with Connection(plain(exim.port)) as smtp:
        for minutes in (0, 60, 24 * 60):
            at = later(minutes)
            assert outgoing.send_due(smtp, now=at) == 1
            first.refresh_from_db()
            waits.append(first.not_before - at())
    assert first.state == "queued"
    assert "4.7.1" in first.last_error
    assert waits == sorted(waits)
    second.refresh_from_db()
    assert second.attempts == 0
    assert Message.objects.get(pk=first.message_id).delivery == "delayed"


def redirect(row: Outbox, to: str) -> None:
    row.recipient = to
    row.payload = {**row.payload, "to": to}
    row.save(update_fields=["recipient", "payload"])


def test_an_unknown_recipient_fails_for_good_and_the_others_arrive(
    house: Cast, exim: Exim
) -> None:
    rows = []
    for to in ("dana@example.com", "gone@example.com", "pat@example.com"):
        ticket = reply(house)
        row = Outbox.objects.get(ticket_id=ticket)
        redirect(row, to)
        rows.append(row)
    with Connection(plain(exim.port)) as smtp:
        assert outgoing.send_due(smtp, now=now) == 3
        assert outgoing.send_due(smtp, now=later()) == 0
    for row in rows:
        row.refresh_from_db()
    assert [row.state for row in rows] == ["sent", "failed", "sent"]
    assert "User unknown" in rows[1].last_error
    assert Ticket.objects.get(pk=rows[1].ticket_id).needs_attention


def test_a_server_at_fault_costs_no_mail_an_attempt_and_is_told(house: Cast, exim: Exim) -> None:
    reply(house)
    with Connection(plain(free_port())) as smtp:
        assert outgoing.send_due(smtp, now=now) == 0
    row = Outbox.objects.get()
    assert (row.state, row.attempts) == ("queued", 0)
    assert Alarm.objects.filter(key="outbox:server", cleared_at=None).exists()
    with Connection(plain(exim.port)) as smtp:
        assert outgoing.send_due(smtp, now=later()) == 1
    assert not Alarm.objects.filter(key="outbox:server", cleared_at=None).exists()


def test_an_address_in_any_script_gets_its_answer_where_the_server_takes_it(
    house: Cast, exim: Exim
) -> None:
    row = Outbox.objects.get(ticket_id=reply(house))
    redirect(row, "анна@example.com")
    before = len(exim.delivered(0))
    with Connection(plain(exim.port)) as smtp:
        assert outgoing.send_due(smtp, now=now) == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("sent", "")
    assert "анна@example.com".encode() in exim.delivered(before + 1)[-1] + b"".join(
        exim.delivered(0)
    )


def test_a_mail_that_trips_the_sender_lets_the_others_go(house: Cast, exim: Exim) -> None:
    """Whatever a bug of ours does with one mail, it is put off and the next one leaves."""

    class Tripping(Connection):
        def send(self, sender: str, recipient: str, octets: bytes) -> str:
            if recipient == "odd@example.com":
                raise ValueError("a bug")
            return super().send(sender, recipient, octets)

    odd, good = (Outbox.objects.get(ticket_id=reply(house)) for _ in range(2))
    redirect(odd, "odd@example.com")
    with Tripping(plain(exim.port)) as smtp:
        assert outgoing.send_due(smtp, now=now) == 2
    odd.refresh_from_db()
    good.refresh_from_db()
    assert (odd.state, good.state) == ("queued", "sent")
    assert odd.not_before > now()


def test_without_a_mail_server_the_mails_rest_where_people_see_them(house: Cast) -> None:
    reply(house)
    assert outgoing.lay_by(now=now) == 1
    row = Outbox.objects.get()
    assert (row.state, row.last_error) == ("held", outbox.NO_SERVER)
    outbox.send_anyway(row.pk, by=house.amira, at=now())
    assert len(outbox.claim(at=now())) == 1


def test_a_mail_that_cannot_be_built_is_not_sent_repaired(house: Cast, exim: Exim) -> None:
    reply(house)
    row = Outbox.objects.get()
    row.payload = {**row.payload, "subject": "x\r\nBcc: eve@example.net"}
    row.save(update_fields=["payload"])
    with Connection(plain(exim.port)) as smtp:
        outgoing.send_due(smtp, now=now)
    row.refresh_from_db()
    assert row.state == "failed"
    assert "line break" in row.last_error
    assert msgspec.json.encode(row.payload)
