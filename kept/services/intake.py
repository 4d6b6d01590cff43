"""Take messages in: keep the bytes first, then read them, then say what they did.

`keep_raw` commits before anybody parses; only then may a channel acknowledge. `take_in` is
idempotent, so a worker killed anywhere leaves nothing lost and nothing twice.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from kept.policy.words import Frozen
from kept.records.models import Desk, Message, RawMessage
from kept.services import bounces, conversation, customers, threads, tickets
from kept.services.addresses import normal_address, region_of
from kept.services.alarms import raise_alarm
from kept.services.errors import NotFound
from kept.services.incoming import IncomingMessage, Taken
from kept.services.links import text_hash
from kept.services.locking import lock, save
from kept.services.retrying import retried
from kept.services.texts import clean, one_line

ATTEMPTS = 3
"""A message that ends its reader so often is quarantined."""
LEASE = timedelta(seconds=45)
"""A killed worker's messages are another's after this; two readers of one do no harm."""
_MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]{1,998}>)", re.IGNORECASE | re.MULTILINE)
_HEADER_BYTES = 65536


class RawClaim(Frozen, frozen=True, kw_only=True):
    """Raw bytes under lease, for a channel to parse."""

    id: int
    desk: str
    desk_address: str
    mailbox: str
    body: bytes
    attempts: int


class _Kept(NamedTuple):
    """A raw message under lock; its bytes stay where they are."""

    id: int
    desk: int
    slug: str
    state: str
    received_at: datetime
    trusted_at: datetime | None
    ticket: int | None


def keep_raw(
    desk: str,
    mailbox: str,
    raw: bytes,
    *,
    at: datetime,
    trusted_at: datetime | None = None,
) -> int:
    """Keep the bytes and return their id; bytes delivered again return the id they have.

    `trusted_at` is when a mail server we trust took the message, where it says so (R11).
    """
    row = Desk.objects.filter(slug=desk).values_list("id", flat=True).first()
    if row is None:
        raise NotFound(f"There is no desk named {desk}.")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO raw_message (desk_id, mailbox, sha256, dedupe_key, body, received_at,
                                     trusted_at, state, problem, attempts)
            VALUES (%s, %s, %s, %s, %s, %s, %s, 'received', '', 0)
            ON CONFLICT (dedupe_key) DO UPDATE SET mailbox = raw_message.mailbox
            RETURNING id
            """,
            [
                row,
                one_line(mailbox, 320),
                hashlib.sha256(raw).digest(),
                dedupe_key(row, raw),
                raw,
                at,
                trusted_at,
            ],
        )
        return int(cursor.fetchone()[0])


def dedupe_key(desk: int, raw: bytes) -> bytes:
    """Return what makes two deliveries one: desk, Message-ID and body, or all bytes without one.

    Headers of the way (Received) differ between deliveries, so they do not count.
    """
    plain = raw.replace(b"\r\n", b"\n").rstrip()
    header, _, body = plain.partition(b"\n\n")
    found = _MESSAGE_ID.search(header[:_HEADER_BYTES])
    parts = (found.group(1), body) if found else (b"", plain)
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(str(desk).encode() + b":" + digests).digest()


def claim(*, at: datetime, limit: int = 20) -> tuple[RawClaim, ...]:
    """Lease raw messages to one worker; the attempt is counted before any work (poison)."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE raw_message r SET attempts = r.attempts + 1, lease_until = %s
            FROM desk d WHERE d.id = r.desk_id AND r.id IN (
              SELECT id FROM raw_message
              WHERE state = 'received' AND (lease_until IS NULL OR lease_until < %s)
              ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING r.id, d.slug, d.address, r.mailbox, r.body, r.attempts
            """,
            [at + LEASE, at, limit],
        )
        rows = sorted(cursor.fetchall())
    claims = [
        RawClaim(
            id=row[0], desk=row[1], desk_address=row[2], mailbox=row[3], body=bytes(row[4]),
            attempts=row[5],
        )
        for row in rows
    ]  # fmt: skip
    for poison in (each for each in claims if each.attempts > ATTEMPTS):
        quarantine(poison.id, f"Its reader failed {ATTEMPTS} times.", at=at)
    return tuple(each for each in claims if each.attempts <= ATTEMPTS)


def take_in(raw_id: int, parsed: IncomingMessage, *, at: datetime) -> Taken:
    """Turn a parsed message into a ticket or a turn of one; a second call changes nothing."""
    return retried(lambda: _take_in(raw_id, parsed, at))


def quarantine(raw_id: int, problem: str, *, at: datetime) -> None:
    """Lay unreadable bytes before a person; the next message goes on."""
    with transaction.atomic(durable=True):
        row = (
            RawMessage.objects.select_for_update(of=("self",))
            .filter(pk=raw_id, state="received")
            .first()
        )
        if row is None:
            return
        RawMessage.objects.filter(pk=raw_id).update(
            state="quarantined", problem=clean(problem)[:2000], lease_until=None
        )
        raise_alarm(
            f"quarantine:{row.desk_id}",
            "A message could not be read and waits in the quarantine.",
            at=at,
            desk=row.desk_id,
        )


def _take_in(raw_id: int, parsed: IncomingMessage, at: datetime) -> Taken:
    with transaction.atomic(durable=True):
        raw = _locked(raw_id)
        if raw.state not in ("received", "quarantined"):
            message = Message.objects.filter(raw_id=raw_id).values_list("id", flat=True).first()
            return Taken(ticket=raw.ticket, created=False, message=message, duplicate=True)
        taken = _noted(raw, parsed, at) if parsed.bounce_of else _place(raw, parsed, at)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE raw_message SET state = %s, ticket_id = %s, problem = %s,"
                " lease_until = NULL WHERE id = %s",
                [
                    _state(taken),
                    taken.ticket,
                    "; ".join(taken.problems)[:2000],
                    raw_id,
                ],
            )
    return taken


def _locked(raw_id: int) -> _Kept:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id, d.id, d.slug, r.state, r.received_at, r.trusted_at, r.ticket_id
            FROM raw_message r JOIN desk d ON d.id = r.desk_id
            WHERE r.id = %s FOR UPDATE OF r
            """,
            [raw_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such raw message.")
    return _Kept(*row)


def _noted(raw: _Kept, parsed: IncomingMessage, at: datetime) -> Taken:
    """Note a delivery report; the words of one that a person may have written are kept too."""
    told = bounces.note(raw.id, raw.desk, parsed, received_at=raw.received_at, at=at)
    if told is not None and told.ticket is not None and not parsed.bounce_formal:
        place = threads.Thread(ticket=told.ticket, speaks_for_customer=False)
        return _continue(raw, parsed, at, place, told.problems)
    if told is not None:
        return told
    if parsed.bounce_formal:
        return Taken(ticket=None, created=False, message=None, problems=(bounces.OF_NOBODY,))
    return _place(raw, parsed, at)


def _state(taken: Taken) -> str:
    """Return what the bytes are now; a report about nobody's mail waits for a person."""
    if taken.duplicate:
        return "duplicate"
    return "quarantined" if taken.problems == (bounces.OF_NOBODY,) else "taken"


def _place(raw: _Kept, parsed: IncomingMessage, at: datetime) -> Taken:
    thread = threads.find(raw.desk, parsed)
    warnings = tuple(w for w in (thread.warning, *parsed.warnings) if w)
    if thread.ticket is None:
        return _open(raw, parsed, at, warnings)
    return _continue(raw, parsed, at, thread, warnings)


def _open(raw: _Kept, parsed: IncomingMessage, at: datetime, warnings: tuple[str, ...]) -> Taken:
    opening = tickets.Opening(
        subject=parsed.subject,
        text=parsed.text,
        channel=parsed.channel,
        occurred_at=raw.trusted_at or raw.received_at,
        fact_id=f"raw{raw.id}",
    )
    ticket = tickets.begin(raw.slug, opening, at=at)
    ticket.automatic_sender = parsed.automatic
    ticket.sender_proved = parsed.authenticated
    region = region_of(ticket.zone)
    customer = (
        customers.find_or_make(
            parsed.sender_kind, parsed.sender, parsed.sender_name, desk=raw.desk, region=region
        )
        if normal_address(parsed.sender_kind, parsed.sender, region=region)
        else None
    )
    message = tickets.first_message(
        ticket,
        opening,
        customer=customer,
        sender=_sender(parsed),
        quoted=parsed.quoted,
        html=parsed.html,
        message_id=parsed.message_id,
        warning="; ".join(warnings),
        raw=raw.id,
    )
    _keep_rest(raw.desk, ticket.id, message, parsed)
    if warnings:
        ticket.needs_attention = warnings[0][:200]
    save(ticket)
    return Taken(ticket=ticket.id, created=True, message=message, problems=warnings)


def _continue(
    raw: _Kept,
    parsed: IncomingMessage,
    at: datetime,
    thread: threads.Thread,
    warnings: tuple[str, ...],
) -> Taken:
    ticket = lock(thread.ticket or 0, at=at)
    ticket.automatic_sender = parsed.automatic
    ticket.sender_proved = parsed.authenticated
    occurred = raw.trusted_at or raw.received_at
    customer = ticket.customer if thread.speaks_for_customer else None
    message = Message.objects.create(
        ticket_id=ticket.id,
        kind="system" if parsed.automatic else "public",
        direction="in",
        customer_id=customer,
        sender=_sender(parsed)[:400],
        channel=parsed.channel,
        subject=one_line(parsed.subject),
        text=clean(parsed.text),
        quoted=clean(parsed.quoted),
        html=clean(parsed.html),
        message_id=one_line(parsed.message_id, 1000),
        warning="; ".join(warnings)[:300],
        sent_at=min(occurred, at),
        raw_id=raw.id,
    )
    _keep_rest(raw.desk, ticket.id, message.pk, parsed)
    if not parsed.automatic:
        conversation.hear(
            ticket,
            text=parsed.text,
            at=min(occurred, at),
            trusted=True,
            customer=customer,
            channel=parsed.channel,
            fact_id=f"raw{raw.id}",
        )
    if warnings:
        ticket.needs_attention = warnings[0][:200]
    save(ticket)
    return Taken(ticket=ticket.id, created=False, message=message.pk, problems=warnings)


def _keep_rest(desk: int, ticket: int, message: int, parsed: IncomingMessage) -> None:
    conversation.attach(message, parsed.files)
    if parsed.message_id:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO message_id_seen (hash, desk_id, ticket_id, message_id)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [text_hash(parsed.message_id), desk, ticket, message],
            )


def _sender(parsed: IncomingMessage) -> str:
    name = one_line(parsed.sender_name, 200)
    return f"{name} <{parsed.sender}>" if name else parsed.sender
