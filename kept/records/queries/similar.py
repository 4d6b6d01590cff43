"""Similar tickets that were solved: full text over the same desk, rights inside the query.

The words of the ticket's subject and first message are looked for one by one; a ticket that
shares more of the rare ones ranks higher. Only the newest few hundred candidates are ranked.
"""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View

SHOWN = 5
RANKED = 300
LOOKED = 5000
MOST_WORDS = 24


class SimilarTicket(View, frozen=True, kw_only=True):
    """A solved ticket with the answer it ended on."""

    id: int
    subject: str
    resolved_at: datetime
    answer: str


def similar_solved(agent: int, ticket: int) -> tuple[SimilarTicket, ...]:
    """Return the solved tickets of the desk that are most like this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SIMILAR,
            {
                "agent": agent, "ticket": ticket, "shown": SHOWN, "ranked": RANKED,
                "most": MOST_WORDS, "looked": LOOKED,
            },
        )  # fmt: skip
        return tuple(
            SimilarTicket(id=row[0], subject=row[1], resolved_at=row[2], answer=row[3] or "")
            for row in cursor.fetchall()
        )


_SIMILAR = """
WITH this AS (
  SELECT t.id, t.desk_id, left(t.subject, 500) || ' ' || COALESCE(
    (SELECT left(m.text, 2000) FROM message m
     WHERE m.ticket_id = t.id AND m.direction = 'in' ORDER BY m.id LIMIT 1), '') AS words
  FROM ticket t WHERE t.id = %(ticket)s
    AND EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
                WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                  AND a.is_active)
), words AS (
  -- Short words and bare numbers tell little and are in everything.
  SELECT DISTINCT lexeme FROM this, unnest(to_tsvector('english', words)) AS u(lexeme, at, w)
  WHERE length(lexeme) > 3 AND lexeme !~ '^[0-9]+$' LIMIT %(most)s
), q AS MATERIALIZED (
  SELECT to_tsquery('simple', string_agg(quote_literal(lexeme) || ':*', ' | ')) AS any FROM words
), alike AS MATERIALIZED (  -- along the index of words, whatever else is asked
  SELECT t.id, t.desk_id, t.status FROM ticket t, q WHERE t.words @@ q.any LIMIT %(looked)s
), found AS (
  SELECT t.id, t.subject, t.updated_at, t.words FROM alike a, this, ticket t
  WHERE a.desk_id = this.desk_id AND a.id <> this.id
    AND a.status IN ('resolved', 'closed', 'closed_unconfirmed') AND t.id = a.id
  ORDER BY a.id DESC LIMIT %(ranked)s
)
SELECT f.id, f.subject, f.updated_at,
       (SELECT left(m.text, 400) FROM message m WHERE m.ticket_id = f.id AND m.kind = 'public'
          AND m.agent_id IS NOT NULL ORDER BY m.id DESC LIMIT 1)
FROM found f, q
ORDER BY ts_rank(f.words, q.any) DESC, f.id DESC LIMIT %(shown)s
"""
