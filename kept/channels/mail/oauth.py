"""OAuth2 for mail servers: access tokens, renewed before they end.

A client with a refresh token acts for the person who gave it; one without acts for itself
(client credentials). Some providers give a new refresh token with each access token and let
the old one die after some weeks: whoever keeps the client is handed the new one.

Tokens are asked for over verified TLS and never follow a redirect; plain HTTP only on loopback.
"""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPMessage
from typing import IO
from urllib.parse import urlencode, urlsplit

import msgspec

TIMEOUT_SECONDS = 15
LARGEST_ANSWER = 100_000
RENEW_BEFORE = timedelta(seconds=90)


class OAuthFailed(Exception):
    """No access token: the sentence says why, without any secret in it."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """What the mail provider gave us for one mailbox; kept as the mailbox's secret."""

    token_url: str
    client_id: str
    refresh_token: str = ""
    client_secret: str = ""
    scope: str = ""


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int | str = 3600
    refresh_token: str = ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: HTTPMessage, newurl: str,
    ) -> None:  # fmt: skip
        """Follow nothing: a redirect would carry the secret elsewhere."""


class Tokens:
    """The access token of one mailbox, asked for again when it nears its end."""

    def __init__(
        self,
        client: Client,
        *,
        now: Callable[[], datetime],
        keep: Callable[[Client], None] = lambda _: None,
    ) -> None:
        _require_safe(client.token_url)
        self._client = client
        self._now = now
        self._keep = keep
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at: datetime | None = None

    def current(self) -> str:
        """Return a token that holds for a while yet; raise OAuthFailed when there is none."""
        with self._lock:
            if self._renew_at is None or self._now() >= self._renew_at:
                granted = _ask(self._client)
                self._token = granted.access_token
                if granted.refresh_token not in ("", self._client.refresh_token):
                    self._client = msgspec.structs.replace(
                        self._client, refresh_token=granted.refresh_token
                    )
                    self._keep(self._client)
                lifetime = timedelta(seconds=int(granted.expires_in))
                self._renew_at = self._now() + max(lifetime - RENEW_BEFORE, timedelta(0))
            return self._token


def client_from_secret(secret: bytes | str) -> Client:
    """Read a mailbox's secret; raise OAuthFailed where it is not what a provider gives."""
    try:
        client = msgspec.json.decode(secret, type=Client)
    except msgspec.DecodeError as problem:
        raise OAuthFailed(f"The mailbox's OAuth settings cannot be read: {problem}.") from None
    if not client.refresh_token and not client.client_secret:
        raise OAuthFailed("The OAuth settings need a refresh_token or a client_secret.")
    return client


def _require_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"):
        return
    raise OAuthFailed("The token address must begin with https:// .")


def _ask(client: Client) -> _Granted:
    form = {"grant_type": "client_credentials", "client_id": client.client_id}
    if client.refresh_token:
        form |= {"grant_type": "refresh_token", "refresh_token": client.refresh_token}
    if client.client_secret:
        form["client_secret"] = client.client_secret
    if client.scope:
        form["scope"] = client.scope
    request = urllib.request.Request(
        client.token_url,
        data=urlencode(form).encode("ascii"),
        headers={"Accept": "application/json"},
    )
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            granted = msgspec.json.decode(answer.read(LARGEST_ANSWER), type=_Granted)
    except urllib.error.HTTPError as refused:
        reason = _reason(refused.read(LARGEST_ANSWER))
        raise OAuthFailed(f"The provider gives no token: {refused.code} {reason}") from None
    except (OSError, msgspec.DecodeError) as problem:
        raise OAuthFailed(f"The provider gives no token: {type(problem).__name__}.") from None
    return granted


def _reason(answer: bytes) -> str:
    """Return the provider's error code, such as `invalid_grant`; never its whole answer."""
    try:
        told = json.loads(answer)
    except ValueError:
        return ""
    code = told.get("error") if isinstance(told, dict) else None
    return code[:60] if isinstance(code, str) else ""
