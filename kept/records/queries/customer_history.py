"""What happened with a customer: every turn on every ticket of the reader's desks, newest first.

Said things come from messages, the rest from the journal; both are bounded before they are laid
together, so a customer of ten years costs no more than a page.
"""

from datetime import datetime

from django.db import connection

from kept.records.masks import hidden
from kept.records.queries.sight import open_desks
from kept.records.queries.views import View

PAGE = 50
EVENTS = (
    "created", "escalated", "severity_changed", "resolved", "confirmed", "reopened", "closed",
    "verified", "promised", "survey_answered", "merged", "spam", "withdrawn", "paid",
    "call_answered", "call_abandoned",
)  # fmt: skip
"""Facts that tell of a customer's way with us; the rest is the ticket's own business."""
_MINE = """
mine AS MATERIALIZED (
  SELECT DISTINCT m.desk_id AS id FROM membership m JOIN agent a ON a.id = m.agent_id
  WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL AND a.is_active
)"""


class TurnView(View, frozen=True, kw_only=True):
    """One turn: something said (`said` is in, out or note), or a fact by its event's name."""

    at: datetime
    ticket: int
    desk: str
    subject: str
    channel: str
    said: str
    event: str
    author: str
    text: str


class TicketLine(View, frozen=True, kw_only=True):
    """One ticket of a customer in a line."""

    id: int
    desk: str
    zone: str
    subject: str
    status: str
    severity: str | None
    channel: str | None
    opened_at: datetime
    due_at: datetime | None
    due_name: str | None


class PromiseView(View, frozen=True, kw_only=True):
    """Something we told this person we would do, and have not done yet."""

    ticket: int
    desk: str
    commitment: str
    name: str
    clause: str
    due_at: datetime | None
    is_missed: bool


def history(
    agent: int, customer: int, *, before: datetime | None = None, limit: int = PAGE
) -> tuple[TurnView, ...]:
    """Return turns in the order of time, newest first; `before` ends the page above."""
    plain = open_desks(agent).uncovered
    with connection.cursor() as cursor:
        cursor.execute(
            _HISTORY,
            {"agent": agent, "customer": customer, "before": before, "limit": limit,
             "events": list(EVENTS)},
        )  # fmt: skip
        return tuple(
            TurnView(
                at=row[0], ticket=row[1], desk=row[2], subject=row[3], channel=row[4], said=row[5],
                event=row[6], author=row[7] if row[9] in plain else hidden(row[7]), text=row[8],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def tickets_of(agent: int, customer: int, *, limit: int = PAGE) -> tuple[TicketLine, ...]:
    """Return the customer's tickets on the reader's desks, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH {_MINE}
            SELECT t.id, d.slug, d.zone, t.subject, t.status, t.severity, t.channel, t.opened_at,
                   t.next_due_at, t.next_due_name
            FROM ticket t JOIN desk d ON d.id = t.desk_id
            WHERE t.customer_id = %(customer)s AND t.desk_id IN (SELECT id FROM mine)
            ORDER BY t.id DESC LIMIT %(limit)s
            """,
            {"agent": agent, "customer": customer, "limit": limit},
        )
        return tuple(
            TicketLine(
                id=r[0], desk=r[1], zone=r[2], subject=r[3], status=r[4], severity=r[5],
                channel=r[6], opened_at=r[7], due_at=r[8], due_name=r[9],
            )
            for r in cursor.fetchall()
        )  # fmt: skip


def promises_to(agent: int, customer: int, *, limit: int = PAGE) -> tuple[PromiseView, ...]:
    """Return what is promised to a customer and not kept yet, the earliest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH {_MINE}
            SELECT t.id, d.slug, k.commitment, k.name, k.clause, k.due_at,
                   k.verdict = 'missed'
            FROM ticket t JOIN desk d ON d.id = t.desk_id
            JOIN commitment k ON k.ticket_id = t.id AND k.kind = 'promise'
             AND k.settled_at IS NULL AND k.verdict IN ('pending', 'missed')
            WHERE t.customer_id = %(customer)s AND t.desk_id IN (SELECT id FROM mine)
              AND t.status IN ('new', 'open', 'waiting', 'resolved')
            ORDER BY k.due_at NULLS LAST, k.id LIMIT %(limit)s
            """,
            {"agent": agent, "customer": customer, "limit": limit},
        )
        return tuple(
            PromiseView(
                ticket=r[0], desk=r[1], commitment=r[2], name=r[3], clause=r[4], due_at=r[5],
                is_missed=r[6],
            )
            for r in cursor.fetchall()
        )  # fmt: skip


_HISTORY = f"""
WITH {_MINE}, theirs AS MATERIALIZED (
  SELECT t.id, t.desk_id, d.slug, t.subject FROM ticket t JOIN desk d ON d.id = t.desk_id
  WHERE t.customer_id = %(customer)s AND t.desk_id IN (SELECT id FROM mine)
), said AS (
  SELECT m.sent_at AS at, t.id, t.slug, t.subject, m.channel,
         CASE WHEN m.kind = 'note' THEN 'note' ELSE m.direction END AS said, '' AS event,
         COALESCE(a.name, c.name, m.sender) AS author, left(m.text, 600) AS text, t.desk_id,
         m.id AS place
  FROM theirs t JOIN message m ON m.ticket_id = t.id
  LEFT JOIN agent a ON a.id = m.agent_id LEFT JOIN customer c ON c.id = m.customer_id
  WHERE %(before)s::timestamptz IS NULL OR m.sent_at < %(before)s::timestamptz
  ORDER BY m.sent_at DESC, m.id DESC LIMIT %(limit)s
), done AS (
  SELECT j.at, t.id, t.slug, t.subject, COALESCE(j.fact->>'channel', '') AS channel, '' AS said,
         j.fact->>'event' AS event, COALESCE(a.name, '') AS author, '' AS text, t.desk_id, j.id
  FROM theirs t JOIN journal j ON j.ticket_id = t.id
  LEFT JOIN agent a ON a.id = j.by_agent
  WHERE NOT j.refused AND j.fact->>'event' = ANY(%(events)s)
    AND (%(before)s::timestamptz IS NULL OR j.at < %(before)s::timestamptz)
  ORDER BY j.at DESC, j.id DESC LIMIT %(limit)s
)
SELECT at, id, slug, subject, channel, said, event, author, text, desk_id
FROM (SELECT * FROM said UNION ALL SELECT * FROM done) both_kinds
ORDER BY at DESC, place DESC LIMIT %(limit)s
"""
