"""Outages as the desk's people see them, and the one sentence that customers may read."""

from datetime import datetime

from django.db import connection

from kept.policy.rights import may
from kept.records.compiled import policy_by_hash
from kept.records.queries.views import View

SHOWN = 50


class OutageView(View, frozen=True, kw_only=True):
    """One outage with how many contacts it touched; `missed` of them missed a due meanwhile."""

    id: int
    desk: str
    desk_name: str
    zone: str
    name: str
    notice: str
    began_at: datetime
    began_by: str
    ended_at: datetime | None
    ended_by: str | None
    tied: int
    untied: int
    missed: int


def outages_of(agent: int) -> tuple[OutageView, ...]:
    """Return the latest outages of a reader's desks, what still runs first."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTAGES, {"agent": agent, "shown": SHOWN})
        return tuple(
            OutageView(
                id=row[0], desk=row[1], desk_name=row[2], zone=row[3], name=row[4],
                notice=row[5], began_at=row[6], began_by=row[7], ended_at=row[8],
                ended_by=row[9], tied=row[10], untied=row[11], missed=row[12],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def may_declare(agent: int) -> frozenset[str]:
    """Return the desks on which the reader's roles include declaring an outage."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.slug, p.hash, array_agg(m.role) FROM membership m
            JOIN agent a ON a.id = m.agent_id AND a.is_active JOIN desk d ON d.id = m.desk_id
            JOIN policy_version p ON p.desk_id = d.id AND p.state = 'active'
            WHERE m.agent_id = %s AND m.ended_at IS NULL GROUP BY d.slug, p.hash
            """,
            [agent],
        )
        rows = cursor.fetchall()
    return frozenset(
        slug for slug, hash_, roles in rows if may(policy_by_hash(hash_), roles, "declare_outage")
    )


def contacts_of(agent: int, outage: int) -> tuple[int, ...]:
    """Return the tickets tied to an outage, for a member of its desk; the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, {"agent": agent, "outage": outage})
        return tuple(row[0] for row in cursor.fetchall())


def public_notice(desk: str) -> str:
    """Return what customers of a desk are told of a running outage; empty where none runs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(NULLIF(o.notice, ''), o.name) FROM outage o"
            " JOIN desk d ON d.id = o.desk_id WHERE d.slug = %s AND o.ended_at IS NULL",
            [desk],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


_MEMBER = """
EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
        WHERE m.desk_id = o.desk_id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
          AND a.is_active)
"""
_OUTAGES = f"""
SELECT o.id, d.slug, d.name, d.zone, o.name, o.notice, o.began_at, b.name, o.ended_at, e.name,
       c.tied, c.untied, c.missed
FROM (
  SELECT o.* FROM outage o WHERE {_MEMBER}
  ORDER BY (o.ended_at IS NULL) DESC, o.began_at DESC LIMIT %(shown)s
) o
JOIN desk d ON d.id = o.desk_id JOIN agent b ON b.id = o.began_by_id
LEFT JOIN agent e ON e.id = o.ended_by_id
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE c.untied_at IS NULL) AS tied,
         count(*) FILTER (WHERE c.untied_at IS NOT NULL) AS untied,
         count(*) FILTER (WHERE c.untied_at IS NULL AND EXISTS (
           SELECT 1 FROM commitment m WHERE m.ticket_id = c.ticket_id
             AND m.missed_at >= o.began_at AND m.missed_at <= COALESCE(o.ended_at, 'infinity')
         )) AS missed
  FROM outage_contact c WHERE c.outage_id = o.id
) c ON TRUE
ORDER BY (o.ended_at IS NULL) DESC, o.began_at DESC
"""
_CONTACTS = f"""
SELECT c.ticket_id FROM outage_contact c JOIN outage o ON o.id = c.outage_id
WHERE o.id = %(outage)s AND c.untied_at IS NULL AND {_MEMBER}
ORDER BY c.ticket_id DESC LIMIT 500
"""
