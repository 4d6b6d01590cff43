"""NUL is in no text: what an address or a form says is read without it.

PostgreSQL keeps no NUL, so one would fell the statement it reaches. The API refuses it itself.
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict

NUL = "\0"


class WithoutNul:
    """Drops NUL from query and form; an address with one in it leads nowhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Clean what pages read; whatever takes its body raw reads it by itself."""
        if getattr(view, "csrf_exempt", False):
            return
        if NUL in request.path:
            raise Http404
        request.GET = _clean(request.GET)  # type: ignore[assignment]  # as Django sets it
        if request.method == "POST":
            request.POST = _clean(request.POST)  # type: ignore[assignment]  # as Django sets it


def _clean(told: QueryDict) -> QueryDict:
    if not any(NUL in text for name, texts in told.lists() for text in (name, *texts)):
        return told
    cleaned = QueryDict(mutable=True)
    for name, texts in told.lists():
        cleaned.setlist(name.replace(NUL, ""), [text.replace(NUL, "") for text in texts])
    return cleaned
