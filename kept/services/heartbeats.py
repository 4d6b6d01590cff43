"""Each worker process says now and then that it lives; `kept doctor` reads when it last did."""

import os
import socket
from datetime import datetime, timedelta

from kept.records.models import Heartbeat

EVERY_SECONDS = 10.0
FORGET_AFTER = timedelta(days=1)


def own_name() -> str:
    """Return what tells this process from every other on any host."""
    return f"{socket.gethostname()[:120]}:{os.getpid()}"


def beat(name: str, kind: str, *, started_at: datetime, at: datetime) -> None:
    """Note that the process lives; rows of long gone ones are removed."""
    Heartbeat.objects.update_or_create(
        name=name, defaults={"kind": kind, "beat_at": at}, create_defaults={
            "kind": kind, "started_at": started_at, "beat_at": at,
        },
    )  # fmt: skip
    Heartbeat.objects.filter(beat_at__lt=at - FORGET_AFTER).delete()


def end(name: str) -> None:
    """Forget a process that ended in good order, so that nobody looks for it."""
    Heartbeat.objects.filter(name=name).delete()
