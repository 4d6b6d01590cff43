"""Sign in and out. One answer for every wrong pair, in the same time."""

from functools import wraps
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kept import clock
from kept.services import sign_ins
from kept.web.render import render

WRONG = (
    "This address and password do not belong together. Check both, or ask a lead to reset it. "
    "After many wrong tries even the right pair is answered so, for a quarter of an hour."
)


class View(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **names: Any) -> HttpResponseBase: ...


def signed_in(view: View) -> View:
    """Let only people who are signed in reach a view; others come back to it after signing in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **names: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
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
    """Show the form, or open a session with a new key."""
    after = request.POST.get("next", request.GET.get("next", ""))
    if request.method != "POST":
        return _form(request, after)
    address = request.POST.get("address", "").strip()[:254]
    tried = sign_ins.begin_try(address, source=request.META.get("REMOTE_ADDR", ""), at=clock.now())
    # A held try costs the same work, so that nobody can tell it from a wrong one.
    agent = authenticate(request, username=address, password=request.POST.get("password", ""))
    if agent is None or tried.is_held:
        return _form(request, after, address=address, problem=WRONG, status=422)
    sign_ins.passed(tried, by=agent.pk)
    login(request, agent)
    return HttpResponseRedirect(_inside(request, after))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server."""
    logout(request)
    return redirect(settings.LOGIN_URL)


def _form(
    request: HttpRequest, after: str, *, address: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"address": address, "problem": problem, "next": after}
    return render(request, "sign_in/page.html", context, status=status)


def _inside(request: HttpRequest, after: str) -> str:
    """Return the place to go to, never another site."""
    safe = url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure())
    return after if after and safe else "/"
