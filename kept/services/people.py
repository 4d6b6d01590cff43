"""Agents: who they are, what they may do where, when they are on duty, how they sign in."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.http import HttpRequest

from kept.records.models import Agent, Desk, Membership, Shift
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.texts import one_line

# Comparing with this costs as much as with a real one, so a wrong address takes as long.
_NOBODY = make_password("nobody has this password")


def create_agent(*, email: str, name: str, password: str | None = None) -> AgentId:
    """Create somebody who can sign in; without a password they cannot until one is set."""
    address = one_line(email, 254).lower()
    if "@" not in address:
        raise NotValid("An agent needs a mail address.")
    agent, _ = Agent.objects.get_or_create(email=address, defaults={"name": one_line(name, 200)})
    if password is not None:
        set_password(agent.pk, password)
    return agent.pk


def set_password(agent: AgentId, password: str) -> None:
    """Set a password; sessions made with the old one end."""
    done = Agent.objects.filter(pk=agent).update(password=make_password(password))
    if not done:
        raise NotFound("There is no such agent.")


def add_membership(
    agent: AgentId,
    desk: str,
    *,
    role: str,
    level: str | None = None,
    team: str | None = None,
    skills: Sequence[str] = (),
) -> None:
    """Give an agent a role on a desk, in the words of its SOP; a second call changes the rest."""
    row = Desk.objects.filter(slug=desk).values_list("id", flat=True).first()
    if row is None:
        raise NotFound(f"There is no desk named {desk}.")
    Membership.objects.update_or_create(
        agent_id=agent,
        desk_id=row,
        role=role,
        ended_at=None,
        defaults={"level": level, "team": team, "skills": list(skills)},
    )


def end_memberships(agent: AgentId, desk: str, *, at: datetime) -> None:
    """Take an agent off a desk; every right there ends at once."""
    Membership.objects.filter(agent_id=agent, desk__slug=desk, ended_at=None).update(ended_at=at)


def disable(agent: AgentId, *, at: datetime) -> None:
    """Lock an agent out everywhere."""
    with transaction.atomic():
        Agent.objects.filter(pk=agent).update(is_active=False)
        Membership.objects.filter(agent_id=agent, ended_at=None).update(ended_at=at)


def add_shift(agent: AgentId, desk: str, *, starts_at: datetime, ends_at: datetime) -> None:
    """Put a stretch of duty on the roster."""
    add_shifts(agent, desk, ((starts_at, ends_at),))


def add_shifts(agent: AgentId, desk: str, stretches: Iterable[tuple[datetime, datetime]]) -> None:
    """Put several stretches of duty, (start, end), on the roster at once."""
    row = Desk.objects.filter(slug=desk).values_list("id", flat=True).first()
    if row is None:
        raise NotFound(f"There is no desk named {desk}.")
    shifts = [
        Shift(agent_id=agent, desk_id=row, starts_at=starts_at, ends_at=ends_at)
        for starts_at, ends_at in stretches
    ]
    if any(shift.ends_at <= shift.starts_at for shift in shifts):
        raise NotValid("A shift ends after it starts.")
    Shift.objects.bulk_create(shifts)


def sign_in(email: str, password: str) -> AgentId | None:
    """Return whose address and password these are; every wrong answer takes the same time."""
    agent = Agent.objects.filter(email=one_line(email, 254).lower()).first()
    kept = agent.password if agent is not None and agent.password else _NOBODY
    fits = check_password(password, kept)
    if agent is None or not agent.password or not agent.is_active or not fits:
        return None
    return agent.pk


class ByAddress(BaseBackend):
    """Sign-in by mail address and password, for Django's sessions."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Agent | None:
        """Return the agent, or nobody."""
        email = kwargs.get("email") or username
        if not email or password is None:
            return None
        agent = sign_in(email, password)
        return self.get_user(agent) if agent is not None else None

    def get_user(self, user_id: int) -> Agent | None:
        """Return an agent who may still act; a disabled one's sessions are over."""
        return Agent.objects.filter(pk=user_id, is_active=True).first()
