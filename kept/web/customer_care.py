"""/customers/duplicates and /customers/reviews: what keeps the books of people true."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.compiled import policy_by_hash
from kept.records.queries.customer_pairs import pair_of, pairs_to_judge
from kept.records.queries.desks import desk_of
from kept.records.queries.profile_reviews import ReviewView, reviews_due
from kept.services import cadences, duplicates, merging_customers, personal_reads
from kept.services.errors import DeskError
from kept.web import forms
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

REASONS = {
    "number": "the same number", "mailbox": "the same mailbox",
    "organisation": "a like name in one organisation", "name": "the same name",
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def pairs(request: HttpRequest) -> HttpResponse:
    """Show look-alikes side by side; merge them, or say that they are two people."""
    who, at = agent_id(request), clock.now()
    problem, status = "", 200
    if request.method == "POST":
        try:
            return _judge(request)
        except DeskError as error:
            if error.status not in {403, 409, 422}:
                raise
            problem, status = error.sentence, error.status
    one, other = _number(request.GET.get("one", "")), _number(request.GET.get("other", ""))
    chosen = pair_of(who, one, other, at=at) if one and other else None
    found = (chosen,) if chosen else pairs_to_judge(who, at=at)
    for pair in found:
        shown = [each.id for each in (pair.one, pair.other) if each.shows_contacts]
        personal_reads.note(who, shown, at=at)
    context = {
        "me": me(request), "pairs": found, "reasons": REASONS, "chosen": chosen is not None,
        "asked": bool(one and other), "problem": problem, "one": one or "",
    }  # fmt: skip
    return render(request, "people/pairs.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def reviews(request: HttpRequest) -> HttpResponse:
    """Show the profiles to look at again; keep what was found with the SOP's own form."""
    who, at = agent_id(request), clock.now()
    rows = reviews_due(who, at=at)
    problem, status, typed = "", 200, {}
    if request.method == "POST":
        task = _number(request.POST.get("task", ""))
        row = next((one for one in rows if one.task == task), None)
        if row is None:
            raise Http404
        fields = forms.filled(_fields(who, row), request.POST.dict())
        try:
            if not forms.wrong(fields):
                cadences.do_task(task, by=who, at=at, answers=forms.answers(fields))
                return redirect("profile-reviews")
            problem, status = "; ".join(one.error for one in fields if one.error), 422
        except DeskError as error:
            if error.status not in {403, 409, 422}:
                raise
            problem, status = error.sentence, error.status
        typed = {task: fields}
    context = {
        "me": me(request), "problem": problem,
        "rows": tuple((row, typed.get(row.task) or _fields(who, row)) for row in rows),
        "opened": _number(request.POST.get("task", "")) if request.method == "POST" else 0,
    }  # fmt: skip
    return render(request, "people/reviews.html", context, status=status)


def _judge(request: HttpRequest) -> HttpResponse:
    one, other = _number(request.POST.get("one", "")), _number(request.POST.get("other", ""))
    who, at = agent_id(request), clock.now()
    match request.POST.get("decision"):
        case "left":
            merging_customers.merge(other, into=one, by=who, at=at)
            return redirect("customer", one)
        case "right":
            merging_customers.merge(one, into=other, by=who, at=at)
            return redirect("customer", other)
        case "two":
            duplicates.part(one, other, by=who, at=at)
            return redirect("customer-pairs")
    raise Http404


def _fields(agent: int, row: ReviewView) -> tuple[forms.Field, ...]:
    desk = desk_of(agent, row.desk)
    if desk is None or desk.policy_hash is None or row.form is None:
        return ()
    form = policy_by_hash(desk.policy_hash).forms.get(row.form)
    return forms.of_sop(form, {}, f"review-{row.task}")


def _number(told: str) -> int:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0
