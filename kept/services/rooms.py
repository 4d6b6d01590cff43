"""Rooms: the teams' own talk about a ticket, apart from its notes and never sent to anybody.

Members are the desk's people. Who is mentioned by `@name` hears of it; a line is said once.
"""

import re
from datetime import datetime

from django.db import connection, transaction

from kept.records.models import RoomLine, Ticket
from kept.services import notices, permissions, rosters
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.stirs import stir
from kept.services.texts import clean

LONGEST = 4000
MENTION = re.compile(r"@([\w.'-]+)")


def say(ticket_id: int, *, by: AgentId, at: datetime, text: str, key: str) -> int:
    """Say a line in a ticket's room and tell whom it mentions; return its id."""
    desk = _desk(ticket_id, by)
    who = permissions.standing(by, desk)
    permissions.require(who, "note", permissions.policy_of(who))
    words = clean(text).strip()
    if not words:
        raise NotValid("Write something first.")
    if len(words) > LONGEST:
        raise NotValid(f"A line has at most {LONGEST} characters.")
    with transaction.atomic():
        line, is_new = RoomLine.objects.get_or_create(
            agent_id=by, key=key[:64], defaults={"ticket_id": ticket_id, "text": words, "at": at}
        )
        if is_new:
            _tell_mentioned(line, desk, at)
            _mark_read(ticket_id, by, line.pk)
            stir("room", ticket_id, desk)
    return line.pk


def read(ticket_id: int, *, by: AgentId, line: int) -> None:
    """Note how far somebody has read."""
    _desk(ticket_id, by)
    _mark_read(ticket_id, by, line)


def mentioned(text: str, people: tuple[rosters.Colleague, ...]) -> tuple[rosters.Colleague, ...]:
    """Return whom a text mentions by first name, whole name or the first part of an address."""
    wanted = {name.rstrip(".,;:!?'").casefold() for name in MENTION.findall(text)}
    return tuple(
        person for person in people
        if wanted & {
            person.name.casefold().replace(" ", "."), person.name.split(" ")[0].casefold(),
            person.email.partition("@")[0].casefold(),
        }
    )  # fmt: skip


def _tell_mentioned(line: RoomLine, desk: int, at: datetime) -> None:
    people = tuple(
        one for one in mentioned(line.text, rosters.colleagues(desk, at))
        if one.id != line.agent_id
    )  # fmt: skip
    notice = notices.Notice(
        desk=desk, ticket=line.ticket_id, cause=f"room{line.pk}",
        about=f"Ticket {line.ticket_id}: you are mentioned among us", clause="",
        means=("dashboard",), at=at,
    )  # fmt: skip
    notices.tell(notice, people)


def _mark_read(ticket_id: int, by: AgentId, line: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO room_read (ticket_id, agent_id, line) VALUES (%s, %s, %s)
            ON CONFLICT (ticket_id, agent_id)
            DO UPDATE SET line = GREATEST(room_read.line, excluded.line)
            """,
            [ticket_id, by, line],
        )


def _desk(ticket_id: int, by: AgentId) -> int:
    desk = Ticket.objects.filter(pk=ticket_id).values_list("desk_id", flat=True).first()
    if desk is None:
        raise NotFound("There is no such ticket.")
    permissions.standing(by, desk)
    return desk
