"""The desks of a person, the policies a desk has, and the handbook page."""

from datetime import datetime
from typing import Any

from django.db import connection

from kept.records.compiled import policy_by_hash
from kept.records.queries.views import (
    ClauseStat,
    DeskView,
    HandbookView,
    OutageNow,
    PolicyVersionView,
)

_DESKS = """
SELECT d.id, d.slug, d.name, d.sop, d.address, d.zone, p.hash,
  ARRAY(SELECT m.role FROM membership m WHERE m.desk_id = d.id AND m.agent_id = %(agent)s
        AND m.ended_at IS NULL ORDER BY m.id),
  o.id, o.name, o.notice, o.began_at, o.queue_by
FROM desk d LEFT JOIN policy_version p ON p.desk_id = d.id AND p.state = 'active'
LEFT JOIN outage o ON o.desk_id = d.id AND o.ended_at IS NULL
WHERE EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
              WHERE m.desk_id = d.id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                AND a.is_active)
ORDER BY d.slug
"""


def desks_of(agent: int) -> tuple[DeskView, ...]:
    """Return the desks an agent is a member of."""
    with connection.cursor() as cursor:
        cursor.execute(_DESKS, {"agent": agent})
        return tuple(
            DeskView(
                id=row[0], slug=row[1], name=row[2], sop=row[3], address=row[4], zone=row[5],
                policy_hash=row[6], roles=tuple(row[7]), outage=_outage(row[8:]),
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def _outage(row: tuple[Any, ...]) -> OutageNow | None:
    if row[0] is None:
        return None
    number, name, notice, began_at, queue_by = row
    return OutageNow(
        id=number, name=name, notice=notice, began_at=began_at, by_severity=queue_by == "severity"
    )


def desk_of(agent: int, slug: str) -> DeskView | None:
    """Return one desk of an agent; a foreign one does not exist."""
    return next((desk for desk in desks_of(agent) if desk.slug == slug), None)


def clause_stats(desk: int, at: datetime) -> dict[str, ClauseStat]:
    """Return how each clause of a desk fared; open and past due counts as missed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT clause, count(*),
              count(*) FILTER (WHERE verdict = 'kept'),
              count(*) FILTER (WHERE verdict = 'missed'
                               OR (verdict = 'pending' AND due_at < %(at)s AND NOT paused
                                   AND NOT suspended)),
              count(*) FILTER (WHERE verdict = 'pending'
                               AND (due_at IS NULL OR due_at >= %(at)s OR paused OR suspended)),
              count(*) FILTER (WHERE verdict NOT IN ('kept', 'missed', 'pending'))
            FROM commitment WHERE desk_id = %(desk)s GROUP BY clause
            """,
            {"desk": desk, "at": at},
        )
        return {
            row[0]: ClauseStat(
                clause=row[0], activated=row[1], kept=row[2], missed=row[3], pending=row[4],
                cancelled=row[5],
            )
            for row in cursor.fetchall()
        }  # fmt: skip


def handbook(agent: int, slug: str, at: datetime) -> HandbookView | None:
    """Return the SOP a desk runs with what each clause made it do."""
    desk = desk_of(agent, slug)
    if desk is None or desk.policy_hash is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.version, p.source, p.activated_at, a.name, b.name
            FROM policy_version p LEFT JOIN agent a ON a.id = p.activated_by_id
            LEFT JOIN agent b ON b.id = p.proposed_by_id
            WHERE p.desk_id = %s AND p.state = 'active'
            """,
            [desk.id],
        )
        row = cursor.fetchone()
    policy = policy_by_hash(desk.policy_hash)
    return HandbookView(
        desk=desk,
        title=policy.title,
        version=row[0],
        hash=desk.policy_hash,
        source=row[1],
        activated_at=row[2],
        activated_by=row[3],
        proposed_by=row[4],
        stats=clause_stats(desk.id, at),
        policy=policy,
    )


def policy_versions(agent: int, slug: str) -> tuple[PolicyVersionView, ...]:
    """Return every version of a desk's policy, newest first."""
    desk = desk_of(agent, slug)
    if desk is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, p.sop, p.version, p.hash, p.state, b.name, b.id, a.name, p.activated_at
            FROM policy_version p LEFT JOIN agent a ON a.id = p.activated_by_id
            LEFT JOIN agent b ON b.id = p.proposed_by_id
            WHERE p.desk_id = %s ORDER BY p.id DESC
            """,
            [desk.id],
        )
        return tuple(
            PolicyVersionView(
                id=row[0], sop=row[1], version=row[2], hash=row[3], state=row[4],
                proposed_by=row[5], proposed_by_id=row[6], activated_by=row[7],
                activated_at=row[8],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def hashes_in_force() -> tuple[tuple[str, str], ...]:
    """Return each desk's slug with the policy it runs; for those who run the installation."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.slug, p.hash FROM desk d JOIN policy_version p ON p.desk_id = d.id"
            " WHERE p.state = 'active' ORDER BY d.slug LIMIT 1000"
        )
        return tuple((slug, hash_) for slug, hash_ in cursor.fetchall())
