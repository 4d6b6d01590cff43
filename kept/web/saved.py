"""/views: the saved views of a person; made, ordered, changed, deleted and brought back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kept import clock
from kept.records.queries.saved_views import saved_views, view_counts
from kept.services import saved_views as views
from kept.services.errors import NotFound
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in
from kept.web.workspace import counted


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def all_views(request: HttpRequest) -> HttpResponse:
    """Show one's views in their order, with counts; POST saves a new one."""
    who = agent_id(request)
    if request.method == "POST":
        audience, desk, team = _audience(request.POST.get("audience", "me"))
        query = request.POST.get("query", "")
        views.save_view(
            by=who, at=clock.now(), name=request.POST.get("name", ""), query=query,
            audience=audience, desk=desk, team=team,
        )  # fmt: skip
        return redirect(f"{reverse('queue')}?{views.canonical(query)}")
    found = saved_views(who)
    counts = view_counts(who, at=clock.now())
    deleted = request.GET.get("deleted", "")
    context = {
        "me": me(request),
        "views": tuple((view, counted(counts.get(view.id, 0))) for view in found),
        "deleted": int(deleted)
        if deleted.isascii() and deleted.isdigit() and len(deleted) < 18
        else 0,
    }
    return render(request, "queue/views.html", context)


@require_POST
@signed_in
def one_view(request: HttpRequest, number: int) -> HttpResponse:
    """Rename, share, move, delete or bring back one view."""
    who, now = agent_id(request), clock.now()
    match request.POST.get("do", ""):
        case "delete":
            views.delete_view(number, by=who, at=now)
            return redirect(f"{reverse('views')}?deleted={number}")
        case "bring-back":
            views.bring_back(number, by=who, at=now)
        case "up":
            views.move(number, by=who, steps=-1)
        case "down":
            views.move(number, by=who, steps=1)
        case "change":
            views.change_view(number, by=who, at=now, name=request.POST.get("name", ""))
        case _:
            raise NotFound("There is no such act.")
    return redirect(f"{reverse('views')}#view-{number}")


@require_POST
@signed_in
def order(request: HttpRequest) -> HttpResponse:
    """Take the order in which somebody dragged their views."""
    told = request.POST.get("order", "").split(",")[:100]
    views.arrange([int(one) for one in told if one.isascii() and one.isdigit() and len(one) < 18],
                  by=agent_id(request))  # fmt: skip
    return HttpResponse(status=204)


@require_safe
@signed_in
def counts(request: HttpRequest) -> HttpResponse:
    """Return the counts beside the saved views, each for its own place in the page."""
    found = view_counts(agent_id(request), at=clock.now())
    shown = {number: counted(count) for number, count in found.items()}
    return render(request, "queue/_view_counts.html", {"counts": shown})


def _audience(told: str) -> tuple[str, str, str]:
    kind, _, rest = told.partition(":")
    desk, _, team = rest.partition(":")
    return kind, desk, team
