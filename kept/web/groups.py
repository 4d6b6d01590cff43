"""GET and POST /households/N and /organisations/N, and their lists."""

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from kept import clock
from kept.records.queries.groups import PAGE, GroupPageView, group_page, groups_like
from kept.services import groups as verbs
from kept.services.errors import DeskError
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

TITLES = {"household": "Households", "organisation": "Organisations"}


@require_safe
@signed_in
def every(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the groups of one kind on the reader's desks."""
    words = request.GET.get("words", "").strip()[:200]
    rows = groups_like(agent_id(request), kind, words=words, after=request.GET.get("after", ""))
    context = {
        "me": me(request), "rows": rows, "words": words, "kind": kind, "title": TITLES[kind],
        "more": rows[-1].name if len(rows) == PAGE else "",
    }  # fmt: skip
    return render(request, "people/groups.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def one(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """Show a group with its people; change its name and notes, add and end a part in it."""
    view = group_page(agent_id(request), kind, number)
    if view is None:
        raise Http404
    problem, status = "", 200
    if request.method == "POST":
        try:
            _do(request, view)
            return redirect(kind, number)
        except DeskError as error:
            if error.status not in {403, 404, 409, 422}:
                raise
            problem, status = error.sentence, 422 if error.status == 404 else error.status
    context = {
        "me": me(request), "view": view, "roles": verbs.ROLES, "problem": problem,
        "posted": request.POST.dict() if request.method == "POST" else {},
    }  # fmt: skip
    return render(request, "people/group.html", context, status=status)


def _do(request: HttpRequest, view: GroupPageView) -> None:
    by, at, posted = agent_id(request), clock.now(), request.POST
    told = posted.get("customer", "").strip().lstrip("#")
    customer = int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0
    is_home = view.kind == "household"
    match posted.get("act"):
        case "join":
            join = (
                partial(verbs.join_household, role=posted.get("role", ""))
                if is_home
                else partial(verbs.join_organisation, title=posted.get("role", ""))
            )
            join(view.id, customer=customer, by=by, at=at)
        case "leave" if is_home:
            role = posted.get("role", "")
            verbs.leave_household(view.id, customer=customer, role=role, by=by, at=at)
        case "leave":
            verbs.leave_organisation(view.id, customer=customer, by=by, at=at)
        case _ if is_home:
            verbs.change_household(
                view.id, by=by, name=posted.get("name", ""), notes=posted.get("notes", "")
            )
        case _:
            verbs.change_organisation(
                view.id, by=by, name=posted.get("name", ""), notes=posted.get("notes", ""),
                domain=posted.get("domain", ""),
            )  # fmt: skip
