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


class MergeView(View, frozen=True, kw_only=True):
    """What became of a ticket by merging: where it went, and what came to it and is still here."""

    into: int | None
    absorbed: tuple[int, ...]


class CandidateView(View, frozen=True, kw_only=True):
    """A ticket that may belong together with another one."""

    id: int
    subject: str
    status: str
    same_customer: bool


def merges_of(agent: int, ticket: int) -> MergeView:
    """Return a ticket's merges from its journal; nothing for a person of another desk."""
    with connection.cursor() as cursor:
        cursor.execute(_MERGES, {"agent": agent, "ticket": ticket})
        rows = cursor.fetchall()
    into: int | None = None
    absorbed: dict[int, None] = {}
    for event, other in rows:
        if event == "merged":
            into = int(other)
        elif event == "absorbed":
            absorbed[int(other)] = None
        elif other:
            absorbed.pop(int(other), None)
        else:
            into = None
    return MergeView(into=into, absorbed=tuple(absorbed)[:SHOWN])


def candidates_of(agent: int, ticket: int) -> tuple[CandidateView, ...]:
    """Return tickets of the same desk to link with or merge into: those of the same customer
    first, then the ones whose subject has the same words.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, {"agent": agent, "ticket": ticket})
        return tuple(
            CandidateView(id=row[0], subject=row[1], status=row[2], same_customer=row[3])
            for row in cursor.fetchall()
        )


_MERGES = """
SELECT j.fact->>'event', COALESCE(j.fact->>'into', j.fact->>'ticket', '')
FROM journal j
WHERE j.ticket_id = %(ticket)s AND NOT j.refused
  AND j.fact->>'event' IN ('merged', 'absorbed', 'unmerged')
  AND EXISTS (SELECT 1 FROM membership s JOIN agent a ON a.id = s.agent_id
              WHERE s.desk_id = j.desk_id AND s.agent_id = %(agent)s AND s.ended_at IS NULL
                AND a.is_active)
ORDER BY j.seq LIMIT 1000
"""
# Both halves walk an index and stop early, however many tickets the desk has.
_CANDIDATES = """
WITH here AS (
  SELECT t.id, t.desk_id, t.customer_id, t.subject FROM ticket t
  WHERE t.id = %(ticket)s AND EXISTS (
    SELECT 1 FROM membership s JOIN agent a ON a.id = s.agent_id
    WHERE s.desk_id = t.desk_id AND s.agent_id = %(agent)s AND s.ended_at IS NULL AND a.is_active)
), own AS (
  SELECT t.id, t.subject, t.status, true AS same FROM here
  JOIN ticket t ON t.customer_id = here.customer_id AND t.desk_id = here.desk_id
  WHERE t.id <> here.id AND t.status NOT IN ('merged', 'spam')
  ORDER BY t.id DESC LIMIT 8
), alike AS (
  SELECT t.id, t.subject, t.status, false AS same FROM here CROSS JOIN LATERAL (
    SELECT t.* FROM ticket t WHERE t.desk_id = here.desk_id
      AND t.status IN ('new', 'open', 'waiting')
    ORDER BY t.updated_at DESC LIMIT 300) t
  WHERE t.id <> here.id
    AND to_tsvector('simple', t.subject) @@ (
      SELECT COALESCE(to_tsquery('simple', string_agg(quote_literal(word), ' | ')), ''::tsquery)
      FROM unnest(tsvector_to_array(to_tsvector('simple', here.subject))) word
      WHERE length(word) > 3)
  LIMIT 8
)
SELECT DISTINCT ON (same, id) id, subject, status, same
FROM (SELECT * FROM own UNION ALL SELECT * FROM alike a WHERE a.id NOT IN (SELECT id FROM own)) c
ORDER BY same DESC, id DESC LIMIT 12
"""
