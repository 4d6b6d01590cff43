"""Who is on duty for a desk now, and who was paged and has answered or not: for the wallboard."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from kept.records.queries.views import View

LATELY = timedelta(hours=2)
MOST = 8


class OnDuty(View, frozen=True, kw_only=True):
    """One agent on duty or paged. `paged_at` is the oldest page without an answer."""

    desk: int
    name: str
    on_duty: bool
    paged_at: datetime | None
    answered_at: datetime | None
    rung: int = 1
    """The layer of the rota; 1 is called first."""
    to_call: int = 0
    """How many telephone calls to them nobody has made yet."""


def on_duty(desks: Sequence[int], *, at: datetime) -> dict[int, tuple[OnDuty, ...]]:
    """Return who is on duty or paged per desk, unanswered pages first, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH called AS (
              SELECT n.desk_id, n.agent_id,
                min(n.at) FILTER (WHERE n.acknowledged_at IS NULL) AS paged_at,
                max(n.acknowledged_at) FILTER (WHERE n.acknowledged_at > %(lately)s) AS answered_at
              FROM notification n
              WHERE n.desk_id = ANY(%(desks)s) AND n.page <> ''
                AND (n.acknowledged_at IS NULL OR n.acknowledged_at > %(lately)s)
              GROUP BY n.desk_id, n.agent_id),
            now AS (
              SELECT s.desk_id, s.agent_id, s.kind, min(s.rung) AS rung FROM shift s
              WHERE s.desk_id = ANY(%(desks)s) AND s.ends_at > %(at)s AND s.starts_at <= %(at)s
              GROUP BY 1, 2, 3),
            here AS (
              SELECT desk_id, agent_id, rung FROM now n WHERE kind = 'on_call'
              UNION ALL SELECT desk_id, agent_id, rung FROM now n WHERE NOT EXISTS (
                SELECT 1 FROM now o WHERE o.desk_id = n.desk_id AND o.kind = 'on_call'))
            SELECT COALESCE(h.desk_id, c.desk_id), a.name, h.agent_id IS NOT NULL,
              c.paged_at, c.answered_at, COALESCE(h.rung, 1), (
                SELECT count(*) FROM page_try y JOIN page p ON p.id = y.page_id
                WHERE y.agent_id = a.id AND p.desk_id = COALESCE(h.desk_id, c.desk_id)
                  AND p.acknowledged_at IS NULL AND y.called_at IS NULL)
            FROM here h FULL JOIN called c ON (c.desk_id, c.agent_id) = (h.desk_id, h.agent_id)
            JOIN agent a ON a.id = COALESCE(h.agent_id, c.agent_id) AND a.is_active
            ORDER BY 1, c.paged_at NULLS LAST, 6, a.name
            """,
            {"desks": list(desks), "at": at, "lately": at - LATELY},
        )
        people: dict[int, list[OnDuty]] = {}
        for desk, name, is_here, paged_at, answered_at, rung, to_call in cursor.fetchall():
            people.setdefault(desk, []).append(
                OnDuty(desk=desk, name=name, on_duty=is_here, paged_at=paged_at,
                       answered_at=answered_at, rung=rung, to_call=to_call)
            )  # fmt: skip
    return {desk: tuple(each[:MOST]) for desk, each in people.items()}
