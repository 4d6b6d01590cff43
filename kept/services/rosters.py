"""Who could take, decide or hear of something on a desk, and who is on duty right now.

Being on duty is the roster's word; being available is the person's own. Work goes to who is
both; a page reaches whoever is on duty unless they are away.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
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
    availability: str = "available"
    """available, busy or away, as of the instant asked for."""
    open_tickets: int | None = None
    """How much they own, by weight; None where nobody asked, since counting costs most."""
    most_load: int | None = None
    languages: tuple[str, ...] = ()
    given_at: datetime | None = None
    """When routing last gave them a ticket."""

    @property
    def is_here(self) -> bool:
        """Whether work may go to them now."""
        return self.on_duty and self.availability == "available"


def colleagues(desk: int, at: datetime) -> tuple[Colleague, ...]:
    """Return the active members of a desk. Without any roster everybody counts as on duty."""
    return _read(_MEMBERS.format(work=_NO_WORK), {"desk": desk, "at": at})


def candidates(
    desk: int, at: datetime, weights: Mapping[str, int] | None = None
) -> tuple[Colleague, ...]:
    """Return the same people with what each has open, up to 500 tickets, and what they take."""
    told = msgspec.json.encode(weights or {}).decode()
    return _read(_MEMBERS.format(work=_WORK), {"desk": desk, "at": at, "weights": told})


def _read(query: str, asked: dict[str, int | str | datetime]) -> tuple[Colleague, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
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
                availability=row[8],
                open_tickets=row[9],
                most_load=row[10],
                languages=tuple(row[11] or ()),
                given_at=row[12],
            )
            for row in cursor.fetchall()
        )


def on_duty(people: tuple[Colleague, ...]) -> tuple[Colleague, ...]:
    """Return those on duty and not away, or everybody where nobody is: a page must reach someone.

    Whoever is on duty but says they are away comes before those who are off duty.
    """
    there = tuple(p for p in people if p.on_duty)
    return tuple(p for p in there if p.availability != "away") or there or people


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


_NO_WORK = "NULL::bigint, NULL::int, NULL::text[], NULL::timestamptz"
_WORK = """
(SELECT COALESCE(sum(held.weight), 0) FROM (
   SELECT CASE WHEN t.desk_id = %(desk)s
     THEN COALESCE((%(weights)s::jsonb ->> t.severity)::int, 1) ELSE 1 END AS weight
   FROM ticket t WHERE t.owner_id = a.id
   AND t.status IN ('new', 'open', 'waiting') LIMIT 500) held),
(SELECT w.most_load FROM work_terms w WHERE w.agent_id = a.id AND w.desk_id = %(desk)s),
(SELECT w.languages FROM work_terms w WHERE w.agent_id = a.id AND w.desk_id = %(desk)s),
(SELECT max(r.at) FROM routing_choice r WHERE r.chosen_id = a.id)"""
_MEMBERS = """
SELECT a.id, a.name, a.email, array_agg(m.role ORDER BY m.id),
       (array_agg(m.level ORDER BY m.id DESC) FILTER (WHERE m.level IS NOT NULL))[1],
       (array_agg(m.team ORDER BY m.id) FILTER (WHERE m.team IS NOT NULL))[1],
       ARRAY(SELECT DISTINCT unnest(x.skills) FROM membership x
             WHERE x.agent_id = a.id AND x.desk_id = %(desk)s AND x.ended_at IS NULL ORDER BY 1),
       NOT EXISTS (SELECT 1 FROM shift WHERE desk_id = %(desk)s AND kind = 'duty')
         OR EXISTS (SELECT 1 FROM shift s WHERE s.agent_id = a.id AND s.desk_id = %(desk)s
                    AND s.kind = 'duty' AND s.starts_at <= %(at)s AND s.ends_at > %(at)s),
       CASE WHEN a.availability_until <= %(at)s THEN 'available' ELSE a.availability END,
       {work}
FROM membership m JOIN agent a ON a.id = m.agent_id
WHERE m.desk_id = %(desk)s AND m.ended_at IS NULL AND a.is_active
  AND NOT a.is_program
GROUP BY a.id, a.name, a.email ORDER BY a.id
"""
