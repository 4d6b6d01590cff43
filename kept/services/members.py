"""The members of a desk: invited, given roles, ended. Nobody raises themselves.

Whoever may `manage_access` gives at most what they have. Rights that end take their tokens with
them, and the last right its sessions: streams notice within a round of theirs.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from kept.policy import Policy, rights
from kept.policy.words import Frozen
from kept.records.compiled import policy_by_hash
from kept.records.models import (
    Agent,
    ApiToken,
    Authenticator,
    Desk,
    Membership,
    OneTimeLink,
    Passkey,
    RecoveryCode,
)
from kept.services import access_log, passwords, permissions, sessions
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound, NotValid
from kept.services.texts import one_line

INVITATION_LASTS = timedelta(days=7)


class Post(Frozen, frozen=True, kw_only=True):
    """A place on a desk: a role of its SOP, and where in it."""

    role: str
    level: str | None = None
    team: str | None = None
    skills: tuple[str, ...] = ()


def invite(desk: str, *, email: str, name: str, post: Post, by: AgentId, at: datetime) -> str:
    """Send somebody a link that makes them a member; return it, for it is shown only now."""
    address = one_line(email, 254).lower()
    if address.count("@") != 1 or " " in address or "," in address:
        raise NotValid("This is no e-mail address.")
    token = secrets.token_urlsafe(32)
    link = f"{settings.KEPT_URL}/invitation/{token}"
    with transaction.atomic():
        row, policy = _desk(desk, by)
        _require_giving(policy, row.pk, by, post)
        known = Agent.objects.filter(email=address).first()
        _require_another(by, known.pk if known else None)
        OneTimeLink.objects.filter(kind="invite", desk=row, email=address, used_at=None).update(
            used_at=at
        )
        OneTimeLink.objects.create(
            kind="invite", token_hash=passwords.hash_of(token), email=address, desk=row,
            role=post.role, level=post.level, team=post.team, name=one_line(name, 200),
            made_by_id=by, made_at=at, expires_at=at + INVITATION_LASTS,
        )  # fmt: skip
        access_log.write("invited", by=by, desk=row.pk, at=at, role=post.role)
        passwords.send(
            row, address, name, f"Your place at {row.name}",
            f"You are invited to work at {row.name}, as {_role_name(policy, post.role)}.\n\n"
            f"{link}\n\nThe link works once, within seven days.\n",
            at=at,
        )  # fmt: skip
    return link


def accept(token: str, *, name: str, password: str, at: datetime) -> AgentId:
    """Take an invitation up. Somebody known proves themselves with the password they have."""
    with transaction.atomic():
        link = passwords.link_of(token, "invite", at=at)
        agent = Agent.objects.select_for_update().filter(email=link.email).first()
        if agent is None:
            passwords.require_good(password)
            agent = Agent.objects.create(
                email=link.email, name=one_line(name, 200) or link.name or link.email,
                password=make_password(password),
            )  # fmt: skip
        else:
            raise Conflict("You have an account here already: sign in, then open the link again.")
        _join(link, agent.pk, at)
    return agent.pk


def accept_as(token: str, *, by: AgentId, at: datetime) -> None:
    """Take an invitation up with the account one is signed in with, if it is its address."""
    with transaction.atomic():
        link = passwords.link_of(token, "invite", at=at)
        if not Agent.objects.filter(pk=by, email=link.email, is_active=True).exists():
            raise NotAllowed("This invitation is for another address.")
        _join(link, by, at)


def withdraw(invitation: int, *, by: AgentId, at: datetime) -> None:
    """Make an invitation worthless."""
    with transaction.atomic():
        link = OneTimeLink.objects.select_related("desk").filter(
            pk=invitation, kind="invite", used_at=None
        ).first()  # fmt: skip
        if link is None or link.desk is None:
            raise NotFound("There is no such invitation.")
        _desk(link.desk.slug, by)
        OneTimeLink.objects.filter(pk=invitation).update(used_at=at)
        access_log.write("invitation_withdrawn", by=by, desk=link.desk_id, at=at)


def change(membership: int, *, post: Post, by: AgentId, at: datetime) -> None:
    """Give a member another role, level, team or other skills."""
    with transaction.atomic():
        row, policy = _membership(membership, by)
        _require_another(by, row.agent_id)
        _require_giving(policy, row.desk_id, by, post)
        _require_giving(policy, row.desk_id, by, Post(role=row.role), known=True)
        is_taken = Membership.objects.filter(
            agent_id=row.agent_id, desk_id=row.desk_id, role=post.role, ended_at=None
        ).exclude(pk=membership)
        if is_taken.exists():
            raise Conflict("This person has that role already.")
        Membership.objects.filter(pk=membership).update(
            role=post.role, level=post.level, team=post.team, skills=list(post.skills)
        )
        if post.role != row.role:
            _end_tokens(row.agent_id, row.desk_id, row.role, at)
        access_log.write(
            "membership_changed", by=by, whom=row.agent_id, desk=row.desk_id, at=at,
            role=post.role, was=row.role, level=post.level or "",
        )  # fmt: skip


def end(membership: int, *, by: AgentId, at: datetime) -> None:
    """End one role of a member, and with it the tokens made for it."""
    with transaction.atomic():
        row, policy = _membership(membership, by)
        _require_another(by, row.agent_id)
        _require_giving(policy, row.desk_id, by, Post(role=row.role), known=True)
        finish(row.agent_id, row.desk_id, roles=(row.role,), by=by, at=at)


def finish(
    agent: AgentId, desk: int, *, roles: Sequence[str], by: AgentId | None, at: datetime
) -> None:
    """End roles in the caller's transaction; with the last right of all, every session."""
    for role in roles:
        ended = Membership.objects.filter(
            agent_id=agent, desk_id=desk, role=role, ended_at=None
        ).update(ended_at=at)
        if ended:
            _end_tokens(agent, desk, role, at)
            access_log.write("membership_ended", by=by, whom=agent, desk=desk, at=at, role=role)
    if not Membership.objects.filter(agent_id=agent, ended_at=None).exists():
        sessions.end_all(agent)


def remove_factors(agent: AgentId, *, by: AgentId, at: datetime) -> None:
    """Let somebody who lost their telephone in again: second factors and sessions go.

    Only for people all of whose desks the asker may manage: it weakens them everywhere.
    """
    with transaction.atomic():
        _require_another(by, agent)
        rows = Membership.objects.select_related("desk").filter(agent_id=agent, ended_at=None)
        if not rows:
            raise NotFound("There is no such member.")
        for row in rows:
            _, policy = _desk(row.desk.slug, by)
            _require_giving(policy, row.desk_id, by, Post(role=row.role), known=True)
        for table in (Authenticator, Passkey, RecoveryCode):
            table.objects.filter(agent_id=agent).delete()
        sessions.end_all(agent)
        access_log.write("factors_removed", by=by, whom=agent, desk=rows[0].desk_id, at=at)


def _join(link: OneTimeLink, agent: AgentId, at: datetime) -> None:
    assert link.desk_id is not None
    OneTimeLink.objects.filter(pk=link.pk).update(used_at=at, agent_id=agent)
    Membership.objects.update_or_create(
        agent_id=agent, desk_id=link.desk_id, role=link.role, ended_at=None,
        defaults={"level": link.level, "team": link.team},
    )  # fmt: skip
    access_log.write(
        "membership_given", by=link.made_by_id, whom=agent, desk=link.desk_id, at=at,
        role=link.role,
    )  # fmt: skip


def _desk(slug: str, by: AgentId) -> tuple[Desk, Policy]:
    row = Desk.objects.filter(slug=slug).first()
    if row is None:
        raise NotFound("There is no such desk.")
    who = permissions.standing(by, row.pk)
    policy = policy_by_hash(who.policy_hash)
    permissions.require(who, "manage_access", policy)
    return row, policy


def _membership(number: int, by: AgentId) -> tuple[Membership, Policy]:
    row = Membership.objects.select_related("desk").select_for_update(of=("self",)).filter(
        pk=number, ended_at=None, agent__is_program=False
    ).first()  # fmt: skip
    if row is None:
        raise NotFound("There is no such member.")
    return row, _desk(row.desk.slug, by)[1]


def _require_another(by: AgentId, whom: AgentId | None) -> None:
    if by == whom:
        raise NotAllowed("Nobody changes their own rights; ask another who manages access.")


def _require_giving(
    policy: Policy, desk: int, by: AgentId, post: Post, *, known: bool = False
) -> None:
    """Raise unless the post is one of the SOP's and not more than the giver has.

    A role the SOP no longer has may be taken away by anybody who manages access.
    """
    if known and post.role not in policy.roles:
        return
    if post.role not in policy.roles:
        raise NotValid(f"The SOP knows these roles: {', '.join(sorted(policy.roles))}.")
    if post.level is not None and post.level not in {each.id for each in policy.levels}:
        raise NotValid("The SOP does not know this level.")
    if post.team is not None and post.team not in policy.teams:
        raise NotValid("The SOP does not know this team.")
    if not rights.may_give(policy, permissions.standing(by, desk).roles, post.role):
        raise NotAllowed(
            f"The role {_role_name(policy, post.role)} may do more than yours: "
            "somebody who has it gives it."
        )


def _end_tokens(agent: AgentId, desk: int, role: str, at: datetime) -> None:
    made = ApiToken.objects.filter(owner_id=agent, desk_id=desk, role=role, revoked_at=None)
    programs = list(made.values_list("agent_id", flat=True))
    made.update(revoked_at=at)
    Agent.objects.filter(pk__in=programs).update(is_active=False)
    Membership.objects.filter(agent_id__in=programs, ended_at=None).update(ended_at=at)


def _role_name(policy: Policy, role: str) -> str:
    declared = policy.roles.get(role)
    return declared.name or role if declared else role
