"""Tokens: how a program acts on a desk. Shown once, kept as a hash, for one role on one desk.

256 random bits need no slow hash: there is nothing to guess.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import connection, transaction

from kept.policy.words import Frozen
from kept.records.models import Agent, ApiToken, Desk, Membership
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.texts import one_line

PREFIX = "kept_pat_"
LONGEST = 200
SEEN_EVERY = timedelta(minutes=1)
"""`last_used_at` is written no more often, so that reading stays a read."""


class Made(Frozen, frozen=True, kw_only=True):
    """A new token; its secret is not kept anywhere."""

    id: int
    agent: AgentId
    secret: str
    expires_at: datetime | None


class Holder(Frozen, frozen=True, kw_only=True):
    """Who a valid token is."""

    token: int
    agent: AgentId
    desk: int
    slug: str
    role: str


class Listed(Frozen, frozen=True, kw_only=True):
    """A token without its secret."""

    id: int
    desk: str
    role: str
    name: str
    made_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(
    desk: str, *, role: str, name: str, at: datetime, lasts: timedelta | None = None
) -> Made:
    """Make a token that acts in a role of the desk's SOP."""
    row = Desk.objects.filter(slug=desk).first()
    if row is None:
        raise NotFound(f"There is no desk named {desk}.")
    policy = active_policy(row.pk)
    declared = policy.roles.get(role)
    if declared is None:
        raise NotValid(f"The SOP knows these roles: {', '.join(sorted(policy.roles))}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    called = one_line(name, 200) or f"{role} of {desk}"
    with transaction.atomic():
        agent = Agent.objects.create(
            email=f"program-{secrets.token_hex(8)}@tokens.invalid", name=called, is_program=True
        )
        Membership.objects.create(
            agent=agent, desk=row, role=role, level=declared.level, team=None, skills=[]
        )
        token = ApiToken.objects.create(
            agent=agent, desk=row, name=called, role=role, token_hash=_hash(secret), made_at=at,
            expires_at=None if lasts is None else at + lasts,
        )  # fmt: skip
    return Made(id=token.pk, agent=agent.pk, secret=secret, expires_at=token.expires_at)


def holder(secret: str, *, at: datetime) -> Holder | None:
    """Return who holds a token, or None for one unknown, expired, revoked or locked out."""
    if not secret.startswith(PREFIX) or len(secret) > LONGEST:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER, [_hash(secret), at])
        row = cursor.fetchone()
        if row is None:
            return None
        if row[5] is None or at - row[5] >= SEEN_EVERY:
            cursor.execute("UPDATE api_token SET last_used_at = %s WHERE id = %s", [at, row[0]])
    return Holder(token=row[0], agent=row[1], desk=row[2], slug=row[3], role=row[4])


def revoke(token: int, *, at: datetime) -> None:
    """End a token and every right of its agent."""
    with transaction.atomic():
        row = ApiToken.objects.select_for_update().filter(pk=token).first()
        if row is None:
            raise NotFound("There is no such token.")
        ApiToken.objects.filter(pk=token, revoked_at=None).update(revoked_at=at)
        Agent.objects.filter(pk=row.agent_id).update(is_active=False)
        Membership.objects.filter(agent_id=row.agent_id, ended_at=None).update(ended_at=at)


def listed() -> tuple[Listed, ...]:
    """Return every token there was, newest first."""
    return tuple(
        Listed(
            id=row.pk, desk=row.desk.slug, role=row.role, name=row.name, made_at=row.made_at,
            expires_at=row.expires_at, last_used_at=row.last_used_at, revoked_at=row.revoked_at,
        )
        for row in ApiToken.objects.select_related("desk").order_by("-id")
    )  # fmt: skip


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


_HOLDER = """
SELECT k.id, k.agent_id, k.desk_id, d.slug, k.role, k.last_used_at
FROM api_token k JOIN desk d ON d.id = k.desk_id JOIN agent a ON a.id = k.agent_id
WHERE k.token_hash = %s AND k.revoked_at IS NULL AND a.is_active
  AND (k.expires_at IS NULL OR k.expires_at > %s)
  AND EXISTS (SELECT 1 FROM membership m WHERE m.agent_id = k.agent_id
              AND m.desk_id = k.desk_id AND m.ended_at IS NULL)
"""
