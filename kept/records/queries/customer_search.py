"""Find a customer by a name with a slip in it, a piece of an address, a number, an organisation.

Only customers of the asker's desks. Each branch reads its own index; where the asker may not see
how to reach people, addresses find nobody and are covered.
"""

from django.db import connection, transaction

from kept.records.masks import hidden, masked
from kept.records.queries.sight import open_desks
from kept.records.queries.views import View

MOST = 50
SLIP = 0.45
"""How alike a name must be, of one; below it Jon no longer finds John."""
SHORTEST = 3
"""Pieces of an address shorter than this are in nearly all of them."""


class FoundCustomer(View, frozen=True, kw_only=True):
    """A customer as a list shows them."""

    id: int
    name: str
    addresses: tuple[str, ...]
    organisations: tuple[str, ...]
    tiers: tuple[str, ...]
    flags: tuple[str, ...]
    desks: tuple[str, ...]
    tickets: int
    open_tickets: int
    is_covered: bool


def find_customers(
    agent: int, words: str, *, number: str = "", before: int | None = None, limit: int = MOST
) -> tuple[FoundCustomer, ...]:
    """Return the customers most like the words, or without words the newest, `before` a number.

    `number` is what the words are as a telephone number, if they are one.
    """
    plain = open_desks(agent)
    told = " ".join(words.replace("\0", "").split())[:200]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(SLIP)]
        )
        cursor.execute(
            _LIKE if told else _NEWEST,
            {
                "agent": agent,
                "words": told,
                "piece": "%" + _literal(told.lower()) + "%" if len(told) >= SHORTEST else "",
                "number": number,
                "granted": sorted(plain.granted),
                "before": before or 2**62,
                "limit": limit,
            },
        )
        rows = cursor.fetchall()
    return tuple(_found(row, bool(plain.uncovered & set(row[8]))) for row in rows)


def _found(row: tuple, is_plain: bool) -> FoundCustomer:  # type: ignore[type-arg]  # a database row
    return FoundCustomer(
        id=row[0],
        name=row[1] if is_plain else hidden(row[1]),
        addresses=tuple(value if is_plain else masked(value) for value in row[2]),
        organisations=tuple(row[3]),
        tiers=tuple(row[4]),
        flags=tuple(row[5]),
        tickets=row[6],
        open_tickets=row[7],
        desks=tuple(row[9]),
        is_covered=not is_plain,
    )


def _literal(text: str) -> str:
    """Return a text as LIKE takes it word for word."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_MINE = """
mine AS MATERIALIZED (
  SELECT DISTINCT m.desk_id AS id FROM membership m JOIN agent a ON a.id = m.agent_id
  WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL AND a.is_active
)"""
_SHOWN = """
SELECT c.id, c.name,
  ARRAY(SELECT e.value FROM customer_address e WHERE e.customer_id = c.id
        AND (e.desk_id IS NULL OR e.desk_id IN (SELECT id FROM mine))
        ORDER BY e.is_preferred DESC, e.id LIMIT 3),
  ARRAY(SELECT DISTINCT o.name FROM organisation_member n
        JOIN organisation o ON o.id = n.organisation_id
        WHERE n.customer_id = c.id AND n.ended_at IS NULL
          AND o.desk_id IN (SELECT id FROM mine) ORDER BY o.name LIMIT 3),
  ARRAY(SELECT DISTINCT s.tier FROM customer_desk s WHERE s.customer_id = c.id AND s.tier <> ''
          AND s.desk_id IN (SELECT id FROM mine)),
  ARRAY(SELECT DISTINCT unnest(s.flags) FROM customer_desk s WHERE s.customer_id = c.id
          AND s.desk_id IN (SELECT id FROM mine) ORDER BY 1),
  (SELECT count(*) FROM ticket t
   WHERE t.customer_id = c.id AND t.desk_id IN (SELECT id FROM mine)),
  (SELECT count(*) FROM ticket t WHERE t.customer_id = c.id
     AND t.desk_id IN (SELECT id FROM mine) AND t.status IN ('new', 'open', 'waiting')),
  ARRAY(SELECT s.desk_id FROM customer_desk s WHERE s.customer_id = c.id
          AND s.desk_id IN (SELECT id FROM mine)),
  ARRAY(SELECT d.name FROM customer_desk s JOIN desk d ON d.id = s.desk_id
        WHERE s.customer_id = c.id AND s.desk_id IN (SELECT id FROM mine) ORDER BY d.name)
"""
_NEWEST = f"""
WITH {_MINE}, page AS (
  SELECT DISTINCT customer_id FROM (
    SELECT s.customer_id FROM mine CROSS JOIN LATERAL (
      SELECT s.customer_id FROM customer_desk s JOIN customer c ON c.id = s.customer_id
      WHERE s.desk_id = mine.id AND s.customer_id < %(before)s AND c.merged_into_id IS NULL
      ORDER BY s.customer_id DESC LIMIT %(limit)s) s) each
  ORDER BY customer_id DESC LIMIT %(limit)s
)
{_SHOWN}
FROM page JOIN customer c ON c.id = page.customer_id ORDER BY c.id DESC
"""
# An address counts more than a name, and a name that begins so more than one that holds it.
_LIKE = f"""
WITH {_MINE}, hit AS (
  (SELECT e.customer_id AS id, 3.0 AS rank FROM customer_address e
   WHERE e.value IN (lower(%(words)s), %(number)s)
     AND (e.desk_id IS NULL OR e.desk_id IN (SELECT id FROM mine)) LIMIT 100)
  UNION ALL
  (SELECT e.customer_id, 1.5 FROM customer_address e
   JOIN customer_desk s ON s.customer_id = e.customer_id AND s.desk_id = ANY(%(granted)s)
   WHERE %(piece)s <> '' AND e.value LIKE %(piece)s
     AND (e.desk_id IS NULL OR e.desk_id = s.desk_id) LIMIT 200)
  UNION ALL
  (SELECT c.id, 1.0 + word_similarity(plain_words(%(words)s), plain_words(c.name))
   FROM customer c JOIN customer_desk s ON s.customer_id = c.id
    AND s.desk_id IN (SELECT id FROM mine)
   WHERE plain_words(c.name) %%> plain_words(%(words)s)
   ORDER BY 2 DESC LIMIT 200)
  UNION ALL
  (SELECT n.customer_id, 0.9 FROM organisation o
   JOIN organisation_member n ON n.organisation_id = o.id AND n.ended_at IS NULL
   WHERE o.desk_id IN (SELECT id FROM mine)
     AND plain_words(o.name) %%> plain_words(%(words)s) LIMIT 200)
), page AS (
  SELECT hit.id, max(rank) AS rank FROM hit JOIN customer c ON c.id = hit.id
  WHERE c.merged_into_id IS NULL
    AND EXISTS (SELECT 1 FROM customer_desk s
                WHERE s.customer_id = hit.id AND s.desk_id IN (SELECT id FROM mine))
    AND (rank < 3 OR EXISTS (SELECT 1 FROM customer_desk s
                WHERE s.customer_id = hit.id AND s.desk_id = ANY(%(granted)s)))
  GROUP BY hit.id ORDER BY 2 DESC, 1 DESC LIMIT %(limit)s
)
{_SHOWN}
FROM page JOIN customer c ON c.id = page.id ORDER BY page.rank DESC, c.id DESC
"""
