"""GET /tags and POST /tags/N: the words of one's desks, renamed or offered no more."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from kept import clock
from kept.records.queries.tags import tags_page
from kept.services import tagging
from kept.services.errors import DeskError
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in


@require_safe
@signed_in
def tag_list(request: HttpRequest) -> HttpResponse:
    """Show every tag of the reader's desks."""
    return _page(request)


@require_POST
@signed_in
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Rename a tag or retire it, as the pressed button says."""
    by, at = agent_id(request), clock.now()
    try:
        if request.POST.get("do") == "retire":
            tagging.retire_tag(number, by=by, at=at)
        else:
            tagging.rename_tag(number, by=by, at=at, name=request.POST.get("name", ""))
    except DeskError as error:
        if error.status not in {403, 409, 422}:
            raise
        return _page(request, wrong=error.sentence, status=error.status)
    return redirect("tags")


def _page(request: HttpRequest, wrong: str = "", status: int = 200) -> HttpResponse:
    context = {"me": me(request), "tags": tags_page(agent_id(request)), "wrong": wrong}
    return render(request, "tags/page.html", context, status=status)
