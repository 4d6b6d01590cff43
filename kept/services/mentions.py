"""Name a colleague in a note: `@bo` by the part of their address before the @, or the whole.

Only members of the ticket's desk can be named; any other @word is just a word. The note is the
ticket's; the mention, like a notification, is the named person's own.
"""

import re

from django.db import connection

from kept.records.models import Mention, Notification
from kept.services.choices import means_of
from kept.services.errors import AgentId
from kept.services.locking import LockedTicket

NAMED = re.compile(r"(?<![\w@.])@([\w][\w.+-]{0,63}(?:@[\w.-]{1,190})?)")
MOST = 20


def names_in(text: str) -> tuple[str, ...]:
    """Return the handles that a note names, each once."""
    found = (one.lower().rstrip(".-") for one in NAMED.findall(text))
    return tuple(dict.fromkeys(found))[:MOST]


def tell_named(ticket: LockedTicket, message: int, text: str, *, by: AgentId) -> None:
    """Keep who was named in a note, and notify them."""
    names = names_in(text)
    if not names:
        return
    people = _people(ticket.desk, names, by)
    Mention.objects.bulk_create(
        [
            Mention(
                agent_id=agent, ticket_id=ticket.id, message_id=message, by_id=by, at=ticket.at
            )
            for agent, _ in people
        ],
        ignore_conflicts=True,
    )
    Notification.objects.bulk_create(
        [
            Notification(
                agent_id=agent, desk_id=ticket.desk, ticket_id=ticket.id,
                cause=f"mention.{message}.{agent}",
                means=["dashboard", "email"] if means == "email" else ["dashboard"],
                about=f"{ticket.subject[:200]}: a note names you", at=ticket.at,
                mail_wanted=means == "email",
            )
            for agent, means in people
            if means != "none"
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _people(desk: int, names: tuple[str, ...], by: AgentId) -> list[tuple[int, str]]:
    """Return whom the handles mean: members of the desk, each handle only where it is clear."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, lower(a.email), split_part(lower(a.email), '@', 1),
                   COALESCE((SELECT c.means FROM notice_choice c
                             WHERE c.agent_id = a.id AND c.kind = 'mention'), 'bell')
            FROM agent a WHERE a.is_active AND NOT a.is_program
              AND EXISTS (SELECT 1 FROM membership m WHERE m.agent_id = a.id
                          AND m.desk_id = %s AND m.ended_at IS NULL)
              AND (lower(a.email) = ANY(%s) OR split_part(lower(a.email), '@', 1) = ANY(%s))
            ORDER BY a.id
            """,
            [desk, list(names), list(names)],
        )
        rows = cursor.fetchall()
    clear = [short for _, _, short, _ in rows]
    return [
        (agent, means_of({"mention": means}, "mention"))
        for agent, whole, short, means in rows
        if agent != by and (whole in names or clear.count(short) == 1)
    ]
