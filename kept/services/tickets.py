"""Open a ticket: the row, the first message and the first fact in one transaction."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import connection

from kept import policy as engine
from kept.policy import Policy
from kept.policy.facts import UNNAMED, Actor, ActorKind, TicketCreated
from kept.policy.words import Frozen, Value
from kept.records.compiled import policy_by_hash
from kept.records.instants import instant
from kept.records.models import Desk
from kept.services import customers, permissions
from kept.services.errors import AgentId, DeskError, NotFound, NotValid
from kept.services.forms import field_values
from kept.services.journal import raise_if_refused, record
from kept.services.locking import LockedTicket, save
from kept.services.retrying import retried
from kept.services.texts import clean, one_line
from kept.services.whole import whole

NO_POLICY = "This desk has no active policy. Propose and activate one first."


class NoPolicy(DeskError):
    """The desk has no active policy, so nothing can be promised."""

    code = "no_policy"
    status = 409


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
            customer = customers.find_or_make(address_kind, address, name)
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
    subject = one_line(opening.subject) or "(no subject)"
    opened_at = min(opening.occurred_at or at, at) if opening.trusted else at
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [desk, subject, opened_at, at])
        row = cursor.fetchone()
    if row is None:
        raise _not_open(desk)
    number, desk_id, name, address, zone, hash_ = row
    policy = policy_by_hash(hash_)
    if by is not None:
        permissions.require(permissions.standing(by, desk_id), "open", policy)
    return LockedTicket(
        id=number,
        desk=desk_id,
        slug=desk,
        desk_name=name,
        address=address,
        zone=zone,
        subject=subject,
        customer=None,
        policy_hash=policy.hash,
        state=engine.start(),
        seq=0,
        last_hash=b"",
        opened_at=opened_at,
        needs_attention="",
        at=at,
        policy=policy,
    )


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
    """Write the customer's first words, record that the ticket was created; return their id."""
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
            ],
        )
        message, tier = cursor.fetchone()
    actor = Actor(id=f"c{customer}", kind=ActorKind.CUSTOMER) if customer else UNNAMED
    fact = TicketCreated(
        at=instant(opening.occurred_at or ticket.at),
        id=opening.fact_id or f"m{message}",
        by=actor,
        trusted=opening.trusted,
        severity=opening.severity,
        channel=opening.channel,
        text=f"{opening.subject}\n{opening.text}",
        type=opening.type,
        topic=opening.topic,
        customer=str(customer) if customer else None,
        tier=tier or None,
        fields=dict(opening.fields),
    )
    record(ticket, fact, by_agent=by)
    return int(message)


def _as_the_sop_knows(policy: Policy, opening: Opening) -> Opening:
    """Return the opening with fields the journal may hold; raise NotValid for unknown words."""
    severities = [each.id for each in policy.severities]
    if opening.severity is not None and opening.severity not in severities:
        raise NotValid(f"The SOP has no severity named {opening.severity}.")
    return msgspec.structs.replace(opening, fields=field_values(policy, opening.fields))


def active_policy(desk: int) -> Policy:
    """Return the policy a desk runs now; raise NoPolicy where none is active."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash FROM policy_version WHERE desk_id = %s AND state = 'active'", [desk]
        )
        row = cursor.fetchone()
    return _in_force(row[0] if row is not None else None)


def _in_force(hash_: str | None) -> Policy:
    if hash_ is None:
        raise NoPolicy(NO_POLICY)
    return policy_by_hash(hash_)


def _not_open(desk: str) -> DeskError:
    if Desk.objects.filter(slug=desk).exists():
        return NoPolicy(NO_POLICY)
    return NotFound("There is no such desk.")


_INSERT = """
WITH place AS (
  SELECT d.id, d.name, d.address, d.zone, p.hash
  FROM desk d JOIN policy_version p ON p.desk_id = d.id AND p.state = 'active'
  WHERE d.slug = %s
), made AS (
  INSERT INTO ticket (desk_id, subject, status, opened_at, updated_at, policy_hash, state,
                      state_seq, last_hash, missed_count, queue_key, needs_attention,
                      timer_failures)
  SELECT id, %s, 'new', %s, %s, hash, '', 0, '', 0, 9223372036854775807, '', 0 FROM place
  RETURNING id
)
SELECT made.id AS ticket, place.id AS desk, place.name, place.address, place.zone, place.hash
FROM made, place
"""
_FIRST_MESSAGE = """
INSERT INTO message (ticket_id, kind, direction, customer_id, sender, channel, subject, text,
                     quoted, html, message_id, template, warning, sent_at, delivery, raw_id)
VALUES (%s, 'public', 'in', %s, %s, %s, %s, %s, %s, %s, %s, '', %s, %s, '', %s)
RETURNING id, (SELECT tier FROM customer WHERE id = %s)
"""
