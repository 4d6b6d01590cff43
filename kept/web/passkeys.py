"""Passkeys at the door: the browser's question and its answer, both JSON.

The challenge waits in a signed, short-lived cookie: nothing is stored for strangers.
"""

import json
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.http import require_POST

from kept import clock
from kept.services import passkeys, sign_ins
from kept.services.passkeys import Options
from kept.web.opening import open_session

COOKIE = "kept-challenge"
SALT = "kept.passkey"
LARGEST = 20_000
REFUSED = "This passkey does not open this desk. Sign in with your password instead."


@require_POST
def options(request: HttpRequest) -> HttpResponse:
    """Answer what the browser needs to offer a passkey."""
    return asked(passkeys.sign_in_options(), request)


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Open a session for whoever's passkey answered."""
    at = clock.now()
    source = request.META.get("REMOTE_ADDR", "")
    tried = sign_ins.begin_try("a passkey", source=source, at=at, shared=True)
    told = answer_of(request)
    challenge = challenge_of(request)
    agent = passkeys.sign_in(told, challenge=challenge, at=at) if told and challenge else None
    if agent is None or tried.is_held:
        return JsonResponse({"problem": REFUSED}, status=422)
    sign_ins.passed(tried, by=agent)
    request.session.flush()
    open_session(request, agent, method="passkey", at=at)
    response = JsonResponse({"to": "/"})
    response.delete_cookie(COOKIE)
    return response


def asked(question: Options, request: HttpRequest) -> HttpResponse:
    """Answer a question of the browser and keep its challenge in the cookie."""
    response = HttpResponse(question.json, content_type="application/json")
    response.set_cookie(
        COOKIE, signing.dumps(question.challenge, salt=SALT),
        max_age=int(passkeys.LASTS.total_seconds()), httponly=True, samesite="Strict",
        secure=request.is_secure(),
    )  # fmt: skip
    return response


def challenge_of(request: HttpRequest) -> str:
    """Return the challenge that this browser was given, empty where it is too old or forged."""
    try:
        kept: Any = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=passkeys.LASTS
        )
    except signing.BadSignature:
        return ""
    return str(kept)


def answer_of(request: HttpRequest) -> dict[str, Any]:
    """Return the browser's answer, empty where it is no JSON object."""
    try:
        if len(request.body) > LARGEST:
            return {}
        told = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException):
        return {}
    return told if isinstance(told, dict) else {}
