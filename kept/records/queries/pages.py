"""Pages as people see them: what was called, whom, and who answered."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from kept.records.queries.views import View

MOST = 100


class TryView(View, frozen=True, kw_only=True):
    """One person who was called. `telephone` is empty where none is known."""

    id: int
    agent: int
    name: str
    rung: int
    rung_name: str
    at: datetime
    late: bool
    telephone: str
    called_at: datetime | None
    called_by: str | None
    call_result: str


class PageView(View, frozen=True, kw_only=True):
    """`is_mine` says whether whoever asks was called and may acknowledge."""

    id: int
    desk: str
    zone: str
    ticket: int
    subject: str
    role: str
    clause: str
    about: str
    at: datetime
    repeats: int
    climbs_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    is_mine: bool
    tries: tuple[TryView, ...]


def pages_of(
    agent: int,
    *,
    ticket: int | None = None,
    page: int | None = None,
    only_open: bool = False,
) -> tuple[PageView, ...]:
    """Return the pages of an agent's desks, the unanswered first; a foreign one is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, d.slug, d.zone, p.ticket_id, t.subject, p.role, p.clause, p.about, p.at,
              (SELECT COALESCE(max(n.repeats), 0) FROM notification n
               WHERE n.ticket_id = p.ticket_id AND n.page = p.key),
              p.climbs_at, p.acknowledged_at, b.name,
              EXISTS (SELECT 1 FROM page_try y WHERE y.page_id = p.id AND y.agent_id = %(agent)s)
            FROM page p JOIN desk d ON d.id = p.desk_id JOIN ticket t ON t.id = p.ticket_id
            LEFT JOIN agent b ON b.id = p.acknowledged_by_id
            WHERE p.desk_id IN (SELECT m.desk_id FROM membership m JOIN agent a
                ON a.id = m.agent_id WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL
                AND a.is_active)
              AND (%(ticket)s::bigint IS NULL OR p.ticket_id = %(ticket)s)
              AND (%(page)s::bigint IS NULL OR p.id = %(page)s)
              AND (NOT %(only_open)s OR p.acknowledged_at IS NULL)
            ORDER BY p.acknowledged_at IS NOT NULL, p.at DESC, p.id LIMIT %(most)s
            """,
            {"agent": agent, "ticket": ticket, "page": page, "only_open": only_open,
             "most": MOST},
        )  # fmt: skip
        rows = cursor.fetchall()
    tries = _tries([row[0] for row in rows])
    return tuple(
        PageView(
            id=row[0], desk=row[1], zone=row[2], ticket=row[3], subject=row[4], role=row[5],
            clause=row[6], about=row[7], at=row[8], repeats=row[9], climbs_at=row[10],
            acknowledged_at=row[11], acknowledged_by=row[12], is_mine=row[13],
            tries=tries.get(row[0], ()),
        )
        for row in rows
    )  # fmt: skip


def _tries(pages: Sequence[int]) -> dict[int, tuple[TryView, ...]]:
    if not pages:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT y.page_id, y.id, y.agent_id, a.name, y.rung, y.rung_name, y.at, y.late,
              a.telephone, y.called_at, c.name, y.call_result
            FROM page_try y JOIN agent a ON a.id = y.agent_id
            LEFT JOIN agent c ON c.id = y.called_by_id
            WHERE y.page_id = ANY(%s) ORDER BY y.rung, a.name LIMIT 2000
            """,
            [list(pages)],
        )
        found: dict[int, list[TryView]] = {}
        for row in cursor.fetchall():
            found.setdefault(row[0], []).append(TryView(
                id=row[1], agent=row[2], name=row[3], rung=row[4], rung_name=row[5], at=row[6],
                late=row[7], telephone=row[8], called_at=row[9], called_by=row[10],
                call_result=row[11],
            ))  # fmt: skip
    return {page: tuple(tries) for page, tries in found.items()}
