"""OpenID Connect, the code flow with PKCE: what a relying party must check, and nothing else.

The keys and addresses come from the issuer's own discovery document, fetched through the guard
that keeps requests from reaching inside. Only asymmetric signatures count: a token signed with
"none", or with a secret everybody knows, proves nobody.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kept.channels.egress import NotFetched, exchange
from kept.channels.sign_on.proving import NotProven, Waiting
from kept.services.identities import Claims, Provider

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
SKEW_SECONDS = 120
OLDEST_SECONDS = 600
Exchange = Callable[..., bytes]


def begin(provider: Provider, waiting: Waiting, *, back: str) -> str:
    """Return where the browser goes to prove who it is."""
    found = _discovery(provider)
    challenge = hashlib.sha256(waiting.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": provider.client,
        "redirect_uri": back,
        "scope": "openid email profile",
        "state": waiting.state,
        "nonce": waiting.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    at = str(found["authorization_endpoint"])
    return f"{at}{'&' if '?' in at else '?'}{urlencode(query)}"


def new_words() -> tuple[str, str, str]:
    """Return a fresh state, nonce and verifier."""
    return secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)


def finish(provider: Provider, waiting: Waiting, *, code: str, back: str, at: datetime) -> Claims:
    """Trade the code for an id token and return what it proves; raise NotProven."""
    found = _discovery(provider)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": waiting.verifier,
    }
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if provider.secret:
        pair = f"{quote(provider.client, safe='')}:{quote(provider.secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form["client_id"] = provider.client
    answer = _json(str(found["token_endpoint"]), urlencode(form).encode(), headers)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise NotProven("no id token")
    return _checked(provider, token, _json(str(found["jwks_uri"])), waiting.nonce, at)


def _checked(
    provider: Provider, token: str, keys: dict[str, Any], nonce: str, at: datetime
) -> Claims:
    try:
        told = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]  # the key set is JSON from outside; joserfc checks it
    except (JoseError, ValueError, KeyError, TypeError) as wrong:
        raise NotProven(f"id token: {wrong}") from wrong
    audience = told.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    now = at.timestamp()
    issued, ends = told.get("iat"), told.get("exp")
    if told.get("iss") != provider.issuer:
        raise NotProven("another issuer")
    if provider.client not in audiences:
        raise NotProven("another audience")
    if (len(audiences) > 1 or "azp" in told) and told.get("azp") != provider.client:
        raise NotProven("another party was authorised")
    if not isinstance(ends, int | float) or now > ends + SKEW_SECONDS:
        raise NotProven("out of date")
    if not isinstance(issued, int | float) or abs(now - issued) > OLDEST_SECONDS + SKEW_SECONDS:
        raise NotProven("not made just now")
    if not hmac.compare_digest(str(told.get("nonce", "")).encode(), nonce.encode()):
        raise NotProven("another nonce")
    subject = told.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise NotProven("no subject")
    groups = told.get("groups")
    return Claims(
        issuer=provider.issuer,
        subject=subject,
        email=str(told.get("email", ""))[:254],
        email_verified=told.get("email_verified") is True,
        name=str(told.get("name", ""))[:200],
        groups=tuple(str(each)[:200] for each in groups[:500]) if isinstance(groups, list) else (),
    )


def _discovery(provider: Provider) -> dict[str, Any]:
    found = _json(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise NotProven("the discovery document is another issuer's")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(found.get(name), str):
            raise NotProven(f"the discovery document names no {name}")
    return found


def _json(
    address: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    try:
        told = json.loads(exchange(address, body=body, headers=headers or {}))
    except (NotFetched, ValueError, RecursionError) as wrong:
        raise NotProven(f"no usable answer: {wrong}") from wrong
    if not isinstance(told, dict):
        raise NotProven("an answer that is no object")
    return told
