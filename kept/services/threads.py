"""Find the ticket a message belongs to: by our unguessable address, then by References.

From alone proves nothing, and what the sender's own domain disowns joins no conversation.
References count only when the mail comes from an address of the ticket's own customer. Somebody
else with our address is heard on the ticket, under their own name and never as the customer.
"""

from django.db import connection

from kept.policy.words import Frozen
from kept.services.addresses import normal_address
from kept.services.incoming import IncomingMessage
from kept.services.links import text_hash, token_hash

MERGE_HOPS = 10


class Thread(Frozen, frozen=True, kw_only=True):
    """Where a message belongs. `warning` tells people what does not quite fit."""

    ticket: int | None
    warning: str = ""
    speaks_for_customer: bool = True


def find(desk: int, message: IncomingMessage) -> Thread:
    """Return the ticket a message continues, or none; asks the database, changes nothing."""
    if message.reply_token:
        found = _by_token(desk, message)
        if found is not None:
            return found
    return _by_references(desk, message)


def survivor(ticket: int) -> int:
    """Return the ticket that a merged one went into, or the ticket itself."""
    with connection.cursor() as cursor:
        for _ in range(MERGE_HOPS):
            cursor.execute(
                """
                SELECT fact->>'into' FROM journal j JOIN ticket t ON t.id = j.ticket_id
                WHERE j.ticket_id = %s AND t.status = 'merged' AND fact->>'event' = 'merged'
                ORDER BY seq DESC LIMIT 1
                """,
                [ticket],
            )
            row = cursor.fetchone()
            if row is None or not str(row[0]).isdigit():
                break
            ticket = int(row[0])
    return ticket


def _by_token(desk: int, message: IncomingMessage) -> Thread | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.ticket_id FROM reply_token r JOIN ticket t ON t.id = r.ticket_id
            WHERE r.token_hash = %s AND r.revoked_at IS NULL AND t.desk_id = %s
              AND t.status <> 'spam'
            """,
            [token_hash(message.reply_token), desk],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    ticket = survivor(row[0])
    if message.authenticated is False:
        told = f"It came to the reply address of ticket {ticket}, but its sender is not confirmed."
        return Thread(ticket=None, warning=told)
    if _is_customer(ticket, message):
        return Thread(ticket=ticket)
    told = f"Sent from {message.sender or 'no address'}, not from the customer's own address."
    return Thread(ticket=ticket, warning=told, speaks_for_customer=False)


def _is_customer(ticket: int, message: IncomingMessage) -> bool:
    """Tell whether a mail comes from an address of the ticket's own customer."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (
              SELECT 1 FROM customer_address a JOIN ticket t ON t.customer_id = a.customer_id
              WHERE t.id = %s AND a.kind = %s AND a.value = %s
                AND (a.desk_id IS NULL OR a.desk_id = t.desk_id))
            """,
            [ticket, message.sender_kind, normal_address(message.sender_kind, message.sender)],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def _by_references(desk: int, message: IncomingMessage) -> Thread:
    ids = [each for each in (message.in_reply_to, *message.references) if each]
    if not ids:
        return Thread(ticket=None)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.ticket_id, EXISTS (
                SELECT 1 FROM customer_address a JOIN ticket t ON t.customer_id = a.customer_id
                WHERE t.id = s.ticket_id AND a.kind = %s AND a.value = %s
                  AND (a.desk_id IS NULL OR a.desk_id = t.desk_id))
            FROM message_id_seen s JOIN ticket t ON t.id = s.ticket_id
            WHERE s.desk_id = %s AND s.hash = ANY(%s) AND t.status <> 'spam'
            ORDER BY s.id DESC LIMIT 1
            """,
            [
                message.sender_kind,
                normal_address(message.sender_kind, message.sender),
                desk,
                [text_hash(each) for each in ids[:50]],
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return Thread(ticket=None)
    ticket, is_theirs = row
    if is_theirs and message.authenticated is not False:
        into = survivor(ticket)
        speaks = into == ticket or _is_customer(into, message)
        return Thread(ticket=into, speaks_for_customer=speaks)
    told = f"It refers to ticket {ticket}, but its sender is not confirmed."
    return Thread(ticket=None, warning=told)
