"""Calendar feeds: a secret address that a calendar program reads; shown once, ended at will."""

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from kept.records.models import Agent, CalendarFeed, Rota
from kept.services import permissions
from kept.services.errors import AgentId, NotFound, NotValid

MOST = 20


def subscribe(*, by: AgentId, at: datetime, rota: int | None = None) -> str:
    """Make a feed of one's own shifts, or of a rota one may see; return its token, once."""
    if rota is not None:
        row = Rota.objects.filter(pk=rota, ended_at=None).first()
        if row is None:
            raise NotFound("There is no such rota.")
        permissions.standing(by, row.desk_id)
    with transaction.atomic():
        Agent.objects.select_for_update().get(pk=by)
        if CalendarFeed.objects.filter(agent_id=by, ended_at=None).count() >= MOST:
            raise NotValid(f"You have {MOST} subscriptions; end one first.")
        token = secrets.token_urlsafe(32)
        CalendarFeed.objects.create(
            token_hash=token_hash(token), agent_id=by, rota_id=rota, made_at=at
        )
    return token


def end(feed: int, *, by: AgentId, at: datetime) -> None:
    """End a feed of one's own: its address answers as if it had never been."""
    if not CalendarFeed.objects.filter(pk=feed, agent_id=by, ended_at=None).update(ended_at=at):
        raise NotFound("There is no such subscription.")


def token_hash(token: str) -> bytes:
    """Return what is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
