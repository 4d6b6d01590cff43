"""The customers of an agent's desks: those a desk serves, nobody else."""

from django.db import connection

from kept.records.masks import hidden, masked
from kept.records.queries.sight import open_desks
from kept.records.queries.views import View

PAGE = 50


class CustomerView(View, frozen=True, kw_only=True):
    """A customer and how they can be reached."""

    id: int
    name: str
    addresses: tuple[str, ...]
    tier: str
    language: str
    tickets: int
    """On the desks of whoever asks."""
    is_covered: bool
    """Whether the addresses are masked for whoever asks."""


def customers_of(
    agent: int, *, words: str = "", after: int = 0, limit: int = PAGE
) -> tuple[CustomerView, ...]:
    """Return customers in the order of their numbers; `after` ends the page before.

    Where the asker may not see how to reach people, addresses are covered and find nobody.
    """
    plain = open_desks(agent)
    with connection.cursor() as cursor:
        cursor.execute(
            _CUSTOMERS,
            {"agent": agent, "words": words, "after": after, "limit": limit,
             "granted": sorted(plain.granted)},
        )  # fmt: skip
        return tuple(
            CustomerView(
                id=row[0], tier=row[2], language=row[3], tickets=row[4],
                addresses=tuple(
                    value if plain.uncovered & set(row[6]) else masked(value) for value in row[5]
                ),
                name=row[1] if plain.uncovered & set(row[6]) else hidden(row[1]),
                is_covered=not plain.uncovered & set(row[6]),
            )
            for row in cursor.fetchall()
        )  # fmt: skip


_CUSTOMERS = """
WITH mine AS MATERIALIZED (
  SELECT m.desk_id AS id FROM membership m JOIN agent a ON a.id = m.agent_id
  WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL AND a.is_active
)
SELECT c.id, c.name,
  COALESCE((SELECT min(s.tier) FROM customer_desk s WHERE s.customer_id = c.id
            AND s.tier <> '' AND s.desk_id IN (SELECT id FROM mine)), ''),
  c.language,
  (SELECT count(*) FROM ticket t
   WHERE t.customer_id = c.id AND t.desk_id IN (SELECT id FROM mine)),
  ARRAY(SELECT e.value FROM customer_address e WHERE e.customer_id = c.id
        AND (e.desk_id IS NULL OR e.desk_id IN (SELECT id FROM mine)) ORDER BY e.id),
  ARRAY(SELECT s.desk_id FROM customer_desk s
        WHERE s.customer_id = c.id AND s.desk_id IN (SELECT id FROM mine))
FROM customer c
WHERE c.id > %(after)s AND c.merged_into_id IS NULL
  AND EXISTS (SELECT 1 FROM customer_desk s
              WHERE s.customer_id = c.id AND s.desk_id IN (SELECT id FROM mine))
  AND (%(words)s::text = ''
       OR to_tsvector('simple', left(c.name, 1000)) @@ websearch_to_tsquery('simple', %(words)s)
       OR EXISTS (SELECT 1 FROM customer_address e
                  WHERE e.customer_id = c.id AND e.value = lower(%(words)s)
                    AND (e.desk_id IS NULL OR e.desk_id IN (SELECT id FROM mine))
                    AND EXISTS (SELECT 1 FROM customer_desk s WHERE s.customer_id = c.id
                                AND s.desk_id = ANY(%(granted)s))))
ORDER BY c.id LIMIT %(limit)s
"""


def language_of(ticket: int) -> str:
    """Return the language that a ticket's customer reads, empty where nobody said."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.language FROM ticket t JOIN customer c ON c.id = t.customer_id"
            " WHERE t.id = %s",
            [ticket],
        )
        row = cursor.fetchone()
    return str(row[0]) if row is not None else ""
