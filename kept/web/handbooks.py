"""GET /sop/D: the living handbook."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries.desks import handbook
from kept.web.book import book
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in


@require_safe
@signed_in
def sop(request: HttpRequest, desk: str) -> HttpResponse:
    """Show the SOP a desk runs as people read it, with how each clause was kept."""
    view = handbook(agent_id(request), desk, clock.now())
    if view is None:
        raise Http404
    return render(request, "sops/page.html", {"book": book(view), "me": me(request)})
