"""A whole Kept of its own for one fault: `kept run` on a folder and free ports, under mail.

The sender behaves as a mail server does: what was not answered with 250 is tried again under
the same Message-ID. Afterwards each mail must be one ticket with one receipt.
"""

import contextlib
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from kept.postgres import places

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 90.0
END_SECONDS = 15.0
LONGEST_ANSWER = 12.0
"""Connecting may take five seconds, twice: once for the session and once for the page."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One `kept run` and what hangs below it."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.port, self.mail_port = free_port(), free_port()
        self.settings = settings
        self.log = data.with_name(f"{data.name}.log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        return places(self.data).url

    def command(self, *more: str) -> list[str]:
        return [sys.executable, "-m", "kept.cli", "run", "--port", str(self.port),
                "--data", str(self.data), *more]  # fmt: skip

    def environment(self) -> dict[str, str]:
        given = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        return {**given, "KEPT_RECEIVER_PORT": str(self.mail_port), **self.settings}

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), cwd=ROOT, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        wait_until(lambda: self.answer("/readyz")[0] == 200, "the desk to be ready", START_SECONDS)
        wait_until(self.takes_mail, "the receiver to answer", START_SECONDS)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to end; return the seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(60)
        wait_until(lambda: not self.family(), "every process to end", 60)
        return time.monotonic() - began

    def clear(self) -> None:
        """End whatever a failed fault left behind."""
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGKILL)
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def takes_mail(self) -> bool:
        with contextlib.suppress(OSError), smtplib.SMTP("127.0.0.1", self.mail_port, timeout=5):
            return True
        return False

    def answer(self, path: str) -> tuple[int, float, str]:
        """Return status, seconds and text of a page; status 0 where nobody answered."""
        began = time.monotonic()
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as got:
                return got.status, time.monotonic() - began, got.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, time.monotonic() - began, refused.read().decode()
        except OSError:
            return 0, time.monotonic() - began, ""

    def family(self) -> dict[int, str]:
        """Return the processes that name our folder, port or socket, with their commands."""
        marks = (str(self.data), f"--port\0{self.port}")
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                around = (entry / "environ").read_bytes().decode(errors="replace")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                ours = any(mark in command for mark in marks) or f"={self.data}\0" in around
                if state != "Z" and (ours or self._is_backend(entry)):
                    found[int(entry.name)] = command.replace("\0", " ").strip()
        return found

    def _is_backend(self, entry: Path) -> bool:
        return (entry / "cwd").readlink() == places(self.data).cluster

    def children(self, word: str) -> list[int]:
        """Return our processes whose command has the word, the parents first."""
        return sorted(pid for pid, command in self.family().items() if word in command)

    def postmaster(self) -> int:
        return int((places(self.data).cluster / "postmaster.pid").read_text().split()[0])


class Load:
    """Mails that keep coming, and pages that keep being asked for."""

    def __init__(self, desk: Running, *, every: float = 0.3) -> None:
        self.desk = desk
        self.every = every
        self.kept: list[str] = []
        self.refused: list[int] = []
        self.answers: list[tuple[int, float]] = []
        self.over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._mail, self._ask)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()

    def _mail(self) -> None:
        number = 0
        while not self.over.wait(self.every):
            number += 1
            while not self._send(number) and not self.over.wait(0.5):
                pass

    def _send(self, number: int) -> bool:
        mail = EmailMessage()
        mail["From"], mail["To"] = f"d{number}@example.com", "small@kept.example"
        mail["Subject"], mail["Message-ID"] = f"mail {number}", f"<{number}@example.com>"
        mail.set_content("My screen is dark.")
        try:
            with smtplib.SMTP("127.0.0.1", self.desk.mail_port, timeout=30) as smtp:
                smtp.send_message(mail)
        except smtplib.SMTPResponseException as no:
            self.refused.append(no.smtp_code)
            return False
        except smtplib.SMTPRecipientsRefused as no:
            self.refused.extend(code for code, _ in no.recipients.values())
            return False
        except (OSError, smtplib.SMTPException):
            return False
        self.kept.append(str(mail["Subject"]))
        return True

    def _ask(self) -> None:
        while not self.over.wait(self.every):
            status, seconds, _ = self.desk.answer("/readyz")
            self.answers.append((status, seconds))
            status, seconds, _ = self.desk.answer("/c/1-nothing")
            self.answers.append((status, seconds))


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> float:
    """Return how long it took until it holds."""
    began = time.monotonic()
    while not holds():
        took = time.monotonic() - began
        assert took < seconds, f"waited {seconds:.0f} s for {what}"
        threading.Event().wait(0.1)
    return time.monotonic() - began
