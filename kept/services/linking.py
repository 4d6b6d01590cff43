"""Link tickets that belong together, and take a link back; both tickets' journals say so.

A child has one parent and no children of its own, so links never run in a circle.
"""

from datetime import datetime

from django.db.models import Q

from kept.policy.facts import TicketLinked, TicketUnlinked
from kept.records.instants import instant
from kept.records.models import TicketLink
from kept.services import permissions
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.journal import raise_if_refused, record
from kept.services.locking import LockedTicket, lock, save
from kept.services.retrying import retried
from kept.services.whole import whole

Kind = TicketLink.Kind
READ_FROM_OTHER = {
    Kind.CHILD_OF: "parent_of",
    Kind.DUPLICATE_OF: "duplicated_by",
    Kind.INCIDENT_OF: "problem_of",
    Kind.RELATED_TO: "related_to",
}
"""What a link is called on the other ticket."""


def link(ticket_id: int, *, to: int, kind: str, by: AgentId, at: datetime) -> int:
    """Say that a ticket is KIND another of the same desk; return the link's number."""
    if kind not in Kind.values:
        raise NotValid(f"A ticket is linked as one of: {', '.join(Kind.values)}.")
    if ticket_id == to:
        raise NotValid("A ticket cannot be linked to itself.")

    def once() -> tuple[int, LockedTicket]:
        first, second = _in_order(Kind(kind), ticket_id, to)
        with whole():
            tickets, who = _both(first, second, by=by, at=at)
            _must_fit(first, second, kind)
            asked, other = tickets[ticket_id], tickets[to]
            reads = _reads(ticket_id, first, Kind(kind))
            fact = TicketLinked(at=instant(at), by=who.actor(), ticket=str(to), kind=reads[0])
            made = 0
            if record(asked, fact, by_agent=by).refused is None:
                made = TicketLink.objects.create(
                    desk_id=asked.desk, ticket_id=first, other_id=second, kind=kind,
                    made_by_id=by, made_at=at,
                ).pk  # fmt: skip
                back = TicketLinked(
                    at=instant(at), by=who.actor(), ticket=str(ticket_id), kind=reads[1]
                )
                record(other, back, by_agent=by)
            save(asked)
            save(other)
        return made, asked

    made, asked = retried(once)
    raise_if_refused(asked)
    return made


def unlink(ticket_id: int, link_id: int, *, by: AgentId, at: datetime) -> None:
    """Take a link back; it stays on record as ended. A clause's own link cannot be taken back."""

    def once() -> LockedTicket:
        with whole():
            row = _running(ticket_id, link_id)
            first, second, kind = row.ticket_id, row.other_id, Kind(row.kind)
            tickets, who = _both(first, second, by=by, at=at)
            row = _running(ticket_id, link_id)
            if row.clause:
                raise Conflict(f"Clause {row.clause} made this link; it stays.")
            asked, other = tickets[ticket_id], tickets[first + second - ticket_id]
            reads = _reads(ticket_id, first, kind)
            fact = TicketUnlinked(
                at=instant(at), by=who.actor(), ticket=str(other.id), kind=reads[0]
            )
            if record(asked, fact, by_agent=by).refused is None:
                TicketLink.objects.filter(pk=row.pk).update(ended_at=at, ended_by_id=by)
                back = TicketUnlinked(
                    at=instant(at), by=who.actor(), ticket=str(ticket_id), kind=reads[1]
                )
                record(other, back, by_agent=by)
            save(asked)
            save(other)
        return asked

    raise_if_refused(retried(once))


def _in_order(kind: TicketLink.Kind, ticket: int, other: int) -> tuple[int, int]:
    if kind is Kind.RELATED_TO and other < ticket:
        return other, ticket
    return ticket, other


def _reads(asked: int, first: int, kind: TicketLink.Kind) -> tuple[str, str]:
    """Return what the link is called on the asked ticket and on the other one."""
    ways = (kind.value, READ_FROM_OTHER[kind])
    return ways if asked == first else (ways[1], ways[0])


def _both(
    first: int, second: int, *, by: AgentId, at: datetime
) -> tuple[dict[int, LockedTicket], permissions.Standing]:
    """Lock both in the order of their numbers, so that two links cannot deadlock."""
    tickets = {number: lock(number, at=at) for number in sorted((first, second))}
    who = permissions.standing(by, tickets[first].desk)
    if tickets[second].desk != tickets[first].desk:
        raise NotFound("There is no such ticket.")
    permissions.require(who, "link", tickets[first].policy)
    return tickets, who


def _must_fit(first: int, second: int, kind: str) -> None:
    """Raise Conflict where the link is there already or would make a third storey."""
    running = TicketLink.objects.filter(ended_at=None)
    pair = Q(ticket=first, other=second) | Q(ticket=second, other=first)
    if running.filter(pair, kind=kind).exists():
        raise Conflict("These tickets are linked that way already.")
    if kind == Kind.RELATED_TO:
        return
    if running.filter(ticket=first, kind=kind).exists():
        raise Conflict(f"Ticket {first} has such a link to another ticket; take it back first.")
    if running.filter(Q(other=first) | Q(ticket=second), kind=kind).exists():
        raise Conflict("Such links have one storey: neither end may be the middle of a chain.")


def _running(ticket_id: int, link_id: int) -> TicketLink:
    row = TicketLink.objects.filter(
        Q(ticket=ticket_id) | Q(other=ticket_id), pk=link_id, ended_at=None
    ).first()
    if row is None:
        raise NotFound("There is no such link.")
    return row
