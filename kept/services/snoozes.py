"""Snooze a ticket: out of one's own sight until a time, or until the customer answers.

No clock stops, and nobody else's queue changes. What comes at risk wakes by itself, so a snooze
can never hide a due time that is about to be missed.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from kept.records.models import Notification, Snooze
from kept.services import permissions
from kept.services.errors import AgentId, NotValid
from kept.services.following import desk_of
from kept.services.hints import hint

LONGEST = timedelta(days=366)
BATCH = 500
WOKEN = {"time": "the time came", "answer": "the customer answered", "at_risk": "it is at risk"}


def snooze(
    ticket_id: int, *, by: AgentId, at: datetime, until: datetime | None, on_answer: bool = False
) -> None:
    """Put a ticket to sleep for oneself; an earlier snooze of it is replaced."""
    permissions.standing(by, desk_of(ticket_id))
    if until is None and not on_answer:
        raise NotValid("Say until when, or until the customer answers.")
    if until is not None and not at < until <= at + LONGEST:
        raise NotValid("A snooze ends in the future, within a year.")
    with transaction.atomic(durable=True):
        Snooze.objects.filter(agent_id=by, ticket_id=ticket_id, seen_at=None).delete()
        Snooze.objects.create(
            agent_id=by, ticket_id=ticket_id, until=until, on_answer=on_answer, at=at
        )


def unsnooze(ticket_id: int, *, by: AgentId) -> bool:
    """Wake a ticket now; tell whether it slept."""
    with transaction.atomic(durable=True):
        rows = Snooze.objects.filter(agent_id=by, ticket_id=ticket_id, woken_at=None)
        return bool(rows.delete()[0])


def wake(*, at: datetime, limit: int = BATCH) -> int:
    """Wake what is due, answered or at risk, and tell its person; two workers wake each once."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_WAKE, {"at": at, "limit": limit})
        woken = cursor.fetchall()
        Notification.objects.bulk_create(
            [_told(row, at) for row in woken if row[6] != "none"], ignore_conflicts=True
        )
        for row in woken:
            hint(f"ticket:{row[2]}")
    return len(woken)


def _told(row: tuple[Any, ...], at: datetime) -> Notification:
    number, agent, ticket, desk, subject, why, means = row
    return Notification(
        agent_id=agent,
        desk_id=desk,
        ticket_id=ticket,
        cause=f"woken.{number}.{agent}",
        means=["dashboard", "email"] if means == "email" else ["dashboard"],
        about=f"{subject[:200]}: back, {WOKEN[why]}",
        at=at,
        mail_wanted=means == "email",
    )


_WAKE = """
WITH due AS (
  SELECT z.id, t.desk_id, t.subject,
    CASE WHEN t.next_at_risk_at <= %(at)s THEN 'at_risk'
         WHEN z.until <= %(at)s THEN 'time' ELSE 'answer' END AS why
  FROM snooze z JOIN ticket t ON t.id = z.ticket_id
  WHERE z.woken_at IS NULL
    AND (z.until <= %(at)s OR t.next_at_risk_at <= %(at)s
         OR z.on_answer AND EXISTS (SELECT 1 FROM message w WHERE w.ticket_id = t.id
              AND w.direction = 'in' AND w.sent_at > z.at))
  ORDER BY z.id LIMIT %(limit)s FOR UPDATE OF z SKIP LOCKED
)
UPDATE snooze z SET woken_at = %(at)s, woken_for = due.why FROM due WHERE z.id = due.id
RETURNING z.id, z.agent_id, z.ticket_id, due.desk_id, due.subject, due.why,
  COALESCE((SELECT c.means FROM notice_choice c WHERE c.agent_id = z.agent_id
            AND c.kind = 'woken'), 'bell')
"""
