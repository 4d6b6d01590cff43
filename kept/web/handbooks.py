"""GET /sop/D: the living handbook."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from kept import clock
from kept.policy import rights
from kept.records.queries.articles import by_clause
from kept.records.queries.desks import handbook
from kept.records.queries.members import signed_at, unsigned
from kept.records.queries.views import HandbookView
from kept.services import signing
from kept.services.errors import Conflict
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
    return _page(request, view)


@require_POST
@signed_in
def sign(request: HttpRequest, desk: str) -> HttpResponse:
    """Put the reader's name under the version in force."""
    view = handbook(agent_id(request), desk, clock.now())
    if view is None:
        raise Http404
    try:
        signing.sign(
            view.desk.id, version=request.POST.get("hash", ""), by=agent_id(request),
            at=clock.now(),
        )  # fmt: skip
    except Conflict as newer:
        return _page(request, view, problem=newer.sentence, status=409)
    return redirect(f"/sop/{desk}#signature")


def _page(
    request: HttpRequest, view: HandbookView, *, problem: str = "", status: int = 200
) -> HttpResponse:
    reader = me(request)
    rule = rights.signing_rule(view.policy)
    leads = rights.may(view.policy, view.desk.roles, "manage_access")
    context = {
        "book": book(view, by_clause(reader.id, view.desk.id)), "me": reader, "problem": problem,
        "signing": rule.because.clause if rule else "",
        "signed_at": signed_at(reader.id, view.desk.id, view.hash) if rule else None,
        "unsigned": unsigned(view.desk.id, view.hash) if rule and leads else (),
    }  # fmt: skip
    return render(request, "sops/page.html", context, status=status)
