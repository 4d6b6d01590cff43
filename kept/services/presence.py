"""Presence: who has a ticket open and whether they write. A beat every five seconds or so.

Whoever stops beating is gone within AWAY. Only members of the ticket's desk beat or are seen.
"""

from datetime import datetime, timedelta

from django.db import connection

from kept.policy.words import Frozen
from kept.services.errors import AgentId, NotFound
from kept.services.stirs import stir

AWAY = timedelta(seconds=15)
INTENTS = ("viewing", "writing")
MOST_SHOWN = 20


class Present(Frozen, frozen=True, kw_only=True):
    """Somebody else at this ticket."""

    agent: AgentId
    name: str
    intent: str


def beat(ticket_id: int, *, by: AgentId, at: datetime, intent: str) -> tuple[Present, ...]:
    """Say that somebody is here, and return who else is: writers first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BEAT,
            {
                "ticket": ticket_id, "agent": by, "at": at, "gone": at - AWAY,
                "intent": intent if intent in INTENTS else "viewing",
            },
        )  # fmt: skip
        row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such ticket.")
    desk, is_news = row
    if is_news:
        stir("seen", ticket_id, desk)
    return others(ticket_id, by=by, at=at)


def leave(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Say that somebody closed the ticket."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM presence p USING ticket t WHERE t.id = p.ticket_id"
            " AND p.ticket_id = %s AND p.agent_id = %s RETURNING t.desk_id",
            [ticket_id, by],
        )
        row = cursor.fetchone()
    if row is not None:
        stir("seen", ticket_id, row[0])


def others(ticket_id: int, *, by: AgentId, at: datetime) -> tuple[Present, ...]:
    """Return who else is at a ticket, for whoever may see it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, a.name, p.intent FROM presence p JOIN agent a ON a.id = p.agent_id
            WHERE p.ticket_id = %s AND p.agent_id <> %s AND p.beat_at > %s AND a.is_active
            ORDER BY p.intent = 'writing' DESC, a.name LIMIT %s
            """,
            [ticket_id, by, at - AWAY, MOST_SHOWN],
        )
        return tuple(
            Present(agent=row[0], name=row[1], intent=row[2]) for row in cursor.fetchall()
        )


def forget_gone(*, at: datetime) -> int:
    """Delete the rows of those who are gone."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM presence WHERE beat_at < %s", [at - 4 * AWAY])
        return int(cursor.rowcount)


_BEAT = """
WITH here AS (
  SELECT t.id, t.desk_id FROM ticket t WHERE t.id = %(ticket)s
    AND EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
                WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                  AND a.is_active)
), was AS (
  SELECT intent FROM presence
  WHERE ticket_id = %(ticket)s AND agent_id = %(agent)s AND beat_at > %(gone)s
), now AS (
  INSERT INTO presence (ticket_id, agent_id, intent, beat_at)
  SELECT id, %(agent)s, %(intent)s, %(at)s FROM here
  ON CONFLICT (ticket_id, agent_id)
  DO UPDATE SET intent = excluded.intent, beat_at = excluded.beat_at
)
SELECT here.desk_id, NOT EXISTS (SELECT 1 FROM was WHERE was.intent = %(intent)s) FROM here
"""
