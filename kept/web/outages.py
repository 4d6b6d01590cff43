"""GET and POST /outages: what is out of order on the reader's desks, opened and ended here."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from kept import clock
from kept.records.queries.outages import OutageView, may_declare, outages_of
from kept.services import outages as verbs
from kept.services.errors import NotValid
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One outage; `ends` says whether the reader may end it."""

    view: OutageView
    ends: bool


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def outages(request: HttpRequest) -> HttpResponse:
    """Show the latest outages; declare one."""
    if request.method == "POST":
        return _declare(request)
    reader, may = me(request), may_declare(agent_id(request))
    rows = tuple(
        Shown(view=row, ends=row.ended_at is None and row.desk in may)
        for row in outages_of(agent_id(request))
    )
    free = tuple(desk for desk in reader.desks if desk.slug in may and desk.outage is None)
    return render(
        request, "desks/outages.html", {"me": reader, "rows": rows, "free": free, "may": may}
    )


def _declare(request: HttpRequest) -> HttpResponse:
    desk = request.POST.get("desk", "")
    if not desk:
        raise NotValid("Choose the desk whose systems are out of order.")
    verbs.declare(
        desk, name=request.POST.get("name", ""), notice=request.POST.get("notice", ""),
        by=agent_id(request), at=clock.now(),
    )  # fmt: skip
    return redirect("outages")


@require_POST
@signed_in
def ending(request: HttpRequest, number: int) -> HttpResponse:
    """End an outage."""
    verbs.end(number, by=agent_id(request), at=clock.now())
    return redirect("outages")
