"""The customer beside a ticket: who they are, what was checked, what they have, what we owe them.

The caller has seen the ticket, so the desk is the reader's own; `sight` says what is covered.
"""

from datetime import datetime

from django.db import connection

from kept.policy.rules import Policy
from kept.records.masks import hidden
from kept.records.queries.customer_history import (
    PromiseView,
    TicketLine,
    promises_to,
    tickets_of,
)
from kept.records.queries.customer_page import AddressView, GroupView, addresses_of, groups_of
from kept.records.queries.purchases import PurchaseView, purchases_of
from kept.records.queries.views import TicketView, View

TICKETS = 6


class CheckView(View, frozen=True, kw_only=True):
    """A check of identity on this ticket."""

    kind: str
    word: str
    state: str
    tries: int
    good_until: datetime | None


class CustomerPanelView(View, frozen=True, kw_only=True):
    """Everything the customer panel shows beside the ticket's own fields."""

    customer: int
    name: str
    language: str
    preferred_channel: str
    tier: str
    flags: tuple[str, ...]
    has_pin: bool
    has_authenticator: bool
    addresses: tuple[AddressView, ...]
    checks: tuple[CheckView, ...]
    purchases: tuple[PurchaseView, ...]
    households: tuple[GroupView, ...]
    organisations: tuple[GroupView, ...]
    tickets: tuple[TicketLine, ...]
    promises: tuple[PromiseView, ...]


def customer_panel(
    agent: int, ticket: TicketView, policy: Policy, *, at: datetime
) -> CustomerPanelView | None:
    """Return the customer of a ticket, or None where nobody is known."""
    customer = ticket.customer_id
    if customer is None:
        return None
    sight = ticket.sight
    with connection.cursor() as cursor:
        cursor.execute(_PERSON, {"customer": customer, "desk": ticket.desk.id})
        row = cursor.fetchone()
    homes, firms = (
        groups_of(customer, ticket.desk.id, plain=sight.contacts) if sight.personal else ((), ())
    )
    others = tuple(
        one for one in tickets_of(agent, customer, limit=TICKETS) if one.id != ticket.id
    )
    return CustomerPanelView(
        customer=customer,
        name=row[0] if sight.contacts else hidden(row[0]),
        language=row[1],
        preferred_channel=row[2],
        tier=row[3] or "",
        flags=tuple(row[4] or ()),
        has_pin=row[5],
        has_authenticator=row[6],
        addresses=addresses_of(customer, [ticket.desk.id], plain=sight.contacts),
        checks=_checks(ticket.id),
        purchases=purchases_of(
            customer, ticket.desk.id, policy, at=at, facts=_own_facts(ticket, policy)
        )
        if sight.personal
        else (),
        households=homes,
        organisations=firms,
        tickets=others[: TICKETS - 1],
        promises=promises_to(agent, customer, limit=TICKETS),
    )


def _own_facts(ticket: TicketView, policy: Policy) -> dict[str, str | int | bool | None]:
    """Return what the ticket itself says: the cause decides what is covered."""
    return {
        name: value
        for name, value in ticket.facts.items()
        if name in policy.fields and isinstance(value, str | int | bool)
    }


def _checks(ticket: int) -> tuple[CheckView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kind, word, state, tries, good_until FROM identity_check
            WHERE ticket_id = %s AND state <> 'replaced' ORDER BY id DESC LIMIT 20
            """,
            [ticket],
        )
        return tuple(
            CheckView(kind=r[0], word=r[1], state=r[2], tries=r[3], good_until=r[4])
            for r in cursor.fetchall()
        )


_PERSON = """
SELECT c.name, c.language, c.preferred_channel, s.tier, s.flags,
       EXISTS (SELECT 1 FROM customer_pin p WHERE p.customer_id = c.id),
       EXISTS (SELECT 1 FROM customer_authenticator a WHERE a.customer_id = c.id)
FROM customer c LEFT JOIN customer_desk s ON s.customer_id = c.id AND s.desk_id = %(desk)s
WHERE c.id = %(customer)s
"""
