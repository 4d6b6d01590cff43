"""Unguessable names that leave the house: reply addresses and confirmation links.

Both are made from the installation's secret, so a second mail bears the same one; only hashes
are stored. Nothing here proves who somebody is beyond having received our mail.
"""

import base64
import hashlib
import hmac
import secrets

from django.conf import settings

TOKEN_BYTES = 20
"""160 bits: 32 characters that survive case folding."""


def reply_token(ticket_id: int, recipient: str) -> str:
    """Return the unguessable part of one recipient's reply address on one ticket."""
    return _made("reply", f"{ticket_id}:{recipient.lower()}")


def confirm_token(ticket_id: int, customer: int | None) -> str:
    """Return the token of the page where a customer confirms or reopens."""
    return f"{ticket_id}-{_made('confirm', f'{ticket_id}:{customer}')}"


def read_confirm_token(token: str, customer_of: dict[int, int | None]) -> int | None:
    """Return the ticket a token was made for, given that ticket's customer."""
    number, _, _ = token.partition("-")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    ticket_id = int(number)
    if ticket_id not in customer_of:
        return None
    expected = confirm_token(ticket_id, customer_of[ticket_id])
    return ticket_id if hmac.compare_digest(expected.encode(), token.encode()) else None


def token_hash(token: str) -> bytes:
    """Return what the table holds of a token."""
    return hashlib.sha256(token.strip().lower().encode()).digest()


def text_hash(text: str) -> bytes:
    """Return the hash by which a Message-ID is looked up."""
    return hashlib.sha256(text.strip().encode("utf-8", "replace")).digest()


def new_message_id() -> str:
    """Return a Message-ID nobody can guess."""
    return f"<{secrets.token_hex(16)}@{settings.KEPT_MAIL_DOMAIN}>"


def _made(purpose: str, subject: str) -> str:
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    digest = hmac.digest(key, subject.encode(), "sha256")[:TOKEN_BYTES]
    return base64.b32encode(digest).decode().lower()
