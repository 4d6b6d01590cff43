"""What is a person's own beside tickets: duties in the queue, saved views, the bell, counts.

One statement answers all of it: the queue's page may cost one more than its tickets.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from kept.records.instants import instant
from kept.records.queries.views import OwedRow, SavedViewRow, View

MOST = 200
"""So many of each kind; whoever owes more has another trouble than a list."""
MOST_VIEWS = 50


class Own(View, frozen=True, kw_only=True):
    """What is owed beside tickets, sorted by due; the views; the unseen notifications."""

    counts: tuple[int, ...]
    owed: tuple[OwedRow, ...]
    saved: tuple[SavedViewRow, ...]
    unseen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Counts that are asked for along with the rest: SQL of one number each, their values."""

    columns: tuple[str, ...]
    values: dict[str, Any]


def own(agent: int, desks: list[int], counting: Counting, *, at: datetime) -> Own:
    """Return what is an agent's own on these desks; views and the bell are of all desks."""
    numbers = ", ".join(counting.columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_OWN} UNION ALL (SELECT 'counts', 0, '', NULL, array_to_string(ARRAY[{numbers}],"
            " ','), '', NULL, NULL, '', '', '', false)",
            {**counting.values, "agent": agent, "desks": desks, "at": at},
        )
        rows = cursor.fetchall()
    owed = [_owed(row, at) for row in rows if row[0] not in ("view", "bell", "counts")]
    counts = next(row[4] for row in rows if row[0] == "counts")
    return Own(
        counts=tuple(int(one) for one in counts.split(",")),
        owed=tuple(sorted(owed, key=lambda one: (one.key, one.kind, one.id))),
        saved=tuple(_saved(row) for row in rows if row[0] == "view"),
        unseen=next((row[1] for row in rows if row[0] == "bell"), 0),
    )


def _owed(row: tuple[Any, ...], asked_at: datetime) -> OwedRow:
    kind, number, desk, ticket, about, clause, due_at, at = row[:8]
    return OwedRow(
        kind=kind, id=number, desk=desk, ticket=ticket, about=about, clause=clause,
        due_at=due_at, at=at, asked_at=asked_at, key=instant(due_at or at), subject=row[8],
    )  # fmt: skip


def _saved(row: tuple[Any, ...]) -> SavedViewRow:
    return SavedViewRow(
        id=row[1], desk=row[2], name=row[4], query=row[5], audience=row[8], team=row[9],
        owner=row[10], is_mine=row[11],
    )  # fmt: skip


SUBJECT = """
CASE WHEN k.subject LIKE 'agent:%%' THEN (SELECT s.name FROM agent s
       WHERE s.id = split_part(k.subject, ':', 2)::bigint)
     ELSE replace(k.subject, ':', ' ') END
"""
"""Whom a duty is about, by name where it is one of our own people."""
ANOTHERS = """
NOT (k.subject LIKE 'agent:%%' AND k.subject <> 'agent:' || %(agent)s
     AND (k.role = 'agent' OR EXISTS (
                 SELECT 1 FROM membership s WHERE s.desk_id = k.desk_id AND s.ended_at IS NULL
                 AND s.agent_id = split_part(k.subject, ':', 2)::bigint
                 AND s.role = COALESCE(k.role, 'manager'))))
"""
"""A duty that comes round for each agent of a role is each one's own; what every `agent` does for
themselves is so whatever their role."""
MY_OWN = "k.role = 'agent' AND k.subject = 'agent:' || %(agent)s"
"""Such a duty of the reader's."""
AT_ISSUE = """
(n.ticket_id IS NULL OR n.page <> '' AND n.acknowledged_at IS NULL
 OR EXISTS (SELECT 1 FROM ticket u WHERE u.id = n.ticket_id
            AND u.status IN ('new', 'open', 'waiting')))
"""
"""A notification that still needs eyes: its matter has not ended."""
MATTER = "COALESCE(n.ticket_id, -n.id)"
"""What a notification is about: many of one ticket are one matter."""
VISIBLE = """
v.deleted_at IS NULL AND (v.owner_id = %(agent)s AND (v.desk_id IS NULL OR EXISTS (
     SELECT 1 FROM membership m WHERE m.agent_id = %(agent)s AND m.desk_id = v.desk_id
     AND m.ended_at IS NULL))
  OR v.audience = 'desk' AND EXISTS (SELECT 1 FROM membership m WHERE m.agent_id = %(agent)s
     AND m.desk_id = v.desk_id AND m.ended_at IS NULL)
  OR v.audience = 'team' AND EXISTS (SELECT 1 FROM membership m WHERE m.agent_id = %(agent)s
     AND m.desk_id = v.desk_id AND m.team = v.team AND m.ended_at IS NULL))
"""
_OWN = f"""
WITH mine AS MATERIALIZED (
  SELECT m.desk_id, d.slug, m.role, m.level, m.team FROM membership m
  JOIN desk d ON d.id = m.desk_id
  WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL
), held AS MATERIALIZED (SELECT * FROM mine WHERE desk_id = ANY(%(desks)s))
(SELECT DISTINCT ON (n.ticket_id) 'page', n.id, d.slug, n.ticket_id,
   COALESCE(p.subject, n.about), n.clause,
   NULL::timestamptz, n.at, '', '', '', false
 FROM notification n JOIN desk d ON d.id = n.desk_id LEFT JOIN ticket p ON p.id = n.ticket_id
 WHERE n.agent_id = %(agent)s AND n.page <> '' AND n.acknowledged_at IS NULL
   AND n.desk_id IN (SELECT desk_id FROM held)
 ORDER BY n.ticket_id, n.id LIMIT {MOST})
UNION ALL
(SELECT 'approval', p.id, d.slug, p.ticket_id, p.kind, p.clause, p.expires_at, p.asked_at,
   '', '', '', false
 FROM approval p JOIN desk d ON d.id = p.desk_id
 WHERE p.result = '' AND p.requester IS DISTINCT FROM %(agent)s
   AND (p.expires_at IS NULL OR p.expires_at > %(at)s)
   AND EXISTS (SELECT 1 FROM held h WHERE h.desk_id = p.desk_id AND p.roles ? h.role)
 ORDER BY p.id LIMIT {MOST})
UNION ALL
(SELECT 'duty', k.id, d.slug, NULL, k.name, k.clause, k.due_at, k.period_start,
   {SUBJECT}, '', '', false
 FROM cadence_task k JOIN desk d ON d.id = k.desk_id
 WHERE k.done_at IS NULL
   AND EXISTS (SELECT 1 FROM held h WHERE h.desk_id = k.desk_id
               AND (COALESCE(k.role, 'manager') IN (h.role, h.level, h.team) OR {MY_OWN}))
   AND {ANOTHERS}
 ORDER BY k.due_at LIMIT {MOST})
UNION ALL
(SELECT 'mention', n.id, d.slug, n.ticket_id, t.subject, b.name, NULL, n.at, '', '', '', false
 FROM mention n JOIN ticket t ON t.id = n.ticket_id JOIN desk d ON d.id = t.desk_id
 JOIN agent b ON b.id = n.by_id
 WHERE n.agent_id = %(agent)s AND n.seen_at IS NULL AND t.desk_id IN (SELECT desk_id FROM held)
 ORDER BY n.at LIMIT {MOST})
UNION ALL
(SELECT 'woken', z.id, d.slug, z.ticket_id, t.subject,
   CASE WHEN z.woken_for <> '' THEN z.woken_for
        WHEN z.until <= %(at)s THEN 'time' ELSE 'at_risk' END,
   t.next_due_at, COALESCE(z.woken_at, z.until, t.next_at_risk_at), '', '', '', false
 FROM snooze z JOIN ticket t ON t.id = z.ticket_id JOIN desk d ON d.id = t.desk_id
 WHERE z.agent_id = %(agent)s AND z.seen_at IS NULL AND t.desk_id IN (SELECT desk_id FROM held)
   AND (z.woken_at IS NOT NULL OR z.until <= %(at)s OR t.next_at_risk_at <= %(at)s)
 ORDER BY z.id LIMIT {MOST})
UNION ALL
(SELECT 'bell', count(*), '', NULL, '', '', NULL, NULL, '', '', '', false FROM (
   SELECT DISTINCT {MATTER} FROM notification n WHERE n.agent_id = %(agent)s AND n.seen_at IS NULL
     AND n.desk_id IN (SELECT desk_id FROM mine) AND {AT_ISSUE} LIMIT 100) one)
UNION ALL
(SELECT 'view', v.id, COALESCE(d.slug, ''), NULL, v.name, v.query, NULL, NULL, v.audience, v.team,
   o.name, v.owner_id = %(agent)s
 FROM saved_view v JOIN agent o ON o.id = v.owner_id LEFT JOIN desk d ON d.id = v.desk_id
 LEFT JOIN view_place w ON w.view_id = v.id AND w.agent_id = %(agent)s
 WHERE {VISIBLE}
 ORDER BY w.place NULLS LAST, v.id LIMIT {MOST_VIEWS})
"""
