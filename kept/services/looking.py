"""Somebody opened a ticket: mentions, notices and a woken snooze of theirs are seen by that.

A page still wants its acknowledgement; seeing it is not taking it.
"""

from datetime import datetime

from django.db import connection

from kept.services.errors import AgentId


def look(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Note in one statement that a person saw what waited for them on a ticket."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH m AS (UPDATE mention SET seen_at = %(at)s
                       WHERE agent_id = %(by)s AND ticket_id = %(ticket)s AND seen_at IS NULL),
                 z AS (UPDATE snooze SET seen_at = %(at)s, woken_at = COALESCE(woken_at, %(at)s)
                       WHERE agent_id = %(by)s AND ticket_id = %(ticket)s AND seen_at IS NULL
                         AND (woken_at IS NOT NULL OR until <= %(at)s))
            UPDATE notification SET seen_at = %(at)s
            WHERE agent_id = %(by)s AND ticket_id = %(ticket)s AND seen_at IS NULL AND page = ''
            """,
            {"at": at, "by": by, "ticket": ticket_id},
        )
