"""/duties: what comes round for one's roles; each is done here, with its form as evidence."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from kept import clock
from kept.records.queries.article import reviews_due
from kept.records.queries.duties import duties_of, duty
from kept.services import cadences
from kept.services.errors import DeskError
from kept.web import forms
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

TONES = {"open": "running", "missed": "missed", "kept": "kept", "late": "risk"}


@require_safe
@signed_in
def all_duties(request: HttpRequest) -> HttpResponse:
    """Show the duties of one's roles by due, or those of whole desks."""
    everyones = request.GET.get("of") == "desk"
    reader = me(request)
    rows = duties_of(agent_id(request), at=clock.now(), everyones=everyones)
    context = {
        "me": reader, "reviews": reviews_due(reader.id, at=clock.now(), everyones=everyones),
        "rows": tuple((row, TONES[row.state]) for row in rows),
        "everyones": everyones, "zones": {desk.slug: desk.zone for desk in reader.desks},
    }  # fmt: skip
    return render(request, "queue/duties.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def one_duty(request: HttpRequest, number: int) -> HttpResponse:
    """Show one duty with its clause and form; POST does it."""
    who, now = agent_id(request), clock.now()
    view = duty(who, number, at=now) if number < 2**63 else None
    if view is None:
        raise Http404
    fields, problem, status = forms.of_sop(view.form, {}, "duty"), "", 200
    if request.method == "POST":
        fields = forms.filled(fields, request.POST.dict())
        problem = "; ".join(one.error for one in fields if one.error)
        if not problem:
            try:
                cadences.do_task(number, by=who, at=now, answers=forms.answers(fields))
                return redirect(reverse("duties"))
            except DeskError as error:
                if error.status not in {403, 409, 422}:
                    raise
                problem, status = error.sentence, error.status
        status = 422 if status == 200 else status
    context = {
        "me": me(request), "duty": view, "fields": forms.keyed(fields, "duty"),
        "problem": problem, "tone": TONES[view.row.state],
    }  # fmt: skip
    return render(request, "queue/duty.html", context, status=status)
