"""One loop: work while there is some, else wait for a hint or the next poll.

Polling is the guarantee, a hint only makes it sooner. A failing round backs off and the loop
lives; a stop lets the round at hand finish.
"""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, close_old_connections, connection

log = logging.getLogger(__name__)
LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """`work` does one round and returns how much it did; `hears` are hints that wake it."""

    name: str
    work: Callable[[], int]
    every_seconds: float
    hears: frozenset[str] = frozenset()


class Runner:
    """A loop in a thread of its own, with a database connection of its own."""

    def __init__(self, loop: Loop, stopping: threading.Event) -> None:
        self.loop = loop
        self.stopping = stopping
        self.wake = threading.Event()
        self.failures = 0
        self.thread = threading.Thread(target=self._run, name=loop.name, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def hint(self, kind: str) -> None:
        """Wake the loop if the hint is one it hears."""
        if kind in self.loop.hears:
            self.wake.set()

    def once(self) -> int:
        """Do one round; a failure is logged and counted, never raised."""
        try:
            close_old_connections()
            done = self.loop.work()
        except (OperationalError, InterfaceError) as problem:
            told = str(problem).partition("\n")[0]
            log.warning("%s: the database does not answer: %s", self.loop.name, told)
            connection.close()
            self.failures += 1
            return 0
        except Exception:
            log.exception("%s: a round failed", self.loop.name)
            self.failures += 1
            return 0
        self.failures = 0
        return done

    def wait_seconds(self, done: int) -> float:
        """Return how long to rest: not at all after work, longer after each failure."""
        if self.failures:
            wait = min(LONGEST_WAIT, float(2 ** min(self.failures, 10)) / 2)
            return wait * random.uniform(0.8, 1.2)
        return 0.0 if done else self.loop.every_seconds

    def _run(self) -> None:
        while not self.stopping.is_set():
            self.wake.clear()
            rest = self.wait_seconds(self.once())
            if rest and not self.stopping.is_set():
                self.wake.wait(rest)
        connection.close()
