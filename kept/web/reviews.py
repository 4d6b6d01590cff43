"""/admin/review: each membership of a desk is confirmed or ended, with who did it as evidence."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.compiled import policy_by_hash
from kept.records.queries.members import reviews as reviews_of
from kept.services import access_reviews
from kept.web.admin import chosen, number, tabs, tried
from kept.web.me import me
from kept.web.render import render
from kept.web.sign_in import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def review(request: HttpRequest) -> HttpResponse:
    """Show the latest reviews of a desk; begin one, decide one membership."""
    reader = me(request)
    desk, desks = chosen(request, reader, "manage_access")
    problem, status = "", 200
    if request.method == "POST":
        at = clock.now()
        if request.POST.get("noun") == "review":
            _, problem, status = tried(
                lambda: access_reviews.begin(desk.slug, by=reader.id, at=at)
            )
        else:
            keep = request.POST.get("decision") == "kept"
            _, problem, status = tried(
                lambda: access_reviews.decide(
                    number(request, "row"), keep=keep, by=reader.id, at=at
                )
            )
        if not problem:
            return redirect(f"/admin/review?desk={desk.slug}")
    found = reviews_of(reader.id, desk.slug)
    if found is None or desk.policy_hash is None:
        raise Http404
    rule = access_reviews.cadence_of(policy_by_hash(desk.policy_hash))
    context = {
        "me": reader, "desk": desk, "tabs": tabs("/admin/review", desks, desk),
        "open": next((one for one in found if one.done_at is None), None),
        "done": tuple(one for one in found if one.done_at is not None),
        "clause": rule.because.clause if rule else "", "problem": problem,
    }  # fmt: skip
    return render(request, "access/review.html", context, status=status)
