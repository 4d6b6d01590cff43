"""What the live stream reads: which tickets changed, and what each session may still see.

Journal ids are given before commit, so a smaller id may appear after a larger one: every round
looks back a little and remembers what it has told.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Self

import psycopg
from django.contrib.auth import get_user_model
from django.contrib.sessions.serializers import JSONSerializer
from django.core import signing
from django.db import connections

from kept.records.queries.views import View

CHANNEL = "kept_journal"
"""A NOTIFY here is a hint that the journal grew; missing one costs POLL_SECONDS."""
POLL_SECONDS = 5.0
GATHER_SECONDS = 0.1
LOOK_BACK = 500
STIRS = frozenset({"seen", "room", "changed"})
Unreachable = (psycopg.OperationalError, psycopg.InterfaceError)


class Change(View, frozen=True, kw_only=True):
    """One journal row, as a hint."""

    id: int
    ticket: int
    desk: int


class Stir(View, frozen=True, kw_only=True):
    """A live sign that is no fact: `seen`, `room` or `changed` on a ticket of a desk."""

    kind: str
    ticket: int
    desk: int


class SessionStanding(View, frozen=True, kw_only=True):
    """Whose session it is, and the desks that person is a member of now."""

    agent: int
    desks: frozenset[int]


class LiveReader:
    """One listening connection. Leaving the block closes it."""

    def __init__(self) -> None:
        self._last = 0
        self._told: set[int] = set()
        self._stirs: dict[Stir, None] = {}
        self._notices: set[int] = set()
        self._last_notice = 0

    async def __aenter__(self) -> Self:
        self._connection = await psycopg.AsyncConnection.connect(**_where(), autocommit=True)
        await self._connection.execute(f"LISTEN {CHANNEL}")
        row = await (await self._connection.execute("SELECT max(id) FROM journal")).fetchone()
        self._last = (row[0] if row else None) or 0
        self._told = set(range(max(0, self._last - LOOK_BACK), self._last + 1))
        await self.noticed()
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self._connection.close()

    async def changed(self) -> tuple[Change, ...]:
        """Wait for a hint, at most POLL_SECONDS; return what is new, one change per ticket."""
        async for hint in self._connection.notifies(timeout=POLL_SECONDS, stop_after=1):
            self._note(hint.payload)
            await asyncio.sleep(GATHER_SECONDS)
        async for hint in self._connection.notifies(timeout=0):
            self._note(hint.payload)
        cursor = await self._connection.execute(
            "SELECT id, ticket_id, desk_id FROM journal WHERE id > %s ORDER BY id LIMIT 2000",
            [self._last - LOOK_BACK],
        )
        new = [row for row in await cursor.fetchall() if row[0] not in self._told]
        self._told |= {row[0] for row in new}
        self._last = max([self._last, *(row[0] for row in new)])
        self._told = {one for one in self._told if one > self._last - 2 * LOOK_BACK}
        latest = {ticket: Change(id=id_, ticket=ticket, desk=desk) for id_, ticket, desk in new}
        return tuple(sorted(latest.values(), key=lambda change: change.id))

    def stirred(self) -> tuple[Stir, ...]:
        """Return the signs that came since the last call, each once."""
        found, self._stirs = tuple(self._stirs), {}
        return found

    def _note(self, payload: str) -> None:
        kind, _, rest = payload.partition(":")
        ticket, _, desk = rest.partition(":")
        if kind in STIRS and ticket.isdecimal() and desk.isdecimal():
            self._stirs[Stir(kind=kind, ticket=int(ticket), desk=int(desk))] = None

    async def noticed(self) -> frozenset[int]:
        """Return whom a notification was written for since the last round."""
        cursor = await self._connection.execute(
            "SELECT id, agent_id FROM notification WHERE id > %s ORDER BY id DESC LIMIT 2000",
            [self._last_notice - LOOK_BACK],
        )
        rows = await cursor.fetchall()
        new = frozenset(agent for id_, agent in rows if id_ not in self._notices)
        self._last_notice = max([self._last_notice, *(id_ for id_, _ in rows)])
        self._notices = {id_ for id_, _ in rows if id_ > self._last_notice - 2 * LOOK_BACK}
        return new

    async def standing(self, sessions: Iterable[str]) -> dict[str, SessionStanding]:
        """Return what each session may see; one that ended or was signed out is absent."""
        return await _standing(self._connection, sessions)


async def standing_of(session: str) -> SessionStanding | None:
    """Return what one session may see, on a connection of its own."""
    async with await psycopg.AsyncConnection.connect(**_where(), autocommit=True) as connection:
        return (await _standing(connection, [session])).get(session)


async def _standing(
    connection: psycopg.AsyncConnection[Any], sessions: Iterable[str]
) -> dict[str, SessionStanding]:
    cursor = await connection.execute(
        "SELECT session_key, session_data FROM session"
        " WHERE session_key = ANY(%s) AND expire_date > clock_timestamp()",
        [sorted(sessions)],
    )
    held = {key: _decoded(data) for key, data in await cursor.fetchall()}
    agents = {key: int(held[key].get("_auth_user_id", 0)) for key in held}
    cursor = await connection.execute(
        """
        SELECT a.id, a.password, array_agg(m.desk_id) FILTER (WHERE m.desk_id IS NOT NULL)
        FROM agent a LEFT JOIN membership m ON m.agent_id = a.id AND m.ended_at IS NULL
        WHERE a.id = ANY(%s) AND a.is_active GROUP BY a.id
        """,
        [sorted(set(agents.values()))],
    )
    people = {id_: (password, desks or []) for id_, password, desks in await cursor.fetchall()}
    return {
        key: SessionStanding(agent=agent, desks=frozenset(people[agent][1]))
        for key, agent in agents.items()
        if agent in people and _still_signed(held[key], people[agent][0])
    }


def _decoded(kept: str) -> dict[str, Any]:
    # As SessionBase.decode does; its module cannot be imported before the apps are ready.
    salt = "django.contrib.sessions.SessionStore"
    try:
        return dict(signing.loads(kept, salt=salt, serializer=JSONSerializer))
    except signing.BadSignature:
        return {}


def _still_signed(session: dict[str, Any], password: str) -> bool:
    # A changed password ends every session that was opened with the old one.
    agent = get_user_model()(password=password)
    return bool(session.get("_auth_user_hash") == agent.get_session_auth_hash())


def _where() -> dict[str, Any]:
    """Return where the pages' own connection goes, the test database included."""
    place = connections["default"].settings_dict
    return {
        "dbname": place["NAME"],
        "user": place["USER"] or None,
        "password": place["PASSWORD"] or None,
        "host": place["HOST"] or None,
        "port": place["PORT"] or None,
        "application_name": "kept-live",
        "connect_timeout": 5,
        "options": "-c statement_timeout=5s -c timezone=UTC",
    }
