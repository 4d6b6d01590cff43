"""/account: what proves me, where I am signed in, my tokens, how I like the pages.

Each form posts to a noun below it. What changes how one signs in wants a fresh session, so that
a screen left open is not enough.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import segno
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from kept import clock
from kept.records.queries.account import account as account_of
from kept.records.queries.providers import offered
from kept.services import (
    factors,
    identities,
    passkeys,
    passwords,
    preferences,
    sessions,
    tokens,
)
from kept.services.errors import DeskError, NotAllowed, NotValid
from kept.web.me import me
from kept.web.opening import begun_at
from kept.web.passkeys import answer_of, asked, challenge_of
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

FRESH = timedelta(hours=1)
MOST_DAYS = 366
Act = Callable[[HttpRequest], HttpResponse]


@require_safe
@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    return _page(request)


@sensitive_post_parameters("old", "new", "code")
@require_POST
@signed_in
def act(request: HttpRequest, noun: str) -> HttpResponse:
    """Change one thing of the account; what cannot be done is said where it was asked."""
    verb = ACTS.get(noun)
    if verb is None:
        raise Http404
    try:
        if noun in PROVING:
            _require_fresh(request)
        return verb(request)
    except DeskError as error:
        if error.status not in {403, 409, 422}:
            raise
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"problem": error.sentence}, status=error.status)
        return _page(request, problem=error.sentence, at_part=noun, status=error.status)


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    who, at = agent_id(request), clock.now()
    context = {
        "me": me(request), "problem": "", "at_part": "", "codes": (), "secret": "",
        "enrolment": None, "picture": "", "done": request.GET.get("done", "")[:20],
        "account": account_of(who, session=request.session.session_key or "", at=at),
        "factors": factors.factors_of(who), "scopes": tokens.SCOPES,
        "providers": offered(), "languages": preferences.LANGUAGES, "themes": preferences.THEMES,
    }  # fmt: skip
    return render(request, "account/page.html", {**context, **more}, status=status)


def _password(request: HttpRequest) -> HttpResponse:
    new = request.POST.get("new", "")
    if new != request.POST.get("again", ""):
        raise NotValid("The two new passwords differ.")
    passwords.change(
        agent_id(request), old=request.POST.get("old", ""), new=new,
        keep=request.session.session_key or "", at=clock.now(),
    )  # fmt: skip
    _stay(request)
    return redirect("/account?done=password")


def _stay(request: HttpRequest) -> None:
    """Keep the session whose person just changed the password it hangs on."""
    update_session_auth_hash(request, get_user_model().objects.get(pk=agent_id(request)))


def _authenticator(request: HttpRequest) -> HttpResponse:
    code = request.POST.get("code", "")
    if not code:
        return _enrol(request)
    try:
        codes = factors.confirm_authenticator(agent_id(request), code, at=clock.now())
    except NotValid as error:
        return _enrol(request, problem=error.sentence)
    return _page(request, codes=codes, at_part="authenticator")


def _enrol(request: HttpRequest, problem: str = "") -> HttpResponse:
    enrolment = factors.begin_authenticator(agent_id(request), at=clock.now())
    picture = segno.make(enrolment.address, error="m").svg_data_uri(
        scale=4, border=2, light="#fff"
    )
    return _page(
        request, enrolment=enrolment, picture=picture, problem=problem,
        at_part="authenticator", status=422 if problem else 200,
    )  # fmt: skip


def _no_authenticator(request: HttpRequest) -> HttpResponse:
    factors.remove_authenticator(agent_id(request), at=clock.now())
    return redirect("/account?done=authenticator")


def _codes(request: HttpRequest) -> HttpResponse:
    codes = factors.fresh_recovery_codes(agent_id(request), at=clock.now())
    return _page(request, codes=codes, at_part="recovery-codes")


def _passkey_question(request: HttpRequest) -> HttpResponse:
    return asked(passkeys.registration(agent_id(request)), request)


def _passkey(request: HttpRequest) -> HttpResponse:
    told = answer_of(request)
    codes = passkeys.add(
        agent_id(request), told.get("credential") or {}, challenge=challenge_of(request),
        name=str(told.get("name", "")), at=clock.now(),
    )  # fmt: skip
    return JsonResponse({"codes": codes})


def _no_passkey(request: HttpRequest) -> HttpResponse:
    passkeys.remove(_number(request, "passkey"), by=agent_id(request), at=clock.now())
    return redirect("/account?done=passkey")


def _sessions(request: HttpRequest) -> HttpResponse:
    who, at = agent_id(request), clock.now()
    if request.POST.get("which") == "others":
        sessions.end_others(request.session.session_key or "", by=who, at=at)
    else:
        sessions.end_one(request.POST.get("which", ""), by=who, at=at)
    return redirect("/account?done=session")


def _token(request: HttpRequest) -> HttpResponse:
    days = request.POST.get("days", "")
    lasts = int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0
    if not 1 <= lasts <= MOST_DAYS:
        raise NotValid(f"A token lasts 1 to {MOST_DAYS} days.")
    desk, _, role = request.POST.get("place", "").partition(" ")
    made = tokens.create(
        desk, role=role, name=request.POST.get("name", ""), at=clock.now(),
        lasts=timedelta(days=lasts), scopes=request.POST.getlist("scope"),
        owner=agent_id(request),
    )  # fmt: skip
    return _page(request, secret=made.secret, at_part="tokens")


def _no_token(request: HttpRequest) -> HttpResponse:
    tokens.revoke_own(_number(request, "token"), by=agent_id(request), at=clock.now())
    return redirect("/account?done=token")


def _no_identity(request: HttpRequest) -> HttpResponse:
    identities.unlink(_number(request, "identity"), by=agent_id(request), at=clock.now())
    return redirect("/account?done=identity")


def _preferences(request: HttpRequest) -> HttpResponse:
    theme, keys = request.POST.get("theme", ""), request.POST.get("single_keys") == "yes"
    preferences.save(
        agent_id(request), language=request.POST.get("language", ""), theme=theme,
        single_keys=keys, at=clock.now(),
    )  # fmt: skip
    request.session["likes"] = {"theme": theme, "single_keys": keys}
    return redirect("/account?done=preferences")


ACTS: dict[str, Act] = {
    "password": _password,
    "authenticator": _authenticator,
    "authenticator-removal": _no_authenticator,
    "recovery-codes": _codes,
    "passkey-question": _passkey_question,
    "passkeys": _passkey,
    "passkey-removal": _no_passkey,
    "sessions": _sessions,
    "tokens": _token,
    "token-removal": _no_token,
    "identity-removal": _no_identity,
    "preferences": _preferences,
}
PROVING = {
    "authenticator", "authenticator-removal", "recovery-codes", "passkey-question", "passkeys",
    "passkey-removal", "tokens", "identity-removal",
}  # fmt: skip
"""Nouns that change how one signs in."""


def _require_fresh(request: HttpRequest) -> None:
    begun = begun_at(request)
    if begun is None or clock.now() - begun > FRESH:
        raise NotAllowed(
            "You signed in a while ago. Sign out and in again, then change how you sign in."
        )


def _number(request: HttpRequest, name: str) -> int:
    told = request.POST.get(name, "")
    if not (told.isascii() and told.isdigit() and len(told) < 18):
        raise NotValid("Choose one of the list.")
    return int(told)
