"""The links of a ticket, as its page shows them: only tickets the person may see."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View

SHOWN = 100


class LinkView(View, frozen=True, kw_only=True):
    """One link as read from the asked ticket: "this ticket is `reads` ticket N"."""

    id: int
    reads: str
    """`child_of`, `parent_of`, `duplicate_of`, `duplicated_by`, `incident_of`, `problem_of` or
    `related_to`."""
    ticket: int
    subject: str
    status: str
    severity: str | None
    level: str | None
    team: str | None
    owner: str | None
    next_due_at: datetime | None
    clause: str
    made_by: str | None
    made_at: datetime


def links_of(agent: int, ticket: int) -> tuple[LinkView, ...]:
    """Return a ticket's running links, the newest first; none for a person of another desk."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, {"agent": agent, "ticket": ticket, "shown": SHOWN})
        return tuple(
            LinkView(
                id=row[0], reads=row[1], ticket=row[2], subject=row[3], status=row[4],
                severity=row[5], level=row[6], team=row[7], owner=row[8], next_due_at=row[9],
                clause=row[10], made_by=row[11], made_at=row[12],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


# Two halves, so that each walks its own index: the links from this ticket and those to it.
_LINKS = """
SELECT l.id, l.reads, t.id, t.subject, t.status, t.severity, t.level, t.team, o.name,
       t.next_due_at, l.clause, m.name, l.made_at
FROM (
  SELECT id, kind AS reads, other_id AS number, clause, made_by_id, made_at
  FROM ticket_link WHERE ticket_id = %(ticket)s AND ended_at IS NULL
  UNION ALL
  SELECT id, CASE kind WHEN 'child_of' THEN 'parent_of' WHEN 'duplicate_of' THEN 'duplicated_by'
                       WHEN 'incident_of' THEN 'problem_of' ELSE kind END,
         ticket_id, clause, made_by_id, made_at
  FROM ticket_link WHERE other_id = %(ticket)s AND ended_at IS NULL
) l
JOIN ticket t ON t.id = l.number
LEFT JOIN agent o ON o.id = t.owner_id
LEFT JOIN agent m ON m.id = l.made_by_id
WHERE EXISTS (SELECT 1 FROM membership s JOIN agent a ON a.id = s.agent_id
              WHERE s.desk_id = t.desk_id AND s.agent_id = %(agent)s AND s.ended_at IS NULL
                AND a.is_active)
ORDER BY l.made_at DESC, l.id DESC LIMIT %(shown)s
"""
