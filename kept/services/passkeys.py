"""Passkeys: registering one, and signing in with one that verified its user.

A challenge lives in a signed cookie, so that strangers cost no row, and is spent by its first
good answer. The origin and the domain are the installation's own address.
"""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db import IntegrityError, transaction
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kept.policy.words import Frozen
from kept.records.models import Agent, Passkey
from kept.services import access_log, factors, once
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.texts import one_line

LASTS = timedelta(minutes=5)
MOST = 20


class Options(Frozen, frozen=True, kw_only=True):
    """What the browser is asked, and the challenge to keep until it answers."""

    json: str
    challenge: str


def registration(by: AgentId) -> Options:
    """Return what the browser needs to make a passkey."""
    agent = Agent.objects.get(pk=by)
    known = Passkey.objects.filter(agent=agent).values_list("credential", flat=True)
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_registration_options(
        rp_id=_domain(),
        rp_name="Kept",
        user_name=agent.email,
        user_id=b"kept-%d" % by,
        user_display_name=agent.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(each)) for each in known],
    )
    return Options(json=webauthn.options_to_json(options), challenge=_text(challenge))


def add(
    by: AgentId, answer: Mapping[str, Any], *, challenge: str, name: str, at: datetime
) -> tuple[str, ...]:
    """Keep a passkey; return recovery codes where the person had none, shown once."""
    try:
        made = webauthn.verify_registration_response(
            credential=dict(answer),
            expected_challenge=_bytes(challenge),
            expected_rp_id=_domain(),
            expected_origin=settings.KEPT_URL,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise NotValid("The browser's answer could not be verified; try again.") from None
    with transaction.atomic():
        Agent.objects.select_for_update().get(pk=by)
        if not once.spend("passkey", challenge, until=at + LASTS, at=at):
            raise NotValid("This answer was used already; try again.")
        if Passkey.objects.filter(agent_id=by).count() >= MOST:
            raise Conflict(f"A person has at most {MOST} passkeys; remove one first.")
        try:
            with transaction.atomic():
                Passkey.objects.create(
                    agent_id=by, credential=made.credential_id,
                    public_key=made.credential_public_key, sign_count=made.sign_count,
                    name=one_line(name, 100) or "Passkey", made_at=at,
                )  # fmt: skip
        except IntegrityError:
            raise Conflict("This passkey is registered already.") from None
        access_log.write("passkey_added", by=by, whom=by, at=at)
        return () if factors.has_codes(by) else factors.fresh_recovery_codes(by, at=at)


def remove(number: int, *, by: AgentId, at: datetime) -> None:
    """Take one of one's own passkeys away."""
    with transaction.atomic():
        removed, _ = Passkey.objects.filter(pk=number, agent_id=by).delete()
        if not removed:
            raise NotFound("There is no such passkey.")
        access_log.write("passkey_removed", by=by, whom=by, at=at)


def sign_in_options() -> Options:
    """Return what the browser needs to offer whatever passkeys it has for this desk."""
    challenge = secrets.token_bytes(32)
    options = webauthn.generate_authentication_options(
        rp_id=_domain(),
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Options(json=webauthn.options_to_json(options), challenge=_text(challenge))


def sign_in(answer: Mapping[str, Any], *, challenge: str, at: datetime) -> AgentId | None:
    """Return whose passkey answered the challenge, None for every other answer."""
    try:
        credential = _bytes(str(answer.get("rawId", "")))
        row = Passkey.objects.select_related("agent").filter(credential=credential).first()
        if row is None or not row.agent.is_active:
            return None
        proven = webauthn.verify_authentication_response(
            credential=dict(answer),
            expected_challenge=_bytes(challenge),
            expected_rp_id=_domain(),
            expected_origin=settings.KEPT_URL,
            credential_public_key=bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    with transaction.atomic():
        if not once.spend("passkey", challenge, until=at + LASTS, at=at):
            return None
        Passkey.objects.filter(pk=row.pk).update(sign_count=proven.new_sign_count, last_used_at=at)
    return row.agent_id


def _domain() -> str:
    return urlsplit(settings.KEPT_URL).hostname or ""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return webauthn.base64url_to_bytes(text)
