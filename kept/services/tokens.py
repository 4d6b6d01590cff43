"""Tokens: how a program acts on a desk. Shown once, kept as a hash, for one role on one desk.

256 random bits need no slow hash: there is nothing to guess.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from kept.policy.words import Frozen
from kept.records.models import Agent, ApiToken, Desk, Membership
from kept.services import access_log
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.texts import one_line

PREFIX = "kept_pat_"
LONGEST = 200
SEEN_EVERY = timedelta(minutes=1)
"""`last_used_at` is written no more often, so that reading stays a read."""


SCOPES = {
    "read": "Read tickets, handbooks and searches",
    "reply": "Write replies and notes, open tickets",
    "act": "Every other act on a ticket",
    "people": "Read customers; keep the desk's members (SCIM)",
    "reports": "Read compliance and measures",
}
"""What a token may be narrowed to; a token without scopes has all of its role."""
MOST_OWN = 50


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
    scopes: tuple[str, ...]

    def may(self, scope: str) -> bool:
        """Return whether the token was given a scope."""
        return not self.scopes or scope in self.scopes


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
    desk: str,
    *,
    role: str,
    name: str,
    at: datetime,
    lasts: timedelta | None = None,
    scopes: Sequence[str] = (),
    owner: AgentId | None = None,
) -> Made:
    """Make a token that acts in a role of the desk's SOP, all of it or only some scopes.

    With an owner it is a person's: for a role they have, as long as they have it.
    """
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown:
        raise NotValid(f"A scope is one of these: {', '.join(SCOPES)}.")
    row = Desk.objects.filter(slug=desk).first()
    if row is None:
        raise NotFound(f"There is no desk named {desk}.")
    policy = active_policy(row.pk)
    declared = policy.roles.get(role)
    if declared is None:
        raise NotValid(f"The SOP knows these roles: {', '.join(sorted(policy.roles))}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    if owner is not None:
        _require_own(owner, row.pk, role)
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
            expires_at=None if lasts is None else at + lasts, owner_id=owner,
            scopes=sorted(set(scopes)),
        )  # fmt: skip
        if owner is not None:
            access_log.write(
                "token_made", by=owner, whom=owner, desk=row.pk, at=at, token=token.pk, role=role,
                scopes=sorted(set(scopes)),
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
    return Holder(token=row[0], agent=row[1], desk=row[2], slug=row[3], role=row[4],
                  scopes=tuple(row[6]))  # fmt: skip


def revoke(token: int, *, at: datetime) -> None:
    """End a token and every right of its agent."""
    with transaction.atomic():
        row = ApiToken.objects.select_for_update().filter(pk=token).first()
        if row is None:
            raise NotFound("There is no such token.")
        ApiToken.objects.filter(pk=token, revoked_at=None).update(revoked_at=at)
        Agent.objects.filter(pk=row.agent_id).update(is_active=False)
        Membership.objects.filter(agent_id=row.agent_id, ended_at=None).update(ended_at=at)


def revoke_own(token: int, *, by: AgentId, at: datetime) -> None:
    """End one of one's own tokens."""
    if not ApiToken.objects.filter(pk=token, owner_id=by).exists():
        raise NotFound("There is no such token.")
    with transaction.atomic():
        revoke(token, at=at)
        access_log.write("token_revoked", by=by, whom=by, at=at, token=token)


def _require_own(owner: AgentId, desk: int, role: str) -> None:
    has = Membership.objects.filter(
        agent_id=owner, desk_id=desk, role=role, ended_at=None, agent__is_active=True
    )
    if not has.exists():
        raise NotFound("You do not have this role there.")
    if ApiToken.objects.filter(owner_id=owner, revoked_at=None).count() >= MOST_OWN:
        raise Conflict(f"A person has at most {MOST_OWN} tokens; end one first.")


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
SELECT k.id, k.agent_id, k.desk_id, d.slug, k.role, k.last_used_at, k.scopes
FROM api_token k JOIN desk d ON d.id = k.desk_id JOIN agent a ON a.id = k.agent_id
WHERE k.token_hash = %s AND k.revoked_at IS NULL AND a.is_active
  AND (k.expires_at IS NULL OR k.expires_at > %s)
  AND EXISTS (SELECT 1 FROM membership m WHERE m.agent_id = k.agent_id
              AND m.desk_id = k.desk_id AND m.ended_at IS NULL)
  AND (k.owner_id IS NULL
       OR EXISTS (SELECT 1 FROM membership m JOIN agent o ON o.id = m.agent_id
                  WHERE m.agent_id = k.owner_id AND m.desk_id = k.desk_id AND m.role = k.role
                    AND m.ended_at IS NULL AND o.is_active))
"""
