"""How each clause of a desk fared in a span of time, and how sure that is.

A commitment belongs to the span in which it started. An open one past its due counts as missed.
"""

from datetime import datetime

from django.db import connection

from kept.policy.measures import MILLION, wilson
from kept.records.queries.views import View


class ClauseRecord(View, frozen=True, kw_only=True):
    """One clause. `rate` is kept / (kept + missed) with its 95 % interval, None where neither."""

    clause: str
    activated: int
    kept: int
    missed: int
    pending: int
    cancelled: int
    unknown: int
    rate: float | None
    low: float | None
    high: float | None


def compliance(
    agent: int, desk: str, *, since: datetime | None, until: datetime | None, at: datetime
) -> tuple[ClauseRecord, ...]:
    """Return the clauses of a desk of this agent that made it owe something."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COMPLIANCE,
            {"agent": agent, "desk": desk, "since": since, "until": until, "at": at},
        )
        return tuple(_record(*row) for row in cursor.fetchall())


def rate_of(kept: int, missed: int) -> tuple[float | None, float | None, float | None]:
    """Return (rate, low, high) for display; nothing decided gives nothing."""
    decided = kept + missed
    if not decided:
        return None, None, None
    low, high = wilson(kept, decided)
    return kept / decided, low / MILLION, high / MILLION


def _record(
    clause: str, activated: int, kept: int, missed: int, pending: int, unknown: int
) -> ClauseRecord:
    rate, low, high = rate_of(kept, missed)
    return ClauseRecord(
        clause=clause, activated=activated, kept=kept, missed=missed, pending=pending,
        cancelled=activated - kept - missed - pending - unknown, unknown=unknown,
        rate=rate, low=low, high=high,
    )  # fmt: skip


_COMPLIANCE = """
SELECT c.clause, count(*),
  count(*) FILTER (WHERE verdict = 'kept'),
  count(*) FILTER (WHERE verdict = 'missed'
                   OR (verdict = 'pending' AND due_at < %(at)s AND NOT paused AND NOT suspended)),
  count(*) FILTER (WHERE verdict = 'pending'
                   AND (due_at IS NULL OR due_at >= %(at)s OR paused OR suspended)),
  count(*) FILTER (WHERE verdict = 'unknown')
FROM commitment c JOIN desk d ON d.id = c.desk_id
WHERE d.slug = %(desk)s
  AND (%(since)s::timestamptz IS NULL OR c.started_at >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR c.started_at < %(until)s::timestamptz)
  AND EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
              WHERE m.desk_id = d.id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                AND a.is_active)
GROUP BY c.clause ORDER BY c.clause
"""
