"""Who could take, decide or hear of something on a desk, and who is on duty right now."""

from datetime import datetime

from django.db import connection

from kept.policy.words import Frozen


class Colleague(Frozen, frozen=True, kw_only=True):
    """An agent of a desk with what routing looks at."""

    id: int
    name: str
    email: str
    roles: tuple[str, ...]
    level: str | None
    team: str | None
    skills: tuple[str, ...]
    on_duty: bool
    open_tickets: int | None = None
    """How many tickets they own; None where nobody asked, since counting them costs most."""


def colleagues(desk: int, at: datetime) -> tuple[Colleague, ...]:
    """Return the active members of a desk. Without any roster everybody counts as on duty."""
    return _read(_MEMBERS.format(work="NULL::bigint"), desk, at)


def candidates(desk: int, at: datetime) -> tuple[Colleague, ...]:
    """Return the same people with the number of tickets that each has open, up to 500."""
    return _read(_MEMBERS.format(work=_OPEN_TICKETS), desk, at)


def _read(query: str, desk: int, at: datetime) -> tuple[Colleague, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"desk": desk, "at": at})
        return tuple(
            Colleague(
                id=row[0],
                name=row[1],
                email=row[2],
                roles=tuple(row[3]),
                level=row[4],
                team=row[5],
                skills=tuple(row[6]),
                on_duty=row[7],
                open_tickets=row[8],
            )
            for row in cursor.fetchall()
        )


def on_duty(people: tuple[Colleague, ...]) -> tuple[Colleague, ...]:
    """Return those on duty, or everybody where nobody is: a page must reach someone."""
    return tuple(p for p in people if p.on_duty) or people


def answering_to(
    who: str, people: tuple[Colleague, ...], *, team: str | None, owner: int | None
) -> tuple[Colleague, ...]:
    """Return who a word of a `notify` means: a role, a level, a team, the owner, the team."""
    match who:
        case "owner" | "assignee":
            return tuple(p for p in people if p.id == owner)
        case "team":
            return on_duty(tuple(p for p in people if team is not None and p.team == team))
    named = tuple(p for p in people if who in p.roles or who in (p.level, p.team))
    return on_duty(named)


_OPEN_TICKETS = """
(SELECT count(*) FROM (SELECT 1 FROM ticket t WHERE t.owner_id = a.id
   AND t.status IN ('new', 'open', 'waiting') LIMIT 500) held)"""
_MEMBERS = """
SELECT a.id, a.name, a.email, array_agg(m.role ORDER BY m.id),
       (array_agg(m.level ORDER BY m.id DESC) FILTER (WHERE m.level IS NOT NULL))[1],
       (array_agg(m.team ORDER BY m.id) FILTER (WHERE m.team IS NOT NULL))[1],
       ARRAY(SELECT DISTINCT unnest(x.skills) FROM membership x
             WHERE x.agent_id = a.id AND x.desk_id = %(desk)s AND x.ended_at IS NULL ORDER BY 1),
       NOT EXISTS (SELECT 1 FROM shift WHERE desk_id = %(desk)s)
         OR EXISTS (SELECT 1 FROM shift s WHERE s.agent_id = a.id AND s.desk_id = %(desk)s
                    AND s.starts_at <= %(at)s AND s.ends_at > %(at)s),
       {work}
FROM membership m JOIN agent a ON a.id = m.agent_id
WHERE m.desk_id = %(desk)s AND m.ended_at IS NULL AND a.is_active
  AND NOT a.is_program
GROUP BY a.id, a.name, a.email ORDER BY a.id
"""
