"""The secrets of a customer's account: a PIN hashed with argon2, an authenticator's seed sealed.

They are set only while the account is open on a ticket, so that nobody sets them for another.
"""

import base64
import hashlib
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from kept.records.models import Customer, CustomerAuthenticator, CustomerPin
from kept.services import serving
from kept.services.errors import AgentId, NotValid
from kept.services.whole import whole

SEED_BYTES = 20
PIN_LENGTH = (4, 12)
# Comparing with this costs as much as with a real one.
_NO_PIN = make_password("nobody has this pin")


def set_pin(customer: int, *, desk: int, by: AgentId, at: datetime, pin: str) -> None:
    """Set the PIN that a customer told us."""
    if not pin.isascii() or not pin.isdigit() or not PIN_LENGTH[0] <= len(pin) <= PIN_LENGTH[1]:
        raise NotValid("A PIN has 4 to 12 digits.")
    if len(set(pin)) == 1 or pin in "0123456789" or pin in "9876543210":
        raise NotValid("This PIN is the first that anybody tries; take another.")
    with whole():
        serving.require(customer, desk, "verify", by=by)
        serving.require_account(customer, desk, by=by)
        CustomerPin.objects.update_or_create(
            customer_id=customer,
            defaults={"hash": make_password(pin), "set_at": at, "set_by_id": by},
        )


def set_authenticator(customer: int, *, desk: int, by: AgentId, at: datetime) -> str:
    """Make a new seed for the customer's authenticator and return it once, as text."""
    seed = secrets.token_bytes(SEED_BYTES)
    with whole():
        serving.require(customer, desk, "verify", by=by)
        serving.require_account(customer, desk, by=by)
        CustomerAuthenticator.objects.update_or_create(
            customer_id=customer,
            defaults={"seed": _fernet().encrypt(seed), "set_at": at, "set_by_id": by,
                      "last_step": 0},
        )  # fmt: skip
    return base64.b32encode(seed).decode()


def authenticator_address(seed: str, customer: int, desk_name: str) -> str:
    """Return the otpauth address of a seed, for a program that reads it."""
    name = Customer.objects.values_list("name", flat=True).get(pk=customer)
    return (
        f"otpauth://totp/{quote(desk_name)}:{quote(name)}?secret={seed}&issuer={quote(desk_name)}"
    )


def pin_fits(customer: int, pin: str) -> bool:
    """Compare a PIN; without one on file it takes as long and never fits."""
    kept = CustomerPin.objects.filter(customer_id=customer).values_list("hash", flat=True).first()
    return check_password(pin, kept or _NO_PIN) and kept is not None


def seed_of(row: CustomerAuthenticator) -> bytes:
    """Return the seed behind an authenticator."""
    try:
        return _fernet().decrypt(bytes(row.seed))
    except InvalidToken:
        raise NotValid(
            "The authenticator was set up under another KEPT_SECRET; set it up again."
        ) from None


def _fernet() -> Fernet:
    digest = hashlib.sha256(f"authenticator:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
