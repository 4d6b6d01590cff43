"""Sign in and out. One answer for every wrong pair, in the same time.

A password of somebody with a second factor opens nothing yet: it leaves a session that may only
ask for that factor, and that for ten minutes.
"""

import time
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kept import clock
from kept.records.queries.providers import offered
from kept.records.session_store import ABOUT
from kept.services import access_log, factors, sessions, sign_ins
from kept.web.opening import go_on, open_session
from kept.web.render import render

WRONG = (
    "This address and password do not belong together. Check both, or ask a lead to reset it. "
    "After many wrong tries even the right pair is answered so, for a quarter of an hour."
)
WRONG_CODE = (
    "This code is not right, or was used already. Wait for the next one, or use one of your "
    "recovery codes. After many wrong tries even a right one is answered so for a while."
)
PENDING, PENDING_LASTS = "pending", timedelta(minutes=10)
SEEN_SECONDS = 60.0
_seen: dict[str, float] = {}


class View(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **names: Any) -> HttpResponseBase: ...


def signed_in(view: View) -> View:
    """Let only people who are signed in reach a view; others come back to it after signing in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **names: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            _note_seen(request)
            return view(request, *args, **names)
        if getattr(request, "htmx", None):
            response = HttpResponse(status=401)
            response["HX-Redirect"] = settings.LOGIN_URL
            return response
        return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")

    return guarded


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form; open a session, or ask for the second factor."""
    after = request.POST.get("next", request.GET.get("next", ""))
    if request.method != "POST":
        return _form(request, after)
    address = request.POST.get("address", "").strip()[:254]
    at = clock.now()
    tried = sign_ins.begin_try(address, source=request.META.get("REMOTE_ADDR", ""), at=at)
    # A held try costs the same work, so that nobody can tell it from a wrong one.
    agent = authenticate(request, username=address, password=request.POST.get("password", ""))
    if agent is None or tried.is_held:
        return _form(request, after, address=address, problem=WRONG, status=422)
    sign_ins.passed(tried, by=agent.pk)
    if factors.factors_of(agent.pk).is_asked:
        request.session.flush()
        request.session[PENDING] = {"agent": agent.pk, "at": at.isoformat(), "next": after}
        request.session.set_expiry(int(PENDING_LASTS.total_seconds()))
        return redirect("second-factor")
    open_session(request, agent.pk, method="password", at=at)
    return go_on(request, after)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of somebody whose password was right."""
    at = clock.now()
    pending = _pending(request, at)
    if pending is None:
        return redirect(settings.LOGIN_URL)
    agent = int(pending["agent"])
    has = factors.factors_of(agent)
    if request.method != "POST":
        return render(request, "sign_in/second.html", {"has": has, "problem": ""})
    source = request.META.get("REMOTE_ADDR", "")
    tried = sign_ins.begin_try(f"second factor of {agent}", source=source, at=at)
    is_right = factors.check(agent, request.POST.get("code", "")[:60], at=at)
    if tried.is_held or not is_right:
        context = {"has": has, "problem": WRONG_CODE}
        return render(request, "sign_in/second.html", context, status=422)
    sign_ins.passed(tried, by=agent)
    request.session.flush()
    open_session(request, agent, method="password and code", at=at)
    return go_on(request, str(pending["next"]))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server."""
    if request.user.is_authenticated:
        who = request.user.pk
        access_log.write("signed_out", by=who, whom=who, at=clock.now())
    logout(request)
    return redirect(settings.LOGIN_URL)


def _pending(request: HttpRequest, at: datetime) -> dict[str, Any] | None:
    """Return whose password this browser gave right just now, None where nobody did."""
    pending: dict[str, Any] | None = request.session.get(PENDING)
    if pending is None or at - datetime.fromisoformat(pending["at"]) > PENDING_LASTS:
        return None
    return pending


def _form(
    request: HttpRequest, after: str, *, address: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"address": address, "problem": problem, "next": after, "providers": offered()}
    return render(request, "sign_in/page.html", context, status=status)


def _note_seen(request: HttpRequest) -> None:
    """Note that a session is in use, once a minute in each process."""
    key = request.session.session_key or ""
    if not key or ABOUT not in request.session:
        return
    now = time.monotonic()
    if now - _seen.get(key, -SEEN_SECONDS) >= SEEN_SECONDS:
        if len(_seen) > 10_000:
            _seen.clear()
        _seen[key] = now
        sessions.seen(key, at=clock.now())
