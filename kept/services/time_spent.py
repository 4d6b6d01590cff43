"""Time that people say they spent on a ticket. It decides nothing; reports add it up."""

from datetime import datetime

from django.db import transaction

from kept.records.models import Ticket, TimeEntry
from kept.services import permissions
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.texts import one_line

A_DAY = 24 * 60


def note_time(ticket_id: int, *, by: AgentId, at: datetime, minutes: int, what: str = "") -> int:
    """Write down minutes of one's own on a ticket; return the entry's number."""
    if not 1 <= minutes <= A_DAY:
        raise NotValid("Time spent is 1 to 1440 minutes.")
    with transaction.atomic():
        desk = Ticket.objects.filter(pk=ticket_id).values_list("desk_id", flat=True).first()
        if desk is None:
            raise NotFound("There is no such ticket.")
        who = permissions.standing(by, desk)
        permissions.require(who, "time", active_policy(desk))
        return TimeEntry.objects.create(
            ticket_id=ticket_id, agent_id=by, minutes=minutes, what=one_line(what, 200), at=at
        ).pk


def strike_time(entry_id: int, *, by: AgentId, at: datetime) -> None:
    """Take one's own entry back; it stays on record as struck."""
    own = TimeEntry.objects.filter(pk=entry_id, agent_id=by, struck_at=None)
    desk = own.values_list("ticket__desk_id", flat=True).first()
    if desk is None:
        raise NotFound("There is no such entry of yours.")
    permissions.standing(by, desk)
    own.update(struck_at=at)


def minutes_of(told: str) -> int:
    """Return minutes from what people write: `25`, `1:15`, `1h 15`, `1.5 h`; raise NotValid."""
    text = told.strip().casefold().replace(",", ".")
    hours, colon, rest = text.partition(":" if ":" in text else "h")
    try:
        if not colon:
            minutes = float(text.removesuffix("minutes").removesuffix("min").removesuffix("m"))
        else:
            minutes = float(hours) * 60 + float(rest.strip(" minours") or 0)
    except ValueError:
        raise NotValid("Say the time as 25, 1:15 or 1 h 15.") from None
    if not 1 <= minutes <= A_DAY:
        raise NotValid("Time spent is 1 minute to 24 hours.")
    return round(minutes)
