"""Search by words: subjects, messages, customers. Rights are part of the query itself.

Each branch uses its own index and yields its newest tickets only, so a word that is everywhere
costs no more than a rare one's page. The expressions must stay those of the migration.
"""

from datetime import datetime

from django.db import connection

from kept.records.masks import hidden
from kept.records.queries.sight import open_desks
from kept.records.queries.views import View

PAGE = 50


class Hit(View, frozen=True, kw_only=True):
    """A ticket that was found; `found_in` says where: subject, message, customer, address."""

    ticket: int
    desk: str
    subject: str
    customer: str
    status: str
    opened_at: datetime
    found_in: tuple[str, ...]


def search(
    agent: int, words: str, *, before: int | None = None, limit: int = PAGE
) -> tuple[Hit, ...]:
    """Return tickets that hold the words, newest first; `before` ends the page above."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SEARCH,
            {
                "agent": agent,
                "words": words,
                "before": before or 2**62,
                "limit": limit,
                "granted": sorted(open_desks(agent).granted),
            },
        )
        return tuple(
            Hit(
                ticket=row[0], desk=row[1], subject=row[2], customer=hidden(row[3]), status=row[4],
                opened_at=row[5], found_in=tuple(row[6]),
            )
            for row in cursor.fetchall()
        )  # fmt: skip


_SEARCH = """
WITH mine AS MATERIALIZED (
  SELECT m.desk_id AS id FROM membership m JOIN agent a ON a.id = m.agent_id
  WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL AND a.is_active
), q AS MATERIALIZED (
  SELECT websearch_to_tsquery('simple', %(words)s) AS words
), hit AS (
  (SELECT DISTINCT t.id, 'subject' AS place FROM ticket t, q
   WHERE to_tsvector('simple', left(t.subject, 100000)) @@ q.words
     AND t.desk_id IN (SELECT id FROM mine) AND t.id < %(before)s
   ORDER BY t.id DESC LIMIT %(limit)s)
  UNION ALL
  (SELECT DISTINCT t.id, 'message' FROM message w JOIN ticket t ON t.id = w.ticket_id, q
   WHERE to_tsvector('simple', left(w.text, 100000)) @@ q.words
     AND t.desk_id IN (SELECT id FROM mine) AND t.id < %(before)s
   ORDER BY t.id DESC LIMIT %(limit)s)
  UNION ALL
  (SELECT DISTINCT t.id, 'customer' FROM customer c JOIN ticket t ON t.customer_id = c.id, q
   WHERE to_tsvector('simple', left(c.name, 1000)) @@ q.words
     AND t.desk_id IN (SELECT id FROM mine) AND t.id < %(before)s
   ORDER BY t.id DESC LIMIT %(limit)s)
  UNION ALL
  (SELECT DISTINCT t.id, 'address' FROM customer_address e
   JOIN ticket t ON t.customer_id = e.customer_id
   WHERE e.kind IN ('email', 'phone') AND e.value = lower(%(words)s)
     AND (e.desk_id IS NULL OR e.desk_id = t.desk_id)
     AND t.desk_id = ANY(%(granted)s) AND t.id < %(before)s
   ORDER BY t.id DESC LIMIT %(limit)s)
), page AS (
  SELECT id, array_agg(place ORDER BY place) AS places FROM hit
  GROUP BY id ORDER BY id DESC LIMIT %(limit)s
)
SELECT t.id, d.slug, t.subject, COALESCE(c.name, ''), t.status, t.opened_at, page.places
FROM page JOIN ticket t ON t.id = page.id JOIN desk d ON d.id = t.desk_id
LEFT JOIN customer c ON c.id = t.customer_id
ORDER BY t.id DESC
"""
