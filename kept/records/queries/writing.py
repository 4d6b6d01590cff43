"""What the composer shows: drafts, files, replies about to leave, macros, the teams' room.

Everything here is asked for a ticket that the caller has shown the reader may see, or carries
the membership in its own WHERE.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.records.queries.views import View

MOST_LINES = 60
MOST_MACROS = 200
_MEMBER = """
EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
        WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
          AND a.is_active)
"""


class DraftView(View, frozen=True, kw_only=True):
    """A draft; the running one has no name. `mine` tells whether the reader owns it."""

    id: int
    kind: str
    name: str
    text: str
    template: str
    saved_at: datetime
    owner: str
    mine: bool
    shared: bool


class UploadView(View, frozen=True, kw_only=True):
    """A file that is not sent yet."""

    token: str
    filename: str
    size: int
    is_picture: bool


class LeavingView(View, frozen=True, kw_only=True):
    """A reply that leaves soon."""

    id: int
    author: str
    mine: bool
    text: str
    clicked_at: datetime
    leaves_at: datetime
    follow: tuple[str, ...]
    files: int


class MacroView(View, frozen=True, kw_only=True):
    """A macro of a desk; `acts` are (verb, value)."""

    id: int
    name: str
    shortcut: str
    kind: str
    text: str
    acts: tuple[tuple[str, str], ...]
    changed_at: datetime
    changed_by: str


class RoomLineView(View, frozen=True, kw_only=True):
    """One line of the teams' talk."""

    id: int
    author: str
    mine: bool
    text: str
    at: datetime


class RoomView(View, frozen=True, kw_only=True):
    """The newest lines, the oldest of them first, and how many the reader has not seen."""

    lines: tuple[RoomLineView, ...]
    unread: int


def drafts(agent: int, ticket: int) -> tuple[DraftView, ...]:
    """Return one's own drafts on a ticket and those that colleagues share."""
    return tuple(
        DraftView(
            id=row[0], kind=row[1], name=row[2], text=row[3], template=row[4], saved_at=row[5],
            owner=row[6], mine=row[7], shared=row[8],
        )
        for row in _rows(
            f"""
            SELECT d.id, d.kind, d.name, d.text, d.template, d.saved_at, o.name,
                   d.agent_id = %(agent)s, d.shared_at IS NOT NULL
            FROM draft d JOIN agent o ON o.id = d.agent_id JOIN ticket t ON t.id = d.ticket_id
            WHERE d.ticket_id = %(ticket)s
              AND (d.agent_id = %(agent)s OR (d.shared_at IS NOT NULL AND d.name <> ''))
              AND {_MEMBER}
            ORDER BY d.name = '' DESC, d.saved_at DESC LIMIT 60
            """,
            agent=agent, ticket=ticket,
        )
    )  # fmt: skip


def uploads(agent: int, ticket: int) -> tuple[UploadView, ...]:
    """Return one's own files that wait on a ticket."""
    return tuple(
        UploadView(token=row[0], filename=row[1], size=row[2], is_picture=row[3])
        for row in _rows(
            f"""
            SELECT u.token, u.filename, u.size, u.is_picture
            FROM upload u JOIN ticket t ON t.id = u.ticket_id
            WHERE u.ticket_id = %(ticket)s AND u.agent_id = %(agent)s AND u.leaving_id IS NULL
              AND {_MEMBER} ORDER BY u.id LIMIT 40
            """,
            agent=agent, ticket=ticket,
        )
    )  # fmt: skip


def upload_body(agent: int, token: str) -> tuple[str, bytes, bool] | None:
    """Return name, bytes and whether it is a picture of one's own file."""
    rows = _rows(
        f"""
        SELECT u.filename, u.body, u.is_picture FROM upload u JOIN ticket t ON t.id = u.ticket_id
        WHERE u.token = %(token)s AND u.agent_id = %(agent)s AND {_MEMBER}
        """,
        agent=agent, token=token[:60],
    )  # fmt: skip
    return (rows[0][0], bytes(rows[0][1]), rows[0][2]) if rows else None


def leaving(agent: int, ticket: int) -> tuple[LeavingView, ...]:
    """Return the replies of a ticket that have not left."""
    return tuple(
        LeavingView(
            id=row[0], author=row[1], mine=row[2], text=row[3], clicked_at=row[4],
            leaves_at=row[5], follow=tuple(row[6]), files=row[7],
        )
        for row in _rows(
            f"""
            SELECT r.id, o.name, r.agent_id = %(agent)s, r.text, r.clicked_at, r.leaves_at,
                   r.follow, (SELECT count(*) FROM upload u WHERE u.leaving_id = r.id)
            FROM leaving_reply r JOIN agent o ON o.id = r.agent_id
            JOIN ticket t ON t.id = r.ticket_id
            WHERE r.ticket_id = %(ticket)s AND r.state = 'waiting' AND {_MEMBER}
            ORDER BY r.id LIMIT 20
            """,
            agent=agent, ticket=ticket,
        )
    )  # fmt: skip


def macros(agent: int, desk: int) -> tuple[MacroView, ...]:
    """Return the macros of a desk the reader belongs to, by name."""
    return tuple(
        MacroView(
            id=row[0], name=row[1], shortcut=row[2], kind=row[3], text=row[4],
            acts=tuple((verb, value) for verb, value in msgspec.json.decode(row[5])),
            changed_at=row[6],
            changed_by=row[7] or "",
        )
        for row in _rows(
            f"""
            SELECT t.id, t.name, t.shortcut, t.kind, t.text, t.acts::text, t.changed_at, o.name
            FROM macro t LEFT JOIN agent o ON o.id = t.changed_by_id
            WHERE t.desk_id = %(desk)s AND t.removed_at IS NULL AND {_MEMBER}
            ORDER BY t.name LIMIT {MOST_MACROS}
            """,
            agent=agent, desk=desk,
        )
    )  # fmt: skip


def room(agent: int, ticket: int) -> RoomView:
    """Return the newest lines of a ticket's room."""
    rows = _rows(
        f"""
        SELECT l.id, o.name, l.agent_id = %(agent)s, l.text, l.at,
               l.id > COALESCE((SELECT line FROM room_read r WHERE r.ticket_id = %(ticket)s
                                AND r.agent_id = %(agent)s), 0)
        FROM room_line l JOIN agent o ON o.id = l.agent_id JOIN ticket t ON t.id = l.ticket_id
        WHERE l.ticket_id = %(ticket)s AND {_MEMBER} ORDER BY l.id DESC LIMIT {MOST_LINES}
        """,
        agent=agent, ticket=ticket,
    )  # fmt: skip
    lines = tuple(
        RoomLineView(id=row[0], author=row[1], mine=row[2], text=row[3], at=row[4])
        for row in reversed(rows)
    )
    return RoomView(lines=lines, unread=sum(row[5] and not row[2] for row in rows))


def undo_seconds(agent: int) -> int:
    """Return how long a reply of somebody's can be taken back."""
    rows = _rows("SELECT undo_seconds FROM agent WHERE id = %(agent)s", agent=agent)
    return int(rows[0][0]) if rows else 0


def _rows(statement: str, **named: int | str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return list(cursor.fetchall())
