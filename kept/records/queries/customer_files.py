"""Customers on their way out: a desk's table in pieces, one person's everything.

Only whose role exports customers of the desk gets anything; what a clause covers stays covered.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

from kept.policy import rights
from kept.records.compiled import policy_by_hash
from kept.records.masks import hidden, masked
from kept.records.queries.desks import desk_of, desks_of
from kept.records.queries.sight import desk_sights, standings
from kept.records.queries.views import DeskView, View

PIECE = 1000
COLUMNS = (
    "number", "name", "email", "phone", "whatsapp", "language", "preferred channel", "tier",
    "flags", "organisation", "household", "since",
)  # fmt: skip
SEVERAL = "; "


class TableView(View, frozen=True, kw_only=True):
    """A desk whose table somebody may have, and whether addresses in it are covered."""

    desk: DeskView
    plain: bool


def table_of(agent: int, slug: str) -> TableView | None:
    """Return the desk if the agent may export its customers, else None."""
    desk = desk_of(agent, slug)
    found = [one for one in standings(agent) if desk is not None and one[0] == desk.id]
    if desk is None or not found:
        return None
    _, roles, policy_hash = found[0]
    policy = policy_by_hash(policy_hash)
    if not rights.may(policy, roles, "export_customers"):
        return None
    return TableView(desk=desk, plain=rights.sight(policy, roles, None).contacts)


def desks_to_move(agent: int, act: str) -> tuple[DeskView, ...]:
    """Return the desks on which the agent may import or export customers."""
    allowed = {
        desk for desk, roles, policy_hash in standings(agent)
        if rights.may(policy_by_hash(policy_hash), roles, act)
    }  # fmt: skip
    return tuple(desk for desk in desks_of(agent) if desk.id in allowed)


def rows_of_table(table: TableView) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yield pieces of a desk's table: the customers' numbers, and their rows."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, {"desk": table.desk.id, "after": after, "piece": PIECE})
            rows = cursor.fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield [row[0] for row in rows], [_told(row, table.plain) for row in rows]


def person_told(agent: int, customer: int, *, at: datetime) -> dict[str, Any] | None:
    """Return everything the agent's desks keep of one person, or None where they may not."""
    sights = desk_sights(agent, customer)
    allowed = {
        desk for desk, roles, policy_hash in standings(agent, customer=customer)
        if rights.may(policy_by_hash(policy_hash), roles, "export_customers")
        and sights[desk].contacts and sights[desk].personal
    }  # fmt: skip
    if not allowed:
        return None
    desks = sorted(allowed)
    return {
        "customer": customer,
        "told_at": at.isoformat(),
        "desks": [desk.slug for desk in desks_of(agent) if desk.id in allowed],
        **{name: _each(query, customer, desks) for name, query in _PERSON.items()},
    }


def _each(query: str, customer: int, desks: list[int]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"customer": customer, "desks": desks})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _told(row: tuple[Any, ...], plain: bool) -> list[str]:
    number, name, emails, phones, chats, *rest = row
    reached = [
        SEVERAL.join(value if plain else masked(value) for value in values)
        for values in (emails, phones, chats)
    ]
    words = [SEVERAL.join(each) if isinstance(each, list) else str(each) for each in rest]
    return [str(number), name if plain else hidden(name), *reached, *words]


_ROWS = """
SELECT c.id, c.name,
  ARRAY(SELECT value FROM customer_address
        WHERE customer_id = c.id AND kind = 'email'
          AND (desk_id IS NULL OR desk_id = s.desk_id) ORDER BY id),
  ARRAY(SELECT value FROM customer_address
        WHERE customer_id = c.id AND kind = 'phone'
          AND (desk_id IS NULL OR desk_id = s.desk_id) ORDER BY id),
  ARRAY(SELECT value FROM customer_address
        WHERE customer_id = c.id AND kind = 'whatsapp'
          AND (desk_id IS NULL OR desk_id = s.desk_id) ORDER BY id),
  c.language, c.preferred_channel, s.tier, s.flags::text[],
  ARRAY(SELECT DISTINCT o.name FROM organisation_member m
        JOIN organisation o ON o.id = m.organisation_id
        WHERE m.customer_id = c.id AND m.ended_at IS NULL AND o.desk_id = s.desk_id),
  ARRAY(SELECT DISTINCT h.name FROM household_member m JOIN household h ON h.id = m.household_id
        WHERE m.customer_id = c.id AND m.ended_at IS NULL AND h.desk_id = s.desk_id),
  to_char(s.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM customer_desk s JOIN customer c ON c.id = s.customer_id
WHERE s.desk_id = %(desk)s AND c.id > %(after)s AND c.merged_into_id IS NULL
  AND c.erased_at IS NULL
ORDER BY c.id LIMIT %(piece)s
"""
_PERSON = {
    "profile": "SELECT name, language, preferred_channel FROM customer WHERE id = %(customer)s",
    "addresses": """
        SELECT kind, value, label, is_preferred AS preferred, verified_at, verified_by
        FROM customer_address
        WHERE customer_id = %(customer)s AND (desk_id IS NULL OR desk_id = ANY(%(desks)s))
        ORDER BY id""",
    "books": """
        SELECT d.slug AS desk, s.since, s.tier, s.flags, s.reviewed_at
        FROM customer_desk s JOIN desk d ON d.id = s.desk_id
        WHERE s.customer_id = %(customer)s AND s.desk_id = ANY(%(desks)s) ORDER BY s.id""",
    "purchases": """
        SELECT d.slug AS desk, p.product, p.serial, p.order_number, p.bought_on, p.price, p.cover
        FROM purchase p JOIN desk d ON d.id = p.desk_id
        WHERE p.customer_id = %(customer)s AND p.desk_id = ANY(%(desks)s) ORDER BY p.id""",
    "notes": """
        SELECT d.slug AS desk, n.text, n.at FROM customer_note n JOIN desk d ON d.id = n.desk_id
        WHERE n.customer_id = %(customer)s AND n.desk_id = ANY(%(desks)s) ORDER BY n.id""",
    "groups": """
        SELECT 'household' AS kind, h.name, m.role AS part, m.since, m.ended_at
        FROM household_member m JOIN household h ON h.id = m.household_id
        WHERE m.customer_id = %(customer)s AND h.desk_id = ANY(%(desks)s)
        UNION ALL
        SELECT 'organisation', o.name, m.title, m.since, m.ended_at
        FROM organisation_member m JOIN organisation o ON o.id = m.organisation_id
        WHERE m.customer_id = %(customer)s AND o.desk_id = ANY(%(desks)s)""",
    "checks": """
        SELECT i.ticket_id AS ticket, i.word AS method, i.state, i.began_at
        FROM identity_check i JOIN ticket t ON t.id = i.ticket_id
        WHERE i.customer_id = %(customer)s AND t.desk_id = ANY(%(desks)s) ORDER BY i.id""",
    "tickets": """
        SELECT t.id AS ticket, d.slug AS desk, t.subject, t.status, t.channel, t.opened_at
        FROM ticket t JOIN desk d ON d.id = t.desk_id
        WHERE t.customer_id = %(customer)s AND t.desk_id = ANY(%(desks)s) ORDER BY t.id""",
    "messages": """
        SELECT m.ticket_id AS ticket, m.direction, m.channel, m.subject, m.text, m.sent_at
        FROM message m JOIN ticket t ON t.id = m.ticket_id
        WHERE t.customer_id = %(customer)s AND t.desk_id = ANY(%(desks)s) AND m.kind = 'public'
        ORDER BY m.id""",
}
"""What a person may ask to see of themselves; notes among ourselves on a ticket are not theirs."""
