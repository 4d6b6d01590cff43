"""A form that was opened some time ago: what others did since then, asked for under the lock.

`unchanged` names what the form rests on. A verb inside raises Stale, and does nothing, where
somebody else did one of those things after the journal row the form was made at.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import connection

from kept.policy.words import Frozen
from kept.services.errors import AgentId, Conflict
from kept.services.locking import LockedTicket

MOST_TOLD = 5


class Expected(Frozen, frozen=True, kw_only=True):
    """`events` by others than `by` after row `seq` make the form stale."""

    ticket: int
    seq: int
    events: tuple[str, ...]
    by: AgentId


class Change(Frozen, frozen=True, kw_only=True):
    """One thing that somebody else did; `seq` is its row in the journal."""

    seq: int
    event: str
    at: datetime


class Stale(Conflict):
    """What the form showed is no longer so."""

    code = "stale"

    def __init__(self, changes: tuple[Change, ...]) -> None:
        super().__init__("This changed after the form was opened.")
        self.changes = changes


_EXPECTED: ContextVar[Expected | None] = ContextVar("expected", default=None)


@contextmanager
def unchanged(expected: Expected | None) -> Iterator[None]:
    """Let the verbs inside act only on the ticket as the form showed it."""
    token = _EXPECTED.set(expected)
    try:
        yield
    finally:
        _EXPECTED.reset(token)


def check(ticket: LockedTicket) -> None:
    """Raise Stale where the ticket under lock is not what was expected."""
    expected = _EXPECTED.get()
    if expected is None or expected.ticket != ticket.id or ticket.seq <= expected.seq:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT seq, fact->>'event', at FROM journal
            WHERE ticket_id = %s AND seq > %s AND NOT refused
              AND by_agent IS DISTINCT FROM %s AND fact->>'event' = ANY(%s)
            ORDER BY seq DESC LIMIT %s
            """,
            [ticket.id, expected.seq, expected.by, list(expected.events), MOST_TOLD],
        )
        rows = cursor.fetchall()
    if rows:
        raise Stale(tuple(Change(seq=seq, event=event, at=at) for seq, event, at in rows[::-1]))
