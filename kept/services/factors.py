"""The second factor: an authenticator's codes, and recovery codes for the day it is lost.

A code is good for once: a time step that was used, or an older one, never counts again.
"""

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from django.db import transaction

from kept.policy.words import Frozen
from kept.records.models import Agent, Authenticator, Passkey, RecoveryCode
from kept.services import access_log
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.sealing import seal, unseal

STEP_SECONDS = 30
DRIFT = 1
"""Steps a telephone's clock may be off, to either side."""
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PURPOSE = "authenticator"


class Factors(Frozen, frozen=True, kw_only=True):
    """What a person can prove themselves with besides a password."""

    authenticator: bool
    passkeys: int
    recovery_codes: int

    @property
    def is_asked(self) -> bool:
        """Whether a password alone does not let this person in."""
        return self.authenticator or self.passkeys > 0


class Enrolment(Frozen, frozen=True, kw_only=True):
    """A secret that waits for its first code."""

    secret: str
    address: str
    """otpauth://, for the QR code."""


def factors_of(agent: AgentId) -> Factors:
    """Return what a person has set up."""
    return Factors(
        authenticator=Authenticator.objects.filter(
            agent_id=agent, confirmed_at__isnull=False
        ).exists(),
        passkeys=Passkey.objects.filter(agent_id=agent).count(),
        recovery_codes=RecoveryCode.objects.filter(agent_id=agent, used_at=None).count(),
    )


def begin_authenticator(by: AgentId, *, at: datetime) -> Enrolment:
    """Make a secret, or answer the one that still waits for its first code."""
    with transaction.atomic():
        agent = Agent.objects.select_for_update().get(pk=by)
        row = Authenticator.objects.filter(agent=agent).first()
        if row is not None and row.confirmed_at is not None:
            raise Conflict("An authenticator is set up already; remove it first.")
        if row is None:
            secret = pyotp.random_base32()
            Authenticator.objects.create(agent=agent, secret=seal(PURPOSE, secret), made_at=at)
        else:
            secret = unseal(PURPOSE, row.secret)
    address = pyotp.TOTP(secret).provisioning_uri(name=agent.email, issuer_name="Kept")
    return Enrolment(secret=secret, address=address)


def confirm_authenticator(by: AgentId, code: str, *, at: datetime) -> tuple[str, ...]:
    """Set the authenticator in force by its first code; return recovery codes, shown once."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(agent_id=by).first()
        if row is None or row.confirmed_at is not None:
            raise NotFound("There is no authenticator to confirm.")
        step = _step_of(unseal(PURPOSE, row.secret), code, at)
        if step is None:
            raise NotValid("This is not the code it shows now. Check the telephone's clock.")
        Authenticator.objects.filter(pk=row.pk).update(confirmed_at=at, last_step=step)
        access_log.write("authenticator_added", by=by, whom=by, at=at)
        return _fresh_codes(by)


def fresh_recovery_codes(by: AgentId, *, at: datetime) -> tuple[str, ...]:
    """Replace the recovery codes; the old ones are dead."""
    with transaction.atomic():
        access_log.write("recovery_codes_made", by=by, whom=by, at=at)
        return _fresh_codes(by)


def has_codes(agent: AgentId) -> bool:
    """Return whether unused recovery codes are left."""
    return RecoveryCode.objects.filter(agent_id=agent, used_at=None).exists()


def remove_authenticator(by: AgentId, *, at: datetime) -> None:
    """Take one's authenticator away."""
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(agent_id=by).delete()
        if removed:
            access_log.write("authenticator_removed", by=by, whom=by, at=at)


def check(agent: AgentId, code: str, *, at: datetime) -> bool:
    """Return whether a code proves the person, and use it up."""
    told = "".join(code.split()).lower()
    if told.isascii() and told.isdigit() and len(told) == 6:
        return _check_totp(agent, told, at)
    return _check_recovery(agent, told.replace("-", ""), at)


def _check_totp(agent: AgentId, code: str, at: datetime) -> bool:
    with transaction.atomic():
        row = (
            Authenticator.objects.select_for_update()
            .filter(agent_id=agent, confirmed_at__isnull=False)
            .first()
        )
        step = _step_of(unseal(PURPOSE, row.secret), code, at) if row is not None else None
        if row is None or step is None or step <= row.last_step:
            return False
        Authenticator.objects.filter(pk=row.pk).update(last_step=step)
    return True


def _check_recovery(agent: AgentId, code: str, at: datetime) -> bool:
    with transaction.atomic():
        used = RecoveryCode.objects.filter(
            agent_id=agent, code_hash=_hash(agent, code), used_at=None
        ).update(used_at=at)
        if used:
            access_log.write("recovery_code_used", by=agent, whom=agent, at=at)
    return bool(used)


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step whose code this is, None where it is none of the near ones."""
    told = "".join(code.split())
    if not (told.isascii() and told.isdigit() and len(told) == 6):
        return None
    totp = pyotp.TOTP(secret)
    now = int(at.timestamp()) // STEP_SECONDS
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), told):
            return step
    return None


def _fresh_codes(agent: AgentId) -> tuple[str, ...]:
    RecoveryCode.objects.filter(agent_id=agent).delete()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(agent_id=agent, code_hash=_hash(agent, code)) for code in codes
    )
    return tuple("-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes)


def _hash(agent: AgentId, code: str) -> bytes:
    # 79 random bits need no slow hash.
    return hashlib.sha256(f"{agent}:{code}".encode("utf-8", "surrogatepass")).digest()
