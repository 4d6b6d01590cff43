"""One worker process: every loop in a thread, hints, and an orderly end on SIGTERM.

A stop lets each round finish (its transaction commits or its lease runs out elsewhere); what
hangs longer than STOP_SECONDS is left to the leases.
"""

import logging
import os
import signal
import threading
import time
from types import FrameType

import django

log = logging.getLogger(__name__)
STOP_SECONDS = 8.0
"""Less than the supervisor's patience, so that an orderly end is never a kill."""


def run() -> int:
    """Work until SIGTERM or SIGINT; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kept.settings")
    django.setup()
    stopping = threading.Event()
    _stop_on_signal(stopping)
    work(stopping)
    return 0


def work(stopping: threading.Event) -> None:
    """Run all loops in this process until `stopping` is set."""
    from kept.worker.listening import listen  # noqa: PLC0415 - needs Django's settings
    from kept.worker.loop import Runner  # noqa: PLC0415 - as above
    from kept.worker.loops import all_loops  # noqa: PLC0415 - as above

    runners = [Runner(loop, stopping) for loop in all_loops(stopping)]

    def hint(kind: str) -> None:
        for runner in runners:
            runner.hint(kind)

    ear = threading.Thread(target=listen, args=(hint, stopping), name="hints", daemon=True)
    ear.start()
    for runner in runners:
        runner.start()
    stopping.wait()
    for runner in runners:
        runner.wake.set()
    until = time.monotonic() + STOP_SECONDS
    for runner in runners:
        runner.thread.join(max(0.0, until - time.monotonic()))
        if runner.thread.is_alive():
            log.warning("%s did not finish; its leases run out", runner.loop.name)
    _say_farewell()


def _say_farewell() -> None:
    """Take our heartbeat away; without a database nobody can, and it goes stale."""
    from django.db import DatabaseError, connection  # noqa: PLC0415 - needs Django's settings

    from kept.services import heartbeats  # noqa: PLC0415 - as above

    try:
        heartbeats.end(heartbeats.own_name())
    except DatabaseError:
        log.warning("the heartbeat stays; the database is away")
    finally:
        connection.close()


def _stop_on_signal(stopping: threading.Event) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
