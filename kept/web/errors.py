"""Foreseen failures become pages: what happened, in plain words, and the next act.

Whatever does not exist and whatever is not for this reader get one and the same answer, byte
for byte, so that nobody learns what exists by asking for it.
"""

import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from kept.services.errors import DeskError

TITLES = {
    400: "The desk could not read that",
    403: "Not yours to do",
    409: "Not now",
    422: "Something is missing",
}


class SaidErrors:
    """Turns a DeskError that no view has answered into a page with its sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Http404) or (isinstance(error, DeskError) and error.status == 404):
            return nothing_here(request, error)
        if isinstance(error, DeskError) and error.status < 500:
            return said(error.status, error.sentence)
        return None


def said(status: int, sentence: str, title: str = "") -> HttpResponse:
    """Return the page of a foreseen failure."""
    heading = title or TITLES.get(status, "The desk could not do that")
    page = render_to_string("shared/said.html", {"title": heading, "sentence": sentence})
    return HttpResponse(page, status=status)


def nothing_here(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the one answer to everything that is not there for this reader."""
    sentence = (
        "There is no such page, or it belongs to a desk you are not a member of. "
        "Check the number, or ask a lead of that desk to add you."
    )
    return said(404, sentence, "Nothing here")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the answer to a request that cannot be read."""
    return said(400, "The address or the form could not be read. Go back and try again.")


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the answer to a form without a valid token: left open too long, or not ours."""
    sentence = (
        "This form was open for too long or did not come from this desk, so nothing was done. "
        "Go back, reload the page and send it again; the text you wrote is still there."
    )
    return said(403, sentence, "Send it once more")


def our_fault(request: HttpRequest) -> HttpResponse:
    """Return the answer to a bug of ours: it is in the log, and nothing was half done."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return database_away()
    sentence = (
        "The desk failed while making this page. Nothing was half done: each act is saved whole "
        "or not at all. Go back and try again; if it stays, tell whoever runs this desk the time."
    )
    return said(500, sentence, "Our mistake")


def database_away() -> HttpResponse:
    """Return the answer while the database does not: 503, and when to try again."""
    sentence = (
        "The desk cannot reach its database just now. Nothing is lost: what was sent before is "
        "kept, and mail waits with its sender. Try again in a few seconds."
    )
    response = said(503, sentence, "One moment")
    response["Retry-After"] = "5"
    return response
