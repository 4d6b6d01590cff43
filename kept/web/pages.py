"""/pages: calls that somebody must acknowledge; the link of a page's mail leads here."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from kept import clock
from kept.records.queries.pages import pages_of
from kept.services import paging
from kept.web.availability import number as whole
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in


@require_safe
@signed_in
def pages(request: HttpRequest) -> HttpResponse:
    """Show the pages of the reader's desks, the unanswered first."""
    rows = pages_of(agent_id(request))
    return render(request, "desks/pages.html", {"me": me(request), "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def page(request: HttpRequest, number: int) -> HttpResponse:
    """Show one page; acknowledge it, or note how a telephone call went."""
    rows = pages_of(agent_id(request), page=number) if number < 2**63 else ()
    if not rows:
        raise Http404
    if request.method != "POST":
        return render(request, "desks/pages.html", {"me": me(request), "rows": rows})
    at, called = clock.now(), request.POST.get("try", "")
    if called:
        known = {one.id for one in rows[0].tries}
        if whole(called) not in known:
            raise Http404
        paging.note_call(
            whole(called) or 0, by=agent_id(request), at=at, result=request.POST.get("result", "")
        )
    else:
        paging.acknowledge(number, by=agent_id(request), at=at)
    return redirect("page", number)
