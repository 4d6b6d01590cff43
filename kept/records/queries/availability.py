"""Who is there and what each takes, for the page of availability; why somebody owns a ticket."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.policy.routing import weights
from kept.records.compiled import policy_by_hash
from kept.records.queries.members import managed_desks
from kept.records.queries.views import DeskView, View

MOST = 200


class Standing(View, frozen=True, kw_only=True):
    """What one person says of themselves, as of the instant asked for."""

    availability: str
    reason: str
    since: datetime | None
    until: datetime | None
    telephone: str


class TermsView(View, frozen=True, kw_only=True):
    """What somebody takes on one desk, with who could stand in for them."""

    desk: DeskView
    most_load: int | None
    languages: tuple[str, ...]
    deputy: int | None
    colleagues: tuple[tuple[int, str], ...]


class MovedView(View, frozen=True, kw_only=True):
    """A ticket that moved while its owner was away and may be taken back."""

    ticket: int
    subject: str
    desk: str
    zone: str
    moved_at: datetime
    to: str | None


class ColleagueView(View, frozen=True, kw_only=True):
    """A member of a desk as its lead plans them; `load` is by weight."""

    id: int
    name: str
    team: str | None
    standing: Standing
    on_duty: bool
    load: int
    most_load: int | None
    due_soon: int
    deputy: str | None


class TeamView(View, frozen=True, kw_only=True):
    desk: DeskView
    stale_minutes: int | None
    people: tuple[ColleagueView, ...]


class WeighedView(View, frozen=True, kw_only=True):
    """A candidate's part in one decision."""

    name: str
    fits: bool
    chosen: bool
    reasons: tuple[tuple[str, str], ...]


class ChoiceView(View, frozen=True, kw_only=True):
    """One decision about an owner; `why` is rule, away, stale or returned."""

    at: datetime
    why: str
    team: str
    chosen: str | None
    is_still: bool
    """Whether the ticket's owner is still the one chosen."""
    weighed: tuple[WeighedView, ...]


def standing_of(agent: int, at: datetime) -> Standing:
    """Return what an agent says of themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_STANDING} FROM agent a WHERE a.id = %(agent)s", {"agent": agent, "at": at}
        )
        row = cursor.fetchone()
    return _standing(row)


def terms_of(agent: int, desks: tuple[DeskView, ...]) -> tuple[TermsView, ...]:
    """Return what an agent takes on each of their desks."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.id, w.most_load, w.languages, w.deputy_id
            FROM unnest(%(desks)s::bigint[]) AS d(id)
            LEFT JOIN work_terms w ON w.desk_id = d.id AND w.agent_id = %(agent)s
            """,
            {"agent": agent, "desks": [desk.id for desk in desks]},
        )
        rows = {row[0]: row for row in cursor.fetchall()}
        cursor.execute(
            """
            SELECT DISTINCT m.desk_id, o.name, o.id FROM membership m
            JOIN agent o ON o.id = m.agent_id
            WHERE m.desk_id = ANY(%(desks)s) AND m.ended_at IS NULL AND o.is_active
              AND NOT o.is_program AND o.id <> %(agent)s ORDER BY 1, 2, 3 LIMIT 2000
            """,
            {"agent": agent, "desks": [desk.id for desk in desks]},
        )
        others: dict[int, list[tuple[int, str]]] = {}
        for desk, name, number in cursor.fetchall():
            others.setdefault(desk, []).append((number, name))
    return tuple(
        TermsView(
            desk=desk, most_load=rows[desk.id][1], languages=tuple(rows[desk.id][2] or ()),
            deputy=rows[desk.id][3], colleagues=tuple(others.get(desk.id, ())),
        )
        for desk in desks
    )  # fmt: skip


def moved_from(agent: int) -> tuple[MovedView, ...]:
    """Return the agent's own tickets that moved and are still open."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id, t.subject, d.name, d.zone, x.moved_at, o.name
            FROM moved_ticket x JOIN ticket t ON t.id = x.ticket_id JOIN desk d ON d.id = t.desk_id
            LEFT JOIN agent o ON o.id = t.owner_id
            WHERE x.owner_id = %(agent)s AND x.ended_at IS NULL
              AND t.status IN ('new', 'open', 'waiting')
              AND t.owner_id IS DISTINCT FROM x.owner_id
              AND EXISTS (SELECT 1 FROM membership m WHERE m.desk_id = t.desk_id
                          AND m.agent_id = %(agent)s AND m.ended_at IS NULL)
            ORDER BY x.moved_at, t.id LIMIT 200
            """,
            {"agent": agent},
        )
        return tuple(
            MovedView(ticket=row[0], subject=row[1], desk=row[2], zone=row[3], moved_at=row[4],
                      to=row[5])
            for row in cursor.fetchall()
        )  # fmt: skip


def teams_of(agent: int, desks: tuple[DeskView, ...], at: datetime) -> tuple[TeamView, ...]:
    """Return the people of each desk whose roster the agent may manage, the fullest first."""
    return tuple(_team(desk, at) for desk in managed_desks(agent, desks, "manage_roster"))


def choices_of(agent: int, ticket: int, *, limit: int = 3) -> tuple[ChoiceView, ...]:
    """Return the last decisions about a ticket's owner; none to whom the desk is foreign."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.at, r.why, r.team, r.chosen_id, t.owner_id, r.weighed::text
            FROM routing_choice r JOIN ticket t ON t.id = r.ticket_id
            WHERE r.ticket_id = %(ticket)s AND EXISTS (
              SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
              WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                AND a.is_active)
            ORDER BY r.id DESC LIMIT %(limit)s
            """,
            {"agent": agent, "ticket": ticket, "limit": limit},
        )
        rows = [(*row[:5], msgspec.json.decode(row[5])) for row in cursor.fetchall()]
    people = {one["agent"] for row in rows for one in row[5]} | {row[3] for row in rows}
    names = _names([one for one in people if one is not None])
    return tuple(
        ChoiceView(
            at=row[0], why=row[1], team=row[2], chosen=names.get(row[3]),
            is_still=row[3] == row[4], weighed=_weighed(row[5], row[3], names),
        )
        for row in rows
    )  # fmt: skip


def _weighed(
    kept: list[dict[str, Any]], chosen: int | None, names: dict[int, str]
) -> tuple[WeighedView, ...]:
    return tuple(
        WeighedView(
            name=names.get(one["agent"], "somebody who left"), fits=one["fits"],
            chosen=one["agent"] == chosen,
            reasons=tuple((need, reason) for need, reason in one["reasons"]),
        )
        for one in kept
    )  # fmt: skip


def _names(people: list[int]) -> dict[int, str]:
    if not people:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM agent WHERE id = ANY(%s)", [people])
        return dict(cursor.fetchall())


def _team(desk: DeskView, at: datetime) -> TeamView:
    policy = policy_by_hash(desk.policy_hash or "")
    told = msgspec.json.encode(weights(policy)).decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT stale_minutes FROM desk WHERE id = %s", [desk.id])
        stale = cursor.fetchone()[0]
        cursor.execute(_TEAM, {"desk": desk.id, "at": at, "weights": told, "most": MOST})
        people = tuple(
            ColleagueView(
                id=row[0], name=row[1], team=row[2], on_duty=row[3], load=row[4], due_soon=row[5],
                most_load=row[6], deputy=row[7], standing=_standing(row[8:]),
            )
            for row in cursor.fetchall()
        )  # fmt: skip
    return TeamView(desk=desk, stale_minutes=stale, people=people)


def _standing(row: tuple[Any, ...]) -> Standing:
    return Standing(
        availability=row[0], reason=row[1], since=row[2], until=row[3], telephone=row[4]
    )


_STANDING = """
CASE WHEN a.availability_until <= %(at)s THEN 'available' ELSE a.availability END,
CASE WHEN a.availability_until <= %(at)s THEN '' ELSE a.availability_reason END,
a.availability_since,
CASE WHEN a.availability_until <= %(at)s THEN NULL ELSE a.availability_until END,
a.telephone"""
_TEAM = f"""
SELECT a.id, a.name,
  (SELECT min(m.team) FROM membership m WHERE m.agent_id = a.id AND m.desk_id = %(desk)s
   AND m.ended_at IS NULL),
  NOT EXISTS (SELECT 1 FROM shift WHERE desk_id = %(desk)s AND kind = 'duty') OR EXISTS (
    SELECT 1 FROM shift s WHERE s.agent_id = a.id AND s.desk_id = %(desk)s
    AND s.kind = 'duty' AND s.starts_at <= %(at)s AND s.ends_at > %(at)s),
  COALESCE(held.load, 0), COALESCE(held.due_soon, 0), w.most_load, p.name, {_STANDING}
FROM agent a
LEFT JOIN work_terms w ON w.agent_id = a.id AND w.desk_id = %(desk)s
LEFT JOIN agent p ON p.id = w.deputy_id
LEFT JOIN LATERAL (SELECT sum(COALESCE((%(weights)s::jsonb ->> t.severity)::int, 1)) AS load,
    count(*) FILTER (WHERE t.next_due_at < %(at)s + interval '1 hour') AS due_soon
  FROM (SELECT severity, next_due_at FROM ticket WHERE owner_id = a.id AND desk_id = %(desk)s
        AND status IN ('new', 'open', 'waiting') LIMIT 500) t) held ON true
WHERE a.is_active AND NOT a.is_program AND EXISTS (
  SELECT 1 FROM membership m WHERE m.agent_id = a.id AND m.desk_id = %(desk)s
  AND m.ended_at IS NULL)
ORDER BY 5 DESC, a.name LIMIT %(most)s
"""
