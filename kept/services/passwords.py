"""Passwords: changed with the old one, or by a link that was sent to the person's own address.

Asking for a link answers the same whoever asks, and costs the same work.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from kept.records.models import Agent, Desk, OneTimeLink, Outbox
from kept.services import access_log, sessions
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.links import new_message_id
from kept.services.outgoing import OutgoingMail
from kept.services.texts import one_line

RESET_LASTS = timedelta(hours=1)
RESETS_PER_HOUR = 3
LONGEST = 1000


def require_good(password: str, agent: Agent | None = None) -> None:
    """Raise NotValid unless a password is long enough and not one that everybody tries."""
    if len(password) > LONGEST:
        raise NotValid(f"A password has at most {LONGEST} characters.")
    try:
        validate_password(password, agent)
    except ValidationError as wrong:
        raise NotValid(" ".join(wrong.messages)) from None


def change(by: AgentId, *, old: str, new: str, keep: str, at: datetime) -> None:
    """Change one's password, given the old one; every other session ends."""
    agent = Agent.objects.get(pk=by)
    if agent.password and not check_password(old, agent.password):
        raise NotValid("This is not your present password.")
    require_good(new, agent)
    _set(agent, new, at=at, by=by)
    sessions.end_others(keep, by=by, at=at)


def ask_reset(address: str, *, at: datetime) -> None:
    """Send a link to the person with this address.

    For everybody else the same work is done and taken back, so that time tells nothing.
    """
    email = one_line(address, 254).lower()
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        agent = (
            Agent.objects.select_for_update()
            .filter(email=email, is_active=True, is_program=False)
            .first()
        )
        lately = OneTimeLink.objects.filter(
            email=email, kind="reset", made_at__gt=at - timedelta(hours=1)
        ).count()
        own = Desk.objects.filter(memberships__agent=agent, memberships__ended_at=None)
        desk = own.order_by("id").first() or Desk.objects.order_by("id").first()
        if desk is None:
            return
        OneTimeLink.objects.create(
            kind="reset", token_hash=hash_of(token), email=email, agent=agent, made_at=at,
            expires_at=at + RESET_LASTS,
        )  # fmt: skip
        access_log.write("reset_asked", by=None, whom=agent.pk if agent else None, at=at)
        send(
            desk, email, agent.name if agent else "", "Set a new password",
            "Somebody, probably you, asked for a new password at this desk.\n\n"
            f"{settings.KEPT_URL}/reset/{token}\n\n"
            "The link works once, within an hour. If it was not you, nothing has changed.\n",
            at=at,
        )  # fmt: skip
        if agent is None or lately >= RESETS_PER_HOUR or not own.exists():
            transaction.set_rollback(True)


def reset(token: str, *, new: str, at: datetime) -> AgentId:
    """Set a password by a link; the link is used up and every session ends."""
    with transaction.atomic():
        link = link_of(token, "reset", at=at)
        agent = Agent.objects.select_for_update().filter(pk=link.agent_id or 0).first()
        if agent is None or not agent.is_active or agent.email != link.email:
            raise NotFound("This link is used, out of date or cut short.")
        require_good(new, agent)
        OneTimeLink.objects.filter(agent=agent, kind="reset", used_at=None).update(used_at=at)
        _set(agent, new, at=at, by=agent.pk)
        sessions.end_all(agent.pk)
    return agent.pk


def link_of(token: str, kind: str, *, at: datetime) -> OneTimeLink:
    """Return an unused link and lock it; raise NotFound for every other token."""
    if not 40 <= len(token) <= 60:
        raise NotFound("This link is used, out of date or cut short.")
    link = (
        OneTimeLink.objects.select_for_update()
        .filter(token_hash=hash_of(token), kind=kind, used_at=None, expires_at__gt=at)
        .first()
    )
    if link is None:
        raise NotFound("This link is used, out of date or cut short.")
    return link


def send(desk: Desk, to: str, name: str, subject: str, text: str, *, at: datetime) -> None:
    """Queue a mail to one of our people; the outbox shows its subject, never a link."""
    mail = OutgoingMail(
        to=to, to_name=one_line(name, 200), from_name=desk.name, from_address=desk.address,
        subject=subject, text=text, message_id=new_message_id(), automatic=True,
    )  # fmt: skip
    Outbox.objects.create(
        desk=desk, cause=f"access.{mail.message_id}"[:200], kind="access", recipient=to,
        payload=msgspec.to_builtins(mail), mail_id=mail.message_id, made_at=at, not_before=at,
    )  # fmt: skip


def hash_of(token: str) -> bytes:
    """Return what the table holds of a link's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _set(agent: Agent, new: str, *, at: datetime, by: AgentId) -> None:
    with transaction.atomic():
        Agent.objects.filter(pk=agent.pk).update(password=make_password(new))
        access_log.write("password_changed", by=by, whom=agent.pk, at=at)
