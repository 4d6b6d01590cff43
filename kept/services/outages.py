"""Outages: a person with the right opens and ends one; every open ticket of the desk hears of it.

The tickets get their facts in small steps that a killed worker takes up again. What follows
from a fact (texts, procedure, order of the queue) is the SOP's to say.
"""

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from kept.policy.facts import Fact, OutageBegan, OutageEnded
from kept.records.instants import instant
from kept.records.models import Desk, Outage, OutageContact
from kept.services import permissions
from kept.services.beginning import active_policy
from kept.services.children import SYSTEM
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.hints import hint
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket, lock, save
from kept.services.texts import clean, one_line

OPEN = ("new", "open", "waiting")
NOTICE_LIMIT = 2_000


def declare(desk: str, *, name: str, notice: str, by: AgentId, at: datetime) -> int:
    """Open an outage on a desk; one runs at a time."""
    title, told = one_line(name, 200), clean(notice).strip()
    if not title:
        raise NotValid("Name what is out of order.")
    if len(told) > NOTICE_LIMIT:
        raise NotValid(f"The notice is longer than {NOTICE_LIMIT} characters.")
    row = _desk(desk, by)
    try:
        with transaction.atomic(durable=True):
            made = Outage.objects.create(
                desk=row, name=title, notice=told, began_at=at, began_by_id=by
            )
    except IntegrityError:
        raise Conflict("An outage is running on this desk; end it first.") from None
    hint("outage")
    return made.pk


def end(outage_id: int, *, by: AgentId, at: datetime) -> None:
    """End an outage; the tickets that were tied to it hear of it next."""
    with transaction.atomic(durable=True):
        row = Outage.objects.select_for_update().filter(pk=outage_id).first()
        if row is None:
            raise NotFound("There is no such outage.")
        _desk_of(row.desk_id, by)
        if row.ended_at is not None:
            raise Conflict("This outage is over already.")
        Outage.objects.filter(pk=outage_id).update(ended_at=at, ended_by_id=by)
    hint("outage")


def untie(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Say that a ticket has nothing to do with the outage it is tied to."""
    with on_ticket(ticket_id, at=at) as ticket:
        who = permissions.standing(by, ticket.desk)
        permissions.require(who, "triage", ticket.policy)
        number = ticket.state.facts.get("outage")
        if not isinstance(number, str):
            raise Conflict("This ticket is not tied to a running outage.")
        fact = OutageEnded(at=instant(at), by=who.actor(), outage=number, reason="unrelated")
        if record(ticket, fact, by_agent=by).refused is None:
            OutageContact.objects.filter(outage_id=int(number), ticket_id=ticket_id).update(
                untied_at=at, untied_by_id=by
            )


def tie_new(ticket: LockedTicket) -> None:
    """Tie a new ticket to the outage that ran when its row was made, if one did."""
    if ticket.outage is not None:
        tie(ticket, ticket.outage)


def tie(ticket: LockedTicket, outage: int) -> None:
    """Remember that a ticket is a contact under an outage."""
    OutageContact.objects.bulk_create(
        [OutageContact(outage_id=outage, ticket_id=ticket.id, tied_at=ticket.at)],
        ignore_conflicts=True,
    )


def tell_tickets(*, at: datetime, limit: int = 200) -> int:
    """Tell open tickets that an outage runs, and tied ones that it is over; return how many."""
    began, over = _to_tell(_BEGAN, limit), _to_tell(_OVER, limit)
    for ticket_id, outage in began:
        with transaction.atomic(durable=True):
            ticket = lock(ticket_id, at=at)
            _hear(ticket, OutageBegan(at=_now(ticket), by=SYSTEM, outage=str(outage)))
            tie(ticket, outage)
    for ticket_id, outage in over:
        with transaction.atomic(durable=True):
            ticket = lock(ticket_id, at=at)
            _hear(ticket, OutageEnded(at=_now(ticket), by=SYSTEM, outage=str(outage)))
            OutageContact.objects.filter(outage_id=outage, ticket_id=ticket_id).update(told_at=at)
    return len(began) + len(over)


def _hear(ticket: LockedTicket, fact: Fact) -> None:
    record(ticket, fact)
    save(ticket)


def _now(ticket: LockedTicket) -> int:
    return max(instant(ticket.at), ticket.state.now)


def _to_tell(query: str, limit: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"open": list(OPEN), "limit": limit})
        return list(cursor.fetchall())


def _desk(slug: str, by: AgentId) -> Desk:
    row = Desk.objects.filter(slug=slug).first()
    if row is None:
        raise NotFound("There is no such desk.")
    _desk_of(row.pk, by)
    return row


def _desk_of(desk: int, by: AgentId) -> None:
    who = permissions.standing(by, desk)
    permissions.require(who, "declare_outage", active_policy(desk))


_BEGAN = """
SELECT t.id, o.id FROM outage o JOIN ticket t ON t.desk_id = o.desk_id AND t.status = ANY(%(open)s)
WHERE o.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM outage_contact c WHERE c.outage_id = o.id AND c.ticket_id = t.id)
ORDER BY t.id LIMIT %(limit)s
"""
_OVER = """
SELECT c.ticket_id, o.id FROM outage_contact c JOIN outage o ON o.id = c.outage_id
WHERE o.ended_at IS NOT NULL AND c.told_at IS NULL AND c.untied_at IS NULL
ORDER BY c.ticket_id LIMIT %(limit)s
"""
