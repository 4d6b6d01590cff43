"""What one reader keeps about one ticket, and what they chose for their workspace."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View


class Yours(View, frozen=True, kw_only=True):
    """One ticket as its reader keeps it."""

    follows: bool
    followers: int
    asleep_until: datetime | None
    on_answer: bool
    is_asleep: bool


def yours_of(agent: int, ticket: int) -> Yours:
    """Return whether a reader follows and snoozed a ticket; the page has asked for rights."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (SELECT 1 FROM follow WHERE ticket_id = %(ticket)s
                           AND agent_id = %(agent)s),
              (SELECT count(*) FROM (SELECT 1 FROM follow WHERE ticket_id = %(ticket)s
                                     LIMIT 100) one),
              z.until, z.on_answer, z.id IS NOT NULL
            FROM (SELECT 1) one LEFT JOIN snooze z ON z.ticket_id = %(ticket)s
              AND z.agent_id = %(agent)s AND z.woken_at IS NULL
            """,
            {"agent": agent, "ticket": ticket},
        )
        row = cursor.fetchone()
    return Yours(
        follows=row[0], followers=row[1], asleep_until=row[2], on_answer=bool(row[3]),
        is_asleep=row[4],
    )  # fmt: skip


def after_ending(agent: int) -> str:
    """Return where somebody goes after an ending: stay, next or queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT value FROM agent_choice WHERE agent_id = %s AND name = 'after_ending'", [agent]
        )
        row = cursor.fetchone()
    return "stay" if row is None else str(row[0])


def chosen_means(agent: int) -> dict[str, str]:
    """Return by what means somebody wants to hear of each kind, where they chose."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, means FROM notice_choice WHERE agent_id = %s", [agent])
        return dict(cursor.fetchall())


class BulkView(View, frozen=True, kw_only=True):
    """One act on several tickets; `results` is what services.bulk kept."""

    act: str
    results: object
    done_at: datetime | None
    undone_at: datetime | None


def bulk_of(agent: int, token: str) -> BulkView | None:
    """Return an act of one's own by its token."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT act, results::text, done_at, undone_at FROM bulk_act"
            " WHERE token = %s AND agent_id = %s",
            [token, agent],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return BulkView(act=row[0], results=row[1], done_at=row[2], undone_at=row[3])
