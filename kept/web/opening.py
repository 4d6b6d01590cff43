"""Opening a session: the one place where somebody becomes signed in, however they proved it.

The key changes, so a session that was fixed beforehand is worth nothing, and the row tells the
person afterwards where they are signed in.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from kept.records.queries.account import preference
from kept.records.session_store import ABOUT
from kept.services import access_log, sessions
from kept.services.sign_ins import source_of

BACKEND = "kept.services.people.ByAddress"
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip


def open_session(request: HttpRequest, agent: int, *, method: str, at: datetime) -> None:
    """Sign somebody in under a new key."""
    user = get_user_model().objects.get(pk=agent)
    likes = preference(agent)
    login(request, user, backend=BACKEND)
    request.session[ABOUT] = {
        "method": method,
        "source": source_of(str(request.META.get("REMOTE_ADDR", ""))),
        "device": device_of(request.headers.get("User-Agent", "")),
        "begun_at": at.isoformat(),
    }
    request.session["likes"] = {"theme": likes.theme, "single_keys": likes.single_keys}
    access_log.write("signed_in", by=agent, whom=agent, at=at, method=method)
    sessions.forget_ended(at=at)


def device_of(told: str) -> str:
    """Return a browser and a system in words; nothing of what was told is shown as it is."""
    browser = next((name for mark, name in BROWSERS if mark in told), "Another browser")
    system = next((name for mark, name in SYSTEMS if mark in told), "")
    return f"{browser} on {system}" if system else browser


def begun_at(request: HttpRequest) -> datetime | None:
    """Return when the present session was opened."""
    about: dict[str, Any] = request.session.get(ABOUT) or {}
    return datetime.fromisoformat(about["begun_at"]) if about.get("begun_at") else None


def go_on(request: HttpRequest, after: str) -> HttpResponse:
    """Return to the place somebody came from, never another site."""
    safe = url_has_allowed_host_and_scheme(after, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(after if after and safe else settings.LOGIN_REDIRECT_URL)
