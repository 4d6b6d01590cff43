"""The members of a desk and its access review, for those who manage access there."""

from datetime import datetime

from django.db import connection

from kept.policy import rights
from kept.records.compiled import policy_by_hash
from kept.records.queries.desks import desk_of
from kept.records.queries.views import DeskView, View

LIMIT = 500


class MemberView(View, frozen=True, kw_only=True):
    """One role of one member. `may_change` is whether whoever asks may change it."""

    id: int
    agent: int
    name: str
    email: str
    role: str
    level: str | None
    team: str | None
    skills: tuple[str, ...]
    has_factor: bool
    signed_at: datetime | None
    last_in_at: datetime | None
    may_change: bool


class InvitationView(View, frozen=True, kw_only=True):
    id: int
    email: str
    role: str
    made_by: str
    made_at: datetime
    expires_at: datetime


class MembersView(View, frozen=True, kw_only=True):
    """A desk's people as /admin/people shows them."""

    desk: DeskView
    members: tuple[MemberView, ...]
    invitations: tuple[InvitationView, ...]
    roles: tuple[tuple[str, str], ...]
    """The roles whoever asks may give: id and name."""
    levels: tuple[tuple[str, str], ...]
    teams: tuple[tuple[str, str], ...]
    signing_clause: str


class DecisionView(View, frozen=True, kw_only=True):
    """One membership under review."""

    id: int
    name: str
    email: str
    role: str
    level: str | None
    last_in_at: datetime | None
    decision: str
    by: str | None
    at: datetime | None
    is_own: bool


class ReviewView(View, frozen=True, kw_only=True):
    """A review with its evidence."""

    id: int
    clause: str
    begun_at: datetime
    begun_by: str
    done_at: datetime | None
    decisions: tuple[DecisionView, ...]


def managed_desks(agent: int, desks: tuple[DeskView, ...], act: str) -> tuple[DeskView, ...]:
    """Return the desks where an agent may do a leading act."""
    return tuple(
        desk for desk in desks
        if desk.policy_hash and rights.may(policy_by_hash(desk.policy_hash), desk.roles, act)
    )  # fmt: skip


def members(agent: int, slug: str, *, at: datetime) -> MembersView | None:
    """Return a desk's members, or None for who does not manage access there."""
    desk = _managed(agent, slug)
    if desk is None or desk.policy_hash is None:
        return None
    policy = policy_by_hash(desk.policy_hash)
    rule = rights.signing_rule(policy)
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, {"desk": desk.id, "hash": desk.policy_hash, "limit": LIMIT})
        found = tuple(
            MemberView(
                id=row[0], agent=row[1], name=row[2], email=row[3], role=row[4], level=row[5],
                team=row[6], skills=tuple(row[7]), has_factor=row[8], signed_at=row[9],
                last_in_at=row[10],
                may_change=row[1] != agent
                and (row[4] not in policy.roles or rights.may_give(policy, desk.roles, row[4])),
            )
            for row in cursor.fetchall()
        )  # fmt: skip
        cursor.execute(
            """
            SELECT l.id, l.email, l.role, coalesce(a.name, ''), l.made_at, l.expires_at
            FROM one_time_link l LEFT JOIN agent a ON a.id = l.made_by_id
            WHERE l.desk_id = %s AND l.used_at IS NULL AND l.expires_at > %s
            ORDER BY l.id DESC LIMIT %s
            """,
            [desk.id, at, LIMIT],
        )
        invited = tuple(
            InvitationView(
                id=row[0], email=row[1], role=row[2], made_by=row[3], made_at=row[4],
                expires_at=row[5],
            )
            for row in cursor.fetchall()
        )  # fmt: skip
    return MembersView(
        desk=desk,
        members=found,
        invitations=invited,
        roles=tuple(
            (role.id, role.name or role.id)
            for role in policy.roles.values()
            if rights.may_give(policy, desk.roles, role.id)
        ),
        levels=tuple((each.id, each.name or each.id) for each in policy.levels),
        teams=tuple((each.id, each.name or each.id) for each in policy.teams.values()),
        signing_clause=rule.because.clause if rule else "",
    )


def reviews(agent: int, slug: str, *, limit: int = 5) -> tuple[ReviewView, ...] | None:
    """Return a desk's latest access reviews, or None for who does not manage access there."""
    desk = _managed(agent, slug)
    if desk is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id, r.clause, r.begun_at, a.name, r.done_at FROM access_review r
            JOIN agent a ON a.id = r.begun_by_id
            WHERE r.desk_id = %s ORDER BY r.id DESC LIMIT %s
            """,
            [desk.id, limit],
        )
        heads = cursor.fetchall()
        cursor.execute(_DECISIONS, [[row[0] for row in heads]])
        decided: dict[int, list[DecisionView]] = {}
        for row in cursor.fetchall():
            decided.setdefault(row[0], []).append(
                DecisionView(
                    id=row[1], name=row[2], email=row[3], role=row[4], level=row[5],
                    decision=row[6], by=row[7], at=row[8], last_in_at=row[9],
                    is_own=row[10] == agent,
                )
            )  # fmt: skip
    return tuple(
        ReviewView(
            id=row[0], clause=row[1], begun_at=row[2], begun_by=row[3], done_at=row[4],
            decisions=tuple(decided.get(row[0], ())),
        )
        for row in heads
    )  # fmt: skip


def unsigned(desk: int, policy_hash: str) -> tuple[str, ...]:
    """Return the names of members who have not signed a version."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT a.name FROM membership m JOIN agent a ON a.id = m.agent_id
            WHERE m.desk_id = %(desk)s AND m.ended_at IS NULL AND a.is_active
              AND NOT a.is_program
              AND NOT EXISTS (SELECT 1 FROM sop_signature s WHERE s.desk_id = m.desk_id
                              AND s.policy_hash = %(hash)s AND s.agent_id = a.id)
            ORDER BY a.name
            """,
            {"desk": desk, "hash": policy_hash},
        )
        return tuple(row[0] for row in cursor.fetchall())


def signed_at(agent: int, desk: int, policy_hash: str) -> datetime | None:
    """Return when a person signed a version, None where they have not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at FROM sop_signature"
            " WHERE agent_id = %s AND desk_id = %s AND policy_hash = %s",
            [agent, desk, policy_hash],
        )
        row: tuple[datetime] | None = cursor.fetchone()
    return row[0] if row else None


def _managed(agent: int, slug: str) -> DeskView | None:
    desk = desk_of(agent, slug)
    return next(iter(managed_desks(agent, (desk,), "manage_access")), None) if desk else None


_MEMBERS = """
SELECT m.id, a.id, a.name, a.email, m.role, m.level, m.team, m.skills,
  EXISTS (SELECT 1 FROM authenticator t WHERE t.agent_id = a.id AND t.confirmed_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM passkey k WHERE k.agent_id = a.id),
  (SELECT s.at FROM sop_signature s WHERE s.agent_id = a.id AND s.desk_id = m.desk_id
   AND s.policy_hash = %(hash)s),
  (SELECT max(t.seen_at) FROM session t WHERE t.agent_id = a.id)
FROM membership m JOIN agent a ON a.id = m.agent_id
WHERE m.desk_id = %(desk)s AND m.ended_at IS NULL AND a.is_active AND NOT a.is_program
ORDER BY a.name, a.id, m.id LIMIT %(limit)s
"""
_DECISIONS = """
SELECT d.review_id, d.id, a.name, a.email, m.role, m.level, d.decision, b.name, d.at,
  (SELECT max(t.seen_at) FROM session t WHERE t.agent_id = a.id), a.id
FROM review_decision d JOIN membership m ON m.id = d.membership_id
JOIN agent a ON a.id = m.agent_id LEFT JOIN agent b ON b.id = d.by_id
WHERE d.review_id = ANY(%s) ORDER BY d.review_id DESC, a.name, d.id
"""
