"""Sessions: who is signed in where, and ending that. What ends here is dead on the server."""

from datetime import datetime, timedelta

from django.db import transaction

from kept.records.models import Session
from kept.services import access_log
from kept.services.errors import AgentId, NotFound

SEEN_EVERY = timedelta(minutes=1)
"""`seen_at` is written no more often, so that reading stays a read."""


def seen(key: str, *, at: datetime) -> None:
    """Note that a session was used."""
    Session.objects.filter(session_key=key, seen_at__lt=at - SEEN_EVERY).update(seen_at=at)


def end_one(number: str, *, by: AgentId, at: datetime) -> None:
    """End one of a person's own sessions, named as `sessions_of` names it."""
    for key in Session.objects.filter(agent_id=by).values_list("session_key", flat=True):
        if short(key) == number:
            with transaction.atomic():
                Session.objects.filter(session_key=key).delete()
                access_log.write("session_ended", by=by, whom=by, at=at)
            return
    raise NotFound("There is no such session.")


def end_others(keep: str, *, by: AgentId, at: datetime) -> int:
    """End all sessions of a person but the one they are in; return how many."""
    with transaction.atomic():
        ended, _ = Session.objects.filter(agent_id=by).exclude(session_key=keep).delete()
        access_log.write("sessions_ended", by=by, whom=by, at=at, count=ended)
    return ended


def end_all(agent: AgentId) -> int:
    """End every session of somebody whose rights ended; part of the caller's transaction."""
    ended, _ = Session.objects.filter(agent_id=agent).delete()
    return ended


def forget_ended(*, at: datetime) -> None:
    """Delete what ran out."""
    Session.objects.filter(expire_date__lt=at).delete()


def short(key: str) -> str:
    """Return a session's name on pages: enough to tell them apart, too little to use."""
    return key[:6]
