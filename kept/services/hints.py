"""Tell listeners that something changed: a hint, never a guarantee; whoever misses it polls.

A notification inside each transaction halves the rate of commits, so hints go out after the
commit and not more often than listeners can use.
"""

import time
from threading import Lock

from django.db import connection, transaction

from kept.records.listening import CHANNEL

APART_SECONDS = 0.05
_last: dict[str, float] = {}
_guard = Lock()


def hint(what: str) -> None:
    """Send a hint after the commit: `ticket:42`, `outbox`, `intake`, `clocks`."""
    transaction.on_commit(lambda: _send(what))


def _send(what: str) -> None:
    kind = what.partition(":")[0]
    now = time.monotonic()
    with _guard:
        if kind != "ticket" and now - _last.get(kind, 0.0) < APART_SECONDS:
            return
        _last[kind] = now
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, what])
