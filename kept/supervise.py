"""Keep one process tree alive: the database, the pages, the workers and the mail receiver.

Each part is a child in its own session, so that Ctrl-C reaches only us and we end them in order.
A part that falls is started again after a growing pause; the database is revived first.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Protocol

from kept.postgres.supervisor import ServerError

LOOK_SECONDS = 0.25
CALM_SECONDS = 30.0
"""A part that ran this long is trusted again and restarts without a pause."""
LONGEST_PAUSE = 30.0
STOP_SECONDS = 10.0


class Database(Protocol):
    """What we need of the embedded server."""

    def is_alive(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Part:
    """One command that must keep running."""

    def __init__(self, name: str, command: Iterable[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.command = tuple(command)
        self.environment = dict(environment)
        self.child: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.next_try_at = 0.0
        self.falls = 0

    def start(self) -> None:
        """Start the command; it gets a SIGTERM when we die (Linux)."""
        self.started_at = time.monotonic()
        self.child = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent(),
        )

    def look(self, say: Callable[[str], None]) -> None:
        """Start the part again if it fell and its pause is over."""
        if self.child is not None and self.child.poll() is not None:
            lived = time.monotonic() - self.started_at
            self.falls = 0 if lived > CALM_SECONDS else self.falls + 1
            pause = min(LONGEST_PAUSE, 0.5 * 2**self.falls)
            say(f"{self.name} ended with code {self.child.returncode}; again in {pause:.0f} s")
            self._end_rest()
            self.child = None
            self.next_try_at = time.monotonic() + pause
        if self.child is None and time.monotonic() >= self.next_try_at:
            self.start()

    def ask_to_stop(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()

    def make_stop(self, until: float) -> None:
        """Wait until the instant (monotonic), then end it the hard way."""
        if self.child is None:
            return
        try:
            self.child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self._end_rest()

    def _end_rest(self) -> None:
        """End what the command itself started and left behind; it leads a session of its own."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child.pid, signal.SIGKILL)


class Revival:
    """Starts a fallen database again; while it cannot run (a full disk), tries later, for ever."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.falls = 0
        self.next_try_at = 0.0

    def look(self, say: Callable[[str], None]) -> None:
        """Start the database again if it fell and the pause after a failed try is over."""
        if self.database.is_alive() or time.monotonic() < self.next_try_at:
            return
        say("the database fell; starting it again")
        try:
            self.database.start()
        except (ServerError, OSError) as wrong:
            self.falls += 1
            pause = min(LONGEST_PAUSE, 0.5 * 2**self.falls)
            self.next_try_at = time.monotonic() + pause
            say(f"the database cannot start: {wrong}; again in {pause:.0f} s")
        else:
            self.falls = 0


def watch(
    parts: Iterable[Part],
    *,
    database: Database | None,
    say: Callable[[str], None],
    ready: Callable[[], None] = lambda: None,
    is_ready: Callable[[], bool] = lambda: True,
) -> None:
    """Run the parts until SIGINT or SIGTERM, then end them: pages first, the database last.

    `ready` is called once, as soon as `is_ready` says yes.
    """
    every = tuple(parts)
    revival = Revival(database) if database is not None else None
    over = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        over.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for part in every:
            part.start()
        is_told = False
        while not over.wait(LOOK_SECONDS):
            if not is_told and is_ready():
                is_told = True
                ready()
            if revival is not None:
                revival.look(say)
            for part in every:
                part.look(say)
    finally:
        for part in every:
            part.ask_to_stop()
        until = time.monotonic() + STOP_SECONDS
        for part in every:
            part.make_stop(until)
        for number, earlier in before.items():
            signal.signal(number, earlier)


def is_free(host: str, port: int) -> bool:
    """Tell whether we could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def is_answering(host: str, port: int) -> bool:
    """Tell whether somebody listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def _end_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        library.prctl(1, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
