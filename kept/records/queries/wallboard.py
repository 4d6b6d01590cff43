"""The wallboard: per desk what is open, soon due, at risk and missed, in two statements."""

from datetime import datetime, timedelta

from django.db import connection

from kept.records.instants import instant
from kept.records.queries.desks import desks_of
from kept.records.queries.queue import next_rows
from kept.records.queries.views import DeskWall, WallboardView

SOON = timedelta(hours=1)
ROWS = 10


def wallboard(agent: int, *, at: datetime) -> WallboardView:
    """Return every desk of an agent at one instant."""
    desks = desks_of(agent)
    counts = _counts([desk.id for desk in desks], at)
    missed_today = _missed_today([desk.id for desk in desks], at)
    return WallboardView(
        at=at,
        desks=tuple(
            DeskWall(
                desk=desk,
                missed_today=missed_today.get(desk.id, 0),
                next_rows=next_rows(desk, at=at, limit=ROWS),
                **counts.get(desk.id, dict.fromkeys(_NAMES, 0)),
            )
            for desk in desks
        ),
    )


_NAMES = ("open", "due_soon", "at_risk", "missed", "unowned", "waiting")


def _counts(desks: list[int], at: datetime) -> dict[int, dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT desk_id, count(*),
              count(*) FILTER (WHERE queue_key BETWEEN %(now)s AND %(soon)s),
              count(*) FILTER (WHERE next_at_risk_at <= %(at)s AND queue_key >= %(now)s),
              count(*) FILTER (WHERE queue_key < %(now)s),
              count(*) FILTER (WHERE owner_id IS NULL),
              count(*) FILTER (WHERE status = 'waiting')
            FROM ticket
            WHERE desk_id = ANY(%(desks)s) AND status IN ('new', 'open', 'waiting')
            GROUP BY desk_id
            """,
            {"desks": desks, "at": at, "now": instant(at), "soon": instant(at + SOON)},
        )
        return {row[0]: dict(zip(_NAMES, row[1:], strict=True)) for row in cursor.fetchall()}


def _missed_today(desks: list[int], at: datetime) -> dict[int, int]:
    """Count what each desk missed since midnight of its own zone; misses taken back are none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.id, (SELECT count(*) FROM commitment c WHERE c.desk_id = d.id
              AND c.missed_at <= %(at)s AND c.missed_at >=
                date_trunc('day', %(at)s::timestamptz AT TIME ZONE d.zone) AT TIME ZONE d.zone)
            FROM desk d WHERE d.id = ANY(%(desks)s)
            """,
            {"desks": desks, "at": at},
        )
        return dict(cursor.fetchall())
