"""GET and POST /quarantine: mail that could not be read waits here for a person."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.queries.desk_pages import quarantine_page
from kept.records.queries.views import QuarantineRow
from kept.services import quarantine as verbs
from kept.services.errors import NotValid
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    row: QuarantineRow
    zone: str


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def quarantine(request: HttpRequest) -> HttpResponse:
    """Show what is held back; try it again, or set it aside."""
    if request.method == "POST":
        return _decide(request)
    reader = me(request)
    zones = {desk.slug: desk.zone for desk in reader.desks}
    rows = tuple(
        Held(row=row, zone=zones.get(row.desk, "UTC"))
        for row in quarantine_page(agent_id(request))
    )
    return render(request, "mail/quarantine.html", {"me": reader, "rows": rows})


def _decide(request: HttpRequest) -> HttpResponse:
    verb = {"again": verbs.try_again, "discard": verbs.discard}.get(
        request.POST.get("decision", "")
    )
    raw = request.POST.get("raw", "")
    if verb is None or not (raw.isascii() and raw.isdigit() and len(raw) < 18):
        raise NotValid("Try it again or set it aside.")
    verb(int(raw), by=agent_id(request), at=clock.now())
    return redirect("quarantine")
