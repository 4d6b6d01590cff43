"""The outbox: claim under lease, send elsewhere, record the result under the fence.

A worker that lost its lease bears an old fence and its result is refused; whoever took over
sends a copy with the same Message-ID. One ticket's mails to one person leave in order.
"""

import random
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from kept.policy.facts import DeliveryFailed
from kept.records.instants import instant
from kept.records.models import Message, Outbox
from kept.services import permissions
from kept.services.alarms import clear_alarm, raise_alarm
from kept.services.errors import AgentId, Conflict, NotFound
from kept.services.journal import record
from kept.services.locking import lock, save
from kept.services.one_time_codes import filled
from kept.services.outgoing import ClaimedMail, OutgoingMail
from kept.services.texts import clean

ATTEMPTS = 20
"""With the waits below, about two days of trying."""
LONGEST_WAIT = timedelta(hours=4)
NO_SERVER = "No mail server is set (KEPT_SMTP_URL); the mail rests here."


def claim(*, at: datetime, limit: int = 20) -> tuple[ClaimedMail, ...]:
    """Lease the next mails; the attempt is written before the network is touched."""
    lease = at + timedelta(seconds=settings.KEPT_WORKER_LEASE_SECONDS)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"lease": lease, "at": at, "limit": limit})
        rows = sorted(cursor.fetchall())
    return tuple(
        ClaimedMail(
            id=row[0],
            fence=row[1],
            kind=row[2],
            attempts=row[3],
            desk=row[4],
            mail=filled(msgspec.convert(msgspec.json.decode(row[5]), OutgoingMail)),
        )
        for row in rows
    )


def mark_sent(claimed: ClaimedMail, *, at: datetime) -> bool:
    """Record that the mail left; False when the lease was lost meanwhile."""
    with transaction.atomic(durable=True):
        done = _under_fence(claimed).update(
            state="sent", sent_at=at, lease_until=None, last_error=""
        )
        if done and claimed.kind == "access":
            # It holds a link that opens something; once sent nobody needs it here.
            Outbox.objects.filter(pk=claimed.id).update(
                payload=msgspec.to_builtins(msgspec.structs.replace(claimed.mail, text=""))
            )
        if done and claimed.mail.message is not None:
            Message.objects.filter(pk=claimed.mail.message).update(delivery="sent")
    return bool(done)


def mark_failed(
    claimed: ClaimedMail, error: str, *, at: datetime, permanent: bool = False
) -> bool:
    """Record a failure: wait and try again, or give up and make it a fact on the ticket."""
    if not permanent and claimed.attempts < ATTEMPTS:
        return _put_off(claimed, error, at)
    with transaction.atomic(durable=True):
        mail = claimed.mail
        ticket = lock(mail.ticket, at=at) if mail.ticket is not None else None
        done = _under_fence(claimed).update(
            state="failed", lease_until=None, last_error=clean(error)[:2000]
        )
        if not done:
            return False
        if mail.message is not None:
            Message.objects.filter(pk=mail.message).update(delivery="failed")
        if ticket is not None:
            fact = DeliveryFailed(
                at=instant(at), id=f"outbox{claimed.id}.failed", message=str(mail.message or "")
            )
            record(ticket, fact)
            ticket.needs_attention = "A mail did not reach its reader."
            save(ticket)
    return True


def hold_back(claimed: ClaimedMail, reason: str, *, at: datetime) -> None:
    """Give the lease back untouched: the server is at fault, not this mail."""
    Outbox.objects.filter(pk=claimed.id, fence=claimed.fence, state="queued").update(
        lease_until=None, attempts=max(0, claimed.attempts - 1), last_error=clean(reason)[:2000],
        not_before=at + timedelta(seconds=30),
    )  # fmt: skip
    raise_alarm("outbox:server", f"Mail cannot be sent: {clean(reason)[:500]}", at=at)


def server_works(*, at: datetime) -> None:
    """Note that the mail server takes mail, so that an alarm about it ends."""
    clear_alarm("outbox:server", at=at)


def lay_by(claimed: ClaimedMail) -> bool:
    """Hold a mail that has no server to go to; it counts as given out to its reader."""
    with transaction.atomic(durable=True):
        done = _under_fence(claimed).update(state="held", lease_until=None, last_error=NO_SERVER)
        if done and claimed.mail.message is not None:
            Message.objects.filter(pk=claimed.mail.message).update(delivery="held")
    return bool(done)


def send_anyway(outbox_id: int, *, by: AgentId, at: datetime) -> None:
    """Queue a held or failed mail again, on a person's word."""
    _by_person(outbox_id, by)
    done = Outbox.objects.filter(pk=outbox_id, state__in=("held", "failed")).update(
        state="queued", not_before=at, attempts=0, lease_until=None
    )
    if not done:
        raise Conflict("This mail is not held.")


def undo(outbox_id: int, *, by: AgentId, at: datetime) -> None:
    """Hold a mail that no worker has claimed yet."""
    _by_person(outbox_id, by)
    done = (
        Outbox.objects.filter(pk=outbox_id, state="queued")
        .exclude(lease_until__gt=at)
        .update(state="held", last_error="Held by an agent.")
    )
    if not done:
        raise Conflict("This mail has left already.")


def _put_off(claimed: ClaimedMail, error: str, at: datetime) -> bool:
    wait = min(timedelta(seconds=15 * 2 ** min(claimed.attempts, 12)), LONGEST_WAIT)
    jitter = random.uniform(0.9, 1.1)
    done = _under_fence(claimed).update(
        lease_until=None, not_before=at + wait * jitter, last_error=clean(error)[:2000]
    )
    if done and claimed.mail.message is not None:
        Message.objects.filter(pk=claimed.mail.message).update(delivery="delayed")
    return bool(done)


def _under_fence(claimed: ClaimedMail) -> QuerySet[Outbox]:
    return Outbox.objects.filter(pk=claimed.id, fence=claimed.fence, state="queued")


def _by_person(outbox_id: int, by: AgentId) -> None:
    desk = Outbox.objects.filter(pk=outbox_id).values_list("desk_id", flat=True).first()
    if desk is None:
        raise NotFound("There is no such mail.")
    permissions.standing(by, desk)


_CLAIM = """
UPDATE outbox o SET fence = o.fence + 1, attempts = o.attempts + 1, lease_until = %(lease)s
FROM desk d WHERE d.id = o.desk_id AND o.id IN (
  SELECT id FROM outbox q
  WHERE state = 'queued' AND not_before <= %(at)s
    AND (lease_until IS NULL OR lease_until < %(at)s)
    -- One ticket's mails to one person leave in order.
    AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.ticket_id = q.ticket_id AND e.id < q.id
                    AND e.state = 'queued' AND e.recipient = q.recipient)
  ORDER BY not_before, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING o.id, o.fence, o.kind, o.attempts, d.slug, o.payload::text
"""
