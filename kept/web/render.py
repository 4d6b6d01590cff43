"""Rendering: the same address gives the page or, to htmx, the part that its target names."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from kept import clock


def render(
    request: HttpRequest,
    page: str,
    context: dict[str, Any],
    *,
    parts: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return the page, or the template that `parts` names for htmx's target element."""
    target = wanted_part(request)
    template = (parts or {}).get(target, page)
    session = getattr(request, "session", None)
    likes = (session.get("likes") if session is not None else None) or {}
    shared = {
        "now": clock.now(),
        "here": request.path,
        "theme": likes.get("theme", ""),
        "me": None,
        "single_keys": likes.get("single_keys", True),
    }
    body = render_to_string(template, {**shared, **context}, request=request)
    response = HttpResponse(body, status=status)
    response["Vary"] = "HX-Request, HX-Target, Cookie"
    return response


def wanted_part(request: HttpRequest) -> str:
    """Return the id of the element htmx will replace, empty for a whole page."""
    htmx = getattr(request, "htmx", None)
    if not htmx or htmx.history_restore_request:
        return ""
    return htmx.target or ""


def agent_id(request: HttpRequest) -> int:
    """Return who is signed in; views behind `signed_in` only."""
    user = request.user
    assert not isinstance(user, AnonymousUser)
    return int(user.pk)
