"""Two web and two worker processes on one server; one of each is killed under load.

Whoever asks by HTTP does as a good client: no answer means the same request again, with its
Idempotency-Key, to the other address. Then nothing is lost, doubled or sent twice.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from kept import clock
from kept.records.models import Outbox, RawMessage, Ticket
from kept.services import intake, tokens
from kept.services.verify import verify
from tests.faults.running import free_port
from tests.people import raise_the_curtain, raw_mail
from tests.worker.test_processes import Sink, a_worker, sink, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
ASKED, WRITTEN = 20, 20

__all__ = ["sink"]


class House:
    """The processes, each in a session of its own, and the ports of the pages."""

    def __init__(self, url: str, smtp: str) -> None:
        self.ports = [free_port(), free_port()]
        self.webs = [self._web(url, port) for port in self.ports]
        self.workers = [a_worker(url, smtp) for _ in range(2)]

    def _web(self, url: str, port: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "kept.cli", "web", "--port", str(port), "--workers", "1"],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def end(self) -> None:
        for process in (*self.webs, *self.workers):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def house(live_url: str, sink: tuple[Sink, str]) -> Iterator[House]:
    made = House(live_url, sink[1])
    yield made
    made.end()


class Asker(threading.Thread):
    """Opens tickets by the API, each as often as it takes to get an answer."""

    def __init__(self, ports: list[int], secret: str, number: int) -> None:
        super().__init__()
        self.ports, self.secret, self.number = ports, secret, number
        self.opened: dict[str, int] = {}

    def run(self) -> None:
        for each in range(ASKED // 2):
            key = f"{self.number}.{each}"
            attempt = 0
            while key not in self.opened and attempt < 400:
                self._ask(key, self.ports[(self.number + attempt) % 2])
                attempt += 1

    def _ask(self, key: str, port: int) -> None:
        body = {
            "desk": "small", "subject": f"asked {key}", "text": "It is dark.", "channel": "email",
            "customer": {"email": f"a{key}@example.com", "name": "A"},
        }  # fmt: skip
        head = {
            "Authorization": f"Bearer {self.secret}", "Idempotency-Key": key,
            "Content-Type": "application/json",
        }  # fmt: skip
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            line.request("POST", "/api/v1/tickets", json.dumps(body), head)
            answer = line.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException):
            threading.Event().wait(0.1)
            return
        if answer.status == 201:
            self.opened[key] = json.loads(told)["id"]
        else:
            assert answer.status in (409, 429, 503), told
            threading.Event().wait(0.2)


def write_mails() -> None:
    try:
        for each in range(WRITTEN):
            raw = raw_mail(
                f"words {each}", message_id=f"<w{each}@example.com>",
                sender=f"w{each}@example.com", subject=f"written {each}",
            )  # fmt: skip
            intake.keep_raw("small", "small@kept.example", raw, at=clock.now())
            threading.Event().wait(0.05)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_one_web_and_one_worker_may_die_at_any_moment(
    house: House, sink: tuple[Sink, str]
) -> None:
    mails, _ = sink
    raise_the_curtain()
    made = tokens.create("small", role="agent", name="t", at=clock.now()).secret
    askers = [Asker(house.ports, made, number) for number in range(2)]
    writer = threading.Thread(target=write_mails)
    for thread in (*askers, writer):
        thread.start()
    wait_until(lambda: len(mails.seen) >= 8)
    os.killpg(house.webs[0].pid, signal.SIGKILL)
    os.kill(house.workers[0].pid, signal.SIGKILL)
    for thread in (*askers, writer):
        thread.join()

    wait_until(lambda: not RawMessage.objects.filter(state="received").exists())
    wait_until(lambda: not Outbox.objects.filter(state="queued", kind="mail").exists())
    opened = [number for asker in askers for number in asker.opened.values()]
    assert len(opened) == len(set(opened)) == ASKED
    subjects = list(Ticket.objects.values_list("subject", flat=True))
    assert len(subjects) == len(set(subjects)) == ASKED + WRITTEN
    told = Counter(mails.seen)
    sent = Outbox.objects.filter(state="sent", kind="mail").values_list("mail_id", flat=True)
    assert len(sent) == ASKED + WRITTEN
    assert set(told) == set(sent)
    assert sum(told.values()) - len(told) <= 1
    report = verify()
    assert report.ok, report.faults
