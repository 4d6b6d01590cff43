"""Agents of a desk as the pages show them, and how an agent is named."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import PersonView


def colleagues_of(desk: int, at: datetime) -> tuple[PersonView, ...]:
    """Return who could own or decide something on a desk; without a roster all are on duty."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, a.name, a.email, array_agg(m.role ORDER BY m.id),
              (array_agg(m.level ORDER BY m.id DESC) FILTER (WHERE m.level IS NOT NULL))[1],
              (array_agg(m.team ORDER BY m.id) FILTER (WHERE m.team IS NOT NULL))[1],
              NOT EXISTS (SELECT 1 FROM shift WHERE desk_id = %(desk)s AND kind = 'duty')
                OR EXISTS (SELECT 1 FROM shift s WHERE s.agent_id = a.id AND s.desk_id = %(desk)s
                           AND s.kind = 'duty' AND s.starts_at <= %(at)s AND s.ends_at > %(at)s)
            FROM membership m JOIN agent a ON a.id = m.agent_id
            WHERE m.desk_id = %(desk)s AND m.ended_at IS NULL AND a.is_active
              AND NOT a.is_program
            GROUP BY a.id, a.name, a.email ORDER BY a.name, a.id
            """,
            {"desk": desk, "at": at},
        )
        return tuple(
            PersonView(
                id=row[0], name=row[1], email=row[2], roles=tuple(row[3]), level=row[4],
                team=row[5], on_duty=row[6],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def agent_name(agent: int) -> str | None:
    """Return an active agent's name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM agent WHERE id = %s AND is_active", [agent])
        row = cursor.fetchone()
    return None if row is None else str(row[0])
