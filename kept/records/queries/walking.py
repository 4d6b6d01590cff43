"""Before and after a ticket inside a view: its place and its neighbours, in one statement."""

from dataclasses import replace
from datetime import datetime

from django.db import connection

from kept.records.queries.filters import values_of
from kept.records.queries.narrowing import Part, parts
from kept.records.queries.queue import COUNT_LIMIT, Order, merged, order_of
from kept.records.queries.views import QueueFilter, View

_DESKS = """ARRAY(SELECT DISTINCT m.desk_id FROM membership m JOIN desk d ON d.id = m.desk_id
  WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL
    AND (%(slugs)s::text[] = '{}' OR d.slug = ANY(%(slugs)s::text[])))"""


class Walk(View, frozen=True, kw_only=True):
    """`place` counts from 1 and is 0 for a ticket that the view does not hold (any more)."""

    before: int | None
    after: int | None
    place: int
    of: int


def walk(agent: int, wanted: QueueFilter, ticket: int, *, at: datetime, zone: str = "UTC") -> Walk:
    """Return the neighbours of a ticket in a view, as its reader sees the view."""
    order = order_of(wanted)
    tests, values = parts(wanted, agent=agent, at=at, zone=zone)
    values |= {
        "number": ticket, "limit": 1, "most": COUNT_LIMIT, "slugs": values_of(wanted.desk or ""),
    }  # fmt: skip
    query = f"""
        WITH me AS MATERIALIZED (
          SELECT {order.column} AS k, t.id FROM ticket t
          WHERE t.id = %(number)s AND t.desk_id = ANY({_DESKS}))
        SELECT {_next(replace(order, down=not order.down), tests)}, {_next(order, tests)},
          {_count(tests, "AND t.id = %(number)s")},
          {_count(tests, _beyond(order, above=True))}, {_count(tests, "")}
    """
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        before, after, inside, above, total = cursor.fetchone()
    return Walk(
        before=before,
        after=after,
        place=min(above, COUNT_LIMIT) + 1 if inside else 0,
        of=min(total, COUNT_LIMIT),
    )


def _beyond(order: Order, *, above: bool) -> str:
    sign = "<" if order.down is not above else ">"
    return f"AND ({order.column}, t.id) {sign} ((SELECT k FROM me), (SELECT id FROM me))"


def _next(order: Order, tests: tuple[Part, ...]) -> str:
    found = merged(order, tests, _beyond(order, above=False), _DESKS)
    return f"(SELECT n.id FROM ({found}) n ORDER BY {order.by('n.k', 'n.id')} LIMIT 1)"


def _count(tests: tuple[Part, ...], which: str) -> str:
    return " + ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM ticket t WHERE t.desk_id = ANY({_DESKS})"
        f" AND {test} {which} LIMIT %(most)s) one)"
        for test, _ in tests
    )
