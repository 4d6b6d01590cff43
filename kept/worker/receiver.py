"""`python -m kept.worker.receiver`: the built-in mail receiver as a process of its own."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import django
from django.conf import settings
from django.db import close_old_connections

from kept.channels.mail.smtp_server import Receiver
from kept.clock import now

log = logging.getLogger(__name__)


def receiver() -> Receiver:
    """Return the receiver as the settings want it, not yet started."""
    from kept.channels.mail import receive  # noqa: PLC0415 - needs Django's settings
    from kept.services import intake  # noqa: PLC0415 - as above

    def keep(desk: str, address: str, raw: bytes) -> None:
        with _fresh_connection():
            intake.keep_raw(desk, address, raw, at=now())

    def desk_of(address: str) -> str | None:
        with _fresh_connection():
            return receive.desk_of(address)

    return Receiver(
        desk_of=desk_of,
        keep=keep,
        host=settings.KEPT_RECEIVER_HOST,
        port=settings.KEPT_RECEIVER_PORT,
        lmtp=settings.KEPT_RECEIVER_LMTP,
        largest=settings.KEPT_MAIL_LARGEST,
    )


def run() -> int:
    """Receive until SIGTERM or SIGINT; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kept.settings")
    django.setup()
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    made = receiver()
    try:
        made.start()
    except OSError as problem:
        where = f"{settings.KEPT_RECEIVER_HOST}:{settings.KEPT_RECEIVER_PORT}"
        sys.stderr.write(
            f"KEPT_RECEIVER_PORT: cannot listen on {where}: {problem.strerror or problem}\n"
        )
        return 2
    stopping.wait()
    made.stop()
    return 0


@contextmanager
def _fresh_connection() -> Iterator[None]:
    """A database connection for one act of a pooled thread: checked before and after."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()


if __name__ == "__main__":
    sys.exit(run())
