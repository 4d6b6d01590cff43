"""GET /: the workspace with the queue and no ticket open."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries.queue import queue_page
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in
from kept.web.workspace import filter_of, workspace


@require_safe
@signed_in
def queue(request: HttpRequest) -> HttpResponse:
    """Show what the desk owes next."""
    context = workspace_context(request)
    return render(request, "queue/page.html", context, parts={"queue": "queue/_queue.html"})


def workspace_context(request: HttpRequest, open_ticket: int | None = None) -> dict[str, Any]:
    """Return what the left and the middle pane need, for any page that shows them."""
    asked = filter_of(request.GET.dict())
    page = queue_page(
        agent_id(request), asked.filter, at=clock.now(), cursor=request.GET.get("cursor")
    )
    return {
        "queue": workspace(page, asked, open_ticket),
        "filter": asked.filter,
        "me": me(request, page.desks, page.unseen),
    }
