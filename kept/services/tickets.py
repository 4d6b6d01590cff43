"""Open a ticket: the row, the first message and the first fact in one transaction."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import connection

from kept.policy import Policy
from kept.policy.facts import UNNAMED, Actor, ActorKind, TicketCreated
from kept.policy.words import Frozen, Value
from kept.records.instants import instant
from kept.services import customers, outages, permissions
from kept.services.addresses import region_of
from kept.services.beginning import new_row
from kept.services.errors import AgentId, NotValid
from kept.services.forms import field_values
from kept.services.journal import raise_if_refused, record
from kept.services.locking import LockedTicket, save
from kept.services.retrying import retried
from kept.services.texts import clean, one_line
from kept.services.whole import whole


class Opening(Frozen, frozen=True, kw_only=True):
    """What a new ticket begins with, whoever brings it."""

    subject: str
    text: str
    channel: str
    severity: str | None = None
    type: str | None = None
    topic: str | None = None
    fields: Mapping[str, Value] = {}
    trusted: bool = True
    occurred_at: datetime | None = None
    """When the customer's turn reached a server we trust; else the verb's own instant."""
    fact_id: str = ""


class Opened(Frozen, frozen=True, kw_only=True):
    """The new ticket and its first message."""

    ticket: int
    message: int


def open_ticket(
    desk: str,
    opening: Opening,
    *,
    address: str,
    address_kind: str = "email",
    name: str = "",
    by: AgentId | None = None,
    at: datetime,
) -> Opened:
    """Open a ticket for whoever has the address; `by` is the agent who took it, if one did."""

    def once() -> Opened:
        with whole():
            ticket = begin(desk, opening, at=at, by=by)
            customer = customers.find_or_make(
                address_kind, address, name, desk=ticket.desk, region=region_of(ticket.zone)
            )
            message = first_message(
                ticket, _as_the_sop_knows(ticket.policy, opening), customer=customer, by=by
            )
            save(ticket)
        raise_if_refused(ticket)
        return Opened(ticket=ticket.id, message=message)

    return retried(once)


def begin(desk: str, opening: Opening, *, at: datetime, by: AgentId | None = None) -> LockedTicket:
    """Insert the ticket's row, which nobody else can see yet; `first_message` follows.

    One statement finds the desk with its policy and inserts; who may not open is told after.
    """
    opened_at = min(opening.occurred_at or at, at) if opening.trusted else at
    ticket = new_row(desk, opening.subject, opened_at=opened_at, at=at)
    if by is not None:
        permissions.require(permissions.standing(by, ticket.desk), "open", ticket.policy)
    return ticket


def first_message(
    ticket: LockedTicket,
    opening: Opening,
    *,
    customer: int | None,
    by: AgentId | None = None,
    sender: str = "",
    quoted: str = "",
    html: str = "",
    message_id: str = "",
    warning: str = "",
    raw: int | None = None,
) -> int:
    """Write the customer's first words, record that the ticket was created; return their id.

    From now on the desk serves this customer.
    """
    ticket.customer = customer
    with connection.cursor() as cursor:
        cursor.execute(
            _FIRST_MESSAGE,
            [
                ticket.id,
                customer,
                sender[:400],
                opening.channel,
                ticket.subject,
                clean(opening.text),
                clean(quoted),
                clean(html),
                one_line(message_id, 1000),
                warning[:300],
                ticket.opened_at,
                raw,
                customer,
                ticket.desk,
                ticket.opened_at,
                customer,
                customer,
                ticket.desk,
            ],
        )
        message, tier = cursor.fetchone()
    fact = _created(ticket, opening, fact_id=opening.fact_id or f"m{message}", tier=tier or None)
    record(ticket, fact, by_agent=by)
    outages.tie_new(ticket)
    return int(message)


def _created(
    ticket: LockedTicket, opening: Opening, *, fact_id: str, tier: str | None
) -> TicketCreated:
    customer = ticket.customer
    return TicketCreated(
        at=instant(opening.occurred_at or ticket.at),
        id=fact_id,
        by=Actor(id=f"c{customer}", kind=ActorKind.CUSTOMER) if customer else UNNAMED,
        trusted=opening.trusted,
        severity=opening.severity,
        channel=opening.channel,
        text=f"{opening.subject}\n{opening.text}",
        type=opening.type,
        topic=opening.topic,
        customer=str(customer) if customer else None,
        tier=tier,
        fields=dict(opening.fields),
    )


def _as_the_sop_knows(policy: Policy, opening: Opening) -> Opening:
    """Return the opening with fields the journal may hold; raise NotValid for unknown words."""
    severities = [each.id for each in policy.severities]
    if opening.severity is not None and opening.severity not in severities:
        raise NotValid(f"The SOP has no severity named {opening.severity}.")
    return msgspec.structs.replace(opening, fields=field_values(policy, opening.fields))


_FIRST_MESSAGE = """
WITH said AS (
  INSERT INTO message (ticket_id, kind, direction, customer_id, sender, channel, subject, text,
                       quoted, html, message_id, template, warning, sent_at, delivery, raw_id)
  VALUES (%s, 'public', 'in', %s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s, '', %s)
  RETURNING id
), served AS (
  INSERT INTO customer_desk (customer_id, desk_id, since)
  SELECT %s::bigint, %s, %s WHERE %s::bigint IS NOT NULL
  ON CONFLICT (customer_id, desk_id) DO NOTHING
)
SELECT id, (SELECT tier FROM customer_desk WHERE customer_id = %s AND desk_id = %s) FROM said
"""
