"""Who is on duty for a desk now, and whether a page still waits for them: for the wallboard."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from kept.records.queries.views import View


class OnDuty(View, frozen=True, kw_only=True):
    """One agent on duty; `paged` counts pages that nobody has acknowledged."""

    desk: int
    name: str
    paged: int


def on_duty(desks: Sequence[int], *, at: datetime) -> dict[int, tuple[OnDuty, ...]]:
    """Return who is on duty per desk, by name, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.desk_id, a.name,
              (SELECT count(*) FROM notification n WHERE n.agent_id = a.id
                 AND n.desk_id = s.desk_id AND n.page <> '' AND n.acknowledged_at IS NULL)
            FROM shift s JOIN agent a ON a.id = s.agent_id AND a.is_active
            WHERE s.desk_id = ANY(%s) AND s.ends_at > %s AND s.starts_at <= %s
            GROUP BY s.desk_id, a.id ORDER BY s.desk_id, a.name
            """,
            [list(desks), at, at],
        )
        people: dict[int, list[OnDuty]] = {}
        for desk, name, paged in cursor.fetchall():
            people.setdefault(desk, []).append(OnDuty(desk=desk, name=name, paged=paged))
    return {desk: tuple(each) for desk, each in people.items()}
