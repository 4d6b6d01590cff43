"""What was said on a ticket while somebody was writing."""

from datetime import datetime

from django.db import connection

from kept.policy.words import Frozen
from kept.services.errors import AgentId, Conflict

MOST_TOLD = 5


class Turn(Frozen, frozen=True, kw_only=True):
    """One message the writer has not seen. `kind` is customer, reply, note or leaving."""

    message: int | None
    kind: str
    who: str
    at: datetime
    text: str


class Newer(Conflict):
    """Others said something since the writer looked; nothing was sent."""

    code = "newer_message"

    def __init__(self, turns: tuple[Turn, ...]) -> None:
        super().__init__("Something was said here while you were writing.")
        self.turns = turns


def turns_since(ticket_id: int, seen: int, by: AgentId) -> tuple[Turn, ...]:
    """Return what people other than the writer said after message `seen`, the newest last."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.id, CASE WHEN m.direction = 'in' THEN 'customer' WHEN m.kind = 'note'
                   THEN 'note' ELSE 'reply' END, COALESCE(a.name, c.name, m.sender), m.sent_at,
                   left(m.text, 300)
            FROM message m LEFT JOIN agent a ON a.id = m.agent_id
            LEFT JOIN customer c ON c.id = m.customer_id
            WHERE m.ticket_id = %(ticket)s AND m.id > %(seen)s
              AND (m.direction = 'in' OR (m.agent_id IS NOT NULL AND m.agent_id <> %(by)s))
            UNION ALL
            SELECT NULL, 'leaving', a.name, r.clicked_at, left(r.text, 300)
            FROM leaving_reply r JOIN agent a ON a.id = r.agent_id
            WHERE r.ticket_id = %(ticket)s AND r.state = 'waiting' AND r.agent_id <> %(by)s
            ORDER BY 4 DESC LIMIT %(most)s
            """,
            {"ticket": ticket_id, "seen": seen, "by": by, "most": MOST_TOLD},
        )
        return tuple(
            Turn(message=row[0], kind=row[1], who=row[2] or "", at=row[3], text=row[4])
            for row in cursor.fetchall()[::-1]
        )
