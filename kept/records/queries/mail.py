"""Reads of the mail channel: whose an address is, which mailboxes we read, what bytes became."""

from datetime import datetime

from django.db import connection

from kept.policy.words import Frozen


class MailboxView(Frozen, frozen=True, kw_only=True):
    """A mailbox we read, without its secret."""

    id: int
    desk: str
    desk_address: str
    host: str
    port: int
    user: str
    auth: str
    tls: str
    folder: str
    uidvalidity: int | None
    last_uid: int
    last_poll_at: datetime | None
    problem: str


class RawState(Frozen, frozen=True, kw_only=True):
    """How far a raw message has come. `opened` is true when it began its ticket."""

    state: str
    received_at: datetime
    attempts: int
    ticket: int | None
    message: int | None
    opened: bool
    problem: str


def desk_addresses() -> dict[str, str]:
    """Return each desk's slug by its lower-case address."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(address), slug FROM desk")
        return {row[0]: row[1] for row in cursor.fetchall()}


def mailboxes() -> tuple[MailboxView, ...]:
    """Return the mailboxes of all desks."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT b.id, d.slug, d.address, b.host, b.port, b."user", b.auth, b.tls, b.folder,
                   b.uidvalidity, b.last_uid, b.last_poll_at, b.problem
            FROM mailbox b JOIN desk d ON d.id = b.desk_id ORDER BY b.id
            """
        )
        names = MailboxView.__struct_fields__
        return tuple(
            MailboxView(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()
        )


def raw_state(raw_id: int) -> RawState | None:
    """Return how far a raw message has come."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.state, r.received_at, r.attempts, r.ticket_id, m.id,
                   COALESCE(m.id = (SELECT min(f.id) FROM message f
                                    WHERE f.ticket_id = r.ticket_id), false),
                   r.problem
            FROM raw_message r LEFT JOIN message m ON m.raw_id = r.id
            WHERE r.id = %s ORDER BY m.id LIMIT 1
            """,
            [raw_id],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    names = RawState.__struct_fields__
    return RawState(**dict(zip(names, row, strict=True)))
