"""Secrets at rest: sealed with the installation's own, a key for each purpose."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from kept.services.errors import NotValid


def seal(purpose: str, secret: str) -> bytes:
    """Return a secret as it may be stored."""
    return _fernet(purpose).encrypt(secret.encode())


def unseal(purpose: str, sealed: bytes | memoryview) -> str:
    """Return a stored secret; raise NotValid where it was sealed under another KEPT_SECRET."""
    try:
        return _fernet(purpose).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise NotValid(
            f"The secret of this {purpose} was kept under another KEPT_SECRET; enter it again."
        ) from None


def _fernet(purpose: str) -> Fernet:
    digest = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
