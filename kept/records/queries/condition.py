"""What `kept doctor` asks of the database beyond the figures of `health`."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View

CHAINS = 2000
"""The chain heads looked at: of the tickets that changed last."""


class Condition(View, frozen=True, kw_only=True):
    """Processes by age in seconds, unread mailboxes, tickets whose journal ends elsewhere."""

    beats: tuple[float, ...]
    mailbox_problems: tuple[tuple[str, str], ...]
    broken_heads: tuple[int, ...]
    heads: int
    skew: float
    """Seconds by which the database's clock is ahead of ours."""


def condition(at: datetime) -> Condition:
    """Return it; `at` is our own present."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp() - %s)::float", [at])
        skew = float(cursor.fetchone()[0])
        cursor.execute(
            "SELECT extract(epoch FROM %s - beat_at)::float FROM heartbeat"
            " WHERE kind = 'worker' ORDER BY beat_at DESC",
            [at],
        )
        beats = tuple(row[0] for row in cursor.fetchall())
        cursor.execute(
            "SELECT d.slug || ' ' || b.host || '/' || b.folder, b.problem FROM mailbox b"
            " JOIN desk d ON d.id = b.desk_id WHERE b.problem <> '' ORDER BY b.id"
        )
        problems = tuple((row[0], row[1]) for row in cursor.fetchall())
        cursor.execute(_HEADS, [CHAINS])
        heads = cursor.fetchall()
    return Condition(
        beats=beats, mailbox_problems=problems, skew=skew, heads=len(heads),
        broken_heads=tuple(row[0] for row in heads if not row[1]),
    )  # fmt: skip


_HEADS = """
SELECT t.id, j.seq IS NOT NULL AND j.seq = t.state_seq AND j.hash = t.last_hash
FROM (SELECT id, state_seq, last_hash FROM ticket ORDER BY id DESC LIMIT %s) t
LEFT JOIN LATERAL (
  SELECT seq, hash FROM journal WHERE ticket_id = t.id ORDER BY seq DESC LIMIT 1) j ON true
"""
