"""Profiles to look at again, of the reader's desks, the longest unseen first."""

from datetime import datetime

from django.db import connection

from kept.records.masks import DOTS
from kept.records.queries.desks import desks_of
from kept.records.queries.sight import open_desks
from kept.records.queries.views import View

PAGE = 50


class ReviewView(View, frozen=True, kw_only=True):
    """One profile that the SOP wants looked at, and until when."""

    task: int
    customer: int
    name: str
    desk: str
    zone: str
    clause: str
    duty: str
    form: str | None
    seen_at: datetime
    due_at: datetime
    is_missed: bool


def reviews_due(
    agent: int, *, at: datetime, customer: int | None = None, limit: int = PAGE
) -> tuple[ReviewView, ...]:
    """Return the open reviews, the earliest due first; of one customer, theirs only."""
    plain = open_desks(agent).granted
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.id, c.id, c.name, d.slug, d.zone, k.clause, k.name, k.form, k.period_start,
                   k.due_at, k.due_at < %(at)s, k.desk_id
            FROM cadence_task k JOIN desk d ON d.id = k.desk_id
            JOIN customer c ON k.subject = 'customer:' || c.id
            WHERE k.desk_id = ANY(%(desks)s) AND k.done_at IS NULL AND k.subject LIKE 'customer:%%'
              AND (%(customer)s::bigint IS NULL OR k.subject = 'customer:' || %(customer)s::bigint)
            ORDER BY k.due_at, k.id LIMIT %(limit)s
            """,
            {"desks": [desk.id for desk in desks_of(agent)], "at": at, "customer": customer,
             "limit": limit},
        )  # fmt: skip
        return tuple(
            ReviewView(
                task=r[0], customer=r[1], name=r[2] if r[11] in plain else f"{r[2][:1]}{DOTS}",
                desk=r[3], zone=r[4], clause=r[5], duty=r[6], form=r[7], seen_at=r[8],
                due_at=r[9], is_missed=r[10],
            )
            for r in cursor.fetchall()
        )  # fmt: skip
