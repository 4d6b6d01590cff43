"""The promise ledger: each time told to the customer, by whom, in which message, what became."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View


class PromiseView(View, frozen=True, kw_only=True):
    """One promise as it was made. `message` is the letter it stands in, where there is one."""

    at: datetime
    by: str
    what: str
    due_at: datetime
    message: int | None


def promises(agent: int, ticket: int) -> tuple[PromiseView, ...]:
    """Return the promises of a ticket the reader may see, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT j.at, a.name, j.fact->>'what',
                   timestamptz 'epoch' + (j.fact->>'due')::bigint * interval '1 microsecond',
                   (SELECT m.id FROM message m
                    WHERE m.ticket_id = j.ticket_id AND m.kind = 'public' AND m.direction = 'out'
                      AND m.sent_at <= j.at AND m.sent_at > j.at - interval '1 hour'
                    ORDER BY m.sent_at DESC, m.id DESC LIMIT 1)
            FROM journal j JOIN ticket t ON t.id = j.ticket_id
            LEFT JOIN agent a ON a.id = j.by_agent
            WHERE j.ticket_id = %(ticket)s AND j.fact->>'event' = 'promised' AND NOT j.refused
              AND EXISTS (SELECT 1 FROM membership m JOIN agent b ON b.id = m.agent_id
                          WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s
                            AND m.ended_at IS NULL AND b.is_active)
            ORDER BY j.seq DESC LIMIT 40
            """,
            {"agent": agent, "ticket": ticket},
        )
        return tuple(
            PromiseView(at=row[0], by=row[1] or "", what=row[2], due_at=row[3], message=row[4])
            for row in cursor.fetchall()
        )
