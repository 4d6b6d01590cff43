"""One-time codes for customers, made again when needed and never stored.

A code follows from its check's number, a random nonce and the installation's secret, so neither
a database nor the outbox gives it away: it exists in the mail and in its reader's head.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from kept.records.models import IdentityCheck
from kept.services.outgoing import OutgoingMail

DIGITS = 6
GOOD_FOR = timedelta(minutes=10)
BLANK = "{{ code }}"
STEP_SECONDS = 30
STEPS_AROUND = 1
"""An authenticator's clock may be so many steps off, as RFC 6238 advises."""


def new_nonce() -> bytes:
    """Return what makes a code unlike any other."""
    return secrets.token_bytes(16)


def code_of(check: int, nonce: bytes) -> str:
    """Return the code of a check."""
    key = hashlib.sha256(f"identity:{settings.SECRET_KEY}".encode()).digest()
    return _digits(hmac.digest(key, b"%d:" % check + bytes(nonce), "sha256"))


def same(told: str, code: str) -> bool:
    """Compare what somebody typed with a code, in the same time whatever it is."""
    typed = "".join(c for c in told if c.isascii() and c.isdigit())
    return hmac.compare_digest(typed.encode(), code.encode())


def filled(mail: OutgoingMail) -> OutgoingMail:
    """Return a mail as it leaves: its code is put in only now."""
    if mail.code is None:
        return mail
    nonce = IdentityCheck.objects.filter(pk=mail.code).values_list("nonce", flat=True).first()
    code = code_of(mail.code, bytes(nonce)) if nonce else "-"
    return msgspec.structs.replace(mail, text=mail.text.replace(BLANK, code))


def step_of(at: datetime) -> int:
    """Return the step of time an authenticator is in."""
    return int(at.timestamp()) // STEP_SECONDS


def matching_step(seed: bytes, told: str, *, at: datetime, after: int) -> int | None:
    """Return the step whose code this is, later than `after`; RFC 6238 with SHA-1, six digits."""
    now = step_of(at)
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if step > after and same(told, authenticator_code(seed, step)):
            return step
    return None


def authenticator_code(seed: bytes, step: int) -> str:
    """Return what an authenticator shows in a step (RFC 4226, 5.3)."""
    return _digits(hmac.digest(seed, step.to_bytes(8, "big"), "sha1"))


def _digits(digest: bytes) -> str:
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"
