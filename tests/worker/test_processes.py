"""Two writers and two worker processes on one server; one of them is killed in the middle.

Nothing may be lost and nothing sent twice: at most the one mail that was on the wire when its
worker died comes again, under the same Message-ID.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection, connections

from kept import clock
from kept.records.models import Journal, Outbox, Ticket
from kept.services import conversation
from kept.services.verify import verify
from tests.people import dana_writes, raise_the_curtain
from tests.sop import SMALL

HASTY = SMALL.replace("We answer within 1 hour.", "We answer within 2 seconds.")
TICKETS = 40
PATIENCE_SECONDS = 60.0
ROOT = Path(__file__).resolve().parent.parent.parent


class Sink:
    """A mail server that remembers the Message-IDs it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        self.seen.append(str(message_from_bytes(content)["Message-ID"]))
        return "250 kept"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}?tls=none"
    controller.stop()


@pytest.fixture
def workers(live_url: str, sink: tuple[Sink, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    started = [a_worker(live_url, sink[1]) for _ in range(2)]
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


def a_worker(url: str, smtp: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "kept.worker"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "KEPT_SMTP_URL": smtp,
            "KEPT_WORKER_LEASE_SECONDS": "5",
            "DJANGO_SETTINGS_MODULE": "kept.settings",
        },
        start_new_session=True,
    )


def a_writer(number: int, agent: int) -> None:
    try:
        for each in range(TICKETS // 2):
            taken = dana_writes(
                f"outage {number}.{each}", at=clock.now(), subject=f"{number}.{each}",
                message_id=f"<{number}.{each}@example.com>",
                sender=f"d{number}.{each}@example.com",
            )  # fmt: skip
            if each % 2 and taken.ticket is not None:
                conversation.reply(
                    taken.ticket, by=agent, at=clock.now(), text="On it.", key=str(each)
                )
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_nothing_and_nothing_goes_out_twice(
    workers: list[subprocess.Popen[bytes]], sink: tuple[Sink, str]
) -> None:
    mails, _ = sink
    cast = raise_the_curtain(HASTY)
    writers = [threading.Thread(target=a_writer, args=(n, cast.amira)) for n in range(2)]
    for writer in writers:
        writer.start()
    wait_until(lambda: len(mails.seen) >= 5)
    os.kill(workers[0].pid, signal.SIGKILL)
    workers[0].wait()
    for writer in writers:
        writer.join()

    wait_until(lambda: not Outbox.objects.filter(state="queued", kind="mail").exists())
    wait_until(lambda: not Ticket.objects.filter(next_timer_at__lt=clock.now()).exists())
    workers[1].send_signal(signal.SIGTERM)
    assert workers[1].wait(30) == 0

    assert Ticket.objects.count() == TICKETS
    sent = set(Outbox.objects.filter(state="sent").values_list("mail_id", flat=True))
    told = Counter(mails.seen)
    assert set(told) >= sent
    assert sum(told.values()) - len(told) <= 1
    assert Outbox.objects.filter(state="sent", kind="mail").count() == TICKETS + TICKETS // 2
    for number in Ticket.objects.values_list("id", flat=True):
        decisions = [
            d["kind"] for row in Journal.objects.filter(ticket_id=number) for d in row.decisions
        ]
        assert decisions.count("miss") <= 1
    report = verify()
    assert report.ok, report.faults


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, "the workers do not get there"
        connection.close()
        threading.Event().wait(0.1)
