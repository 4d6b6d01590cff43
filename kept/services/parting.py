"""Take a merge back, and split a ticket that holds two matters (R9)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from kept.policy.facts import UNNAMED, Actor, ActorKind, SplitOff, TicketCreated, Unmerged
from kept.policy.words import CommitmentKind, Status, Verdict
from kept.records.instants import instant
from kept.records.models import Message, MessageIdSeen
from kept.services import permissions, tickets
from kept.services.children import merged_into
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.journal import record
from kept.services.locking import LockedTicket, lock, save
from kept.services.retrying import retried
from kept.services.texts import one_line
from kept.services.whole import whole


def unmerge(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Let a merged ticket stand on its own again, with its words and its dues."""

    def once() -> None:
        with whole():
            into = _merged_into(ticket_id)
            pair = {number: lock(number, at=at) for number in sorted((ticket_id, into))}
            merged, survivor = pair[ticket_id], pair[into]
            who = permissions.standing(by, merged.desk)
            permissions.require(who, "merge", merged.policy)
            if merged.state.status is not Status.MERGED or _merged_into(ticket_id) != into:
                raise Conflict("This ticket is not merged any more.")
            record(merged, Unmerged(at=instant(at), by=who.actor()), by_agent=by)
            back = Unmerged(at=instant(at), by=who.actor(), ticket=str(ticket_id))
            record(survivor, back, by_agent=by)
            _take_words_back(ticket_id, into)
            save(merged)
            save(survivor)

    retried(once)


def split(
    ticket_id: int, *, messages: Sequence[int], subject: str, by: AgentId, at: datetime
) -> int:
    """Move messages of the customer to a ticket of their own; return its number.

    The clocks that still run keep counting from where they began: a split buys no time.
    """

    def once() -> int:
        with whole():
            old = lock(ticket_id, at=at)
            who = permissions.standing(by, old.desk)
            permissions.require(who, "merge", old.policy)
            moved = _movable(ticket_id, messages)
            title = one_line(subject)
            if not title:
                raise NotValid("Give the new ticket a subject.")
            opening = tickets.Opening(subject=title, text="", channel=moved[0].channel)
            new = tickets.begin(old.slug, opening, at=at)
            new.customer = old.customer
            record(new, _created(old, title, moved), by_agent=by)
            # As with a merge, a link to any of these mails must lead to where they are now.
            Message.objects.filter(pk__in=[m.pk for m in moved]).update(ticket_id=new.id)
            MessageIdSeen.objects.filter(message__in=moved).update(ticket_id=new.id)
            fact = SplitOff(
                at=instant(at), by=who.actor(), ticket=str(ticket_id), starts=_starts(old)
            )
            record(new, fact, by_agent=by)
            save(new)
        return new.id

    return retried(once)


def _created(old: LockedTicket, title: str, moved: Sequence[Message]) -> TicketCreated:
    """Return the new ticket's first fact: what the old one knew of customer and severity."""
    known = {key: v for key, v in old.state.facts.items() if isinstance(v, str)}
    words = "\n\n".join((title, *(each.text for each in moved)))
    return TicketCreated(
        at=instant(old.at), id=f"split:{old.id}:{moved[0].pk}",
        by=Actor(id=f"c{old.customer}", kind=ActorKind.CUSTOMER) if old.customer else UNNAMED,
        severity=known.get("severity"), channel=moved[0].channel or known.get("channel"),
        type=known.get("type"), topic=known.get("topic"), tier=known.get("tier"),
        customer=str(old.customer) if old.customer else None, text=words,
    )  # fmt: skip


def _movable(ticket_id: int, messages: Sequence[int]) -> list[Message]:
    found = list(
        Message.objects.filter(ticket_id=ticket_id, pk__in=list(messages), direction="in")
        .defer("html", "quoted")
        .order_by("pk")
    )
    if not found or len(found) != len(set(messages)):
        raise NotValid("Choose messages that the customer wrote on this ticket.")
    rest = Message.objects.filter(ticket_id=ticket_id, direction="in")
    if not rest.exclude(pk__in=[each.pk for each in found]).exists():
        raise NotValid("Leave at least one of the customer's messages where it is.")
    return found


def _starts(ticket: LockedTicket) -> dict[str, int]:
    starts: dict[str, int] = {}
    for each in ticket.state.commitments.values():
        if each.kind is CommitmentKind.CLOCK and each.verdict is Verdict.PENDING:
            starts[each.name] = min(each.started_at, starts.get(each.name, each.started_at))
    return starts


def _merged_into(ticket_id: int) -> int:
    into = merged_into(ticket_id)
    if into is None:
        raise NotFound("This ticket was never merged.")
    return into


def _take_words_back(ticket_id: int, survivor: int) -> None:
    with connection.cursor() as cursor:
        for table in ("message", "reply_token"):
            cursor.execute(
                f"UPDATE {table} SET ticket_id = %s, came_from = trim_array(came_from, 1)"
                " WHERE ticket_id = %s AND came_from[cardinality(came_from)] = %s",
                [ticket_id, survivor, ticket_id],
            )
