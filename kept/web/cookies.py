"""Who a stream belongs to: the session cookie, read without Django's request."""

from http.cookies import CookieError, SimpleCookie

from django.conf import settings

LONGEST = 8192


def session_key(cookies: str) -> str:
    """Return the session key of a Cookie header, empty where there is none."""
    if len(cookies) > LONGEST:
        return ""
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""
