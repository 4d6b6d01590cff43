"""/bulk: one act on the chosen tickets; asked, looked at beforehand, done, undone.

POST /bulk shows the form and, once it is filled, the preview; POST /bulk/TOKEN does it, and
GET /bulk/TOKEN says what became of each.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from kept import clock
from kept.records.compiled import policy_by_hash
from kept.records.queries.desks import desks_of
from kept.records.queries.people import colleagues_of
from kept.records.queries.queue import ids_of
from kept.records.queries.yours import bulk_of
from kept.services import bulk, bulk_acts
from kept.services.bulk import MOST, UNDO_FOR, Given
from kept.services.errors import NotValid
from kept.services.seen import seen_tickets
from kept.web import forms
from kept.web.bulk_forms import BY_NAME, BulkForm
from kept.web.forms import Field
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in
from kept.web.workspace import filter_of, query_of


@require_POST
@signed_in
def ask(request: HttpRequest) -> HttpResponse:
    """Ask what the act needs and show what it would do; nothing is written but a token."""
    form, who, now = _form(request), agent_id(request), clock.now()
    tickets = _tickets(request, who, now)
    fields = _fields(request, form, who, now)
    problem = "" if tickets else "Choose at least one ticket."
    foreseen: tuple[bulk.Foreseen, ...] = ()
    token = ""
    if request.POST.get("step") == "preview" or not fields:
        fields = forms.filled(fields, request.POST.dict())
        problem = problem or "; ".join(one.error for one in fields if one.error)
        if not problem:
            try:
                act = bulk_acts.BY_NAME[form.name]
                foreseen = bulk.preview(act, tickets, _given(request, fields, who, now))
                token = bulk.begin(act, by=who, at=now)
            except NotValid as error:
                problem = error.sentence
    context = {
        "me": me(request), "form": form, "fields": forms.keyed(fields, "bulk"),
        "tickets": tickets, "foreseen": foreseen, "token": token, "problem": problem,
        "back": _back(request), "most": MOST,
        "refused": sum(bool(one.sentence) for one in foreseen),
        "moved": sum(one.moved is not None for one in foreseen),
    }  # fmt: skip
    return render(request, "queue/bulk.html", context, status=422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def act(request: HttpRequest, token: str) -> HttpResponse:
    """Do what was previewed, undo it, or show what became of it."""
    who, now = agent_id(request), clock.now()
    if request.method == "POST":
        if request.POST.get("do") == "undo":
            bulk.undo(bulk_acts.BY_NAME, token, by=who, at=now)
        else:
            form = _form(request)
            fields = forms.filled(_fields(request, form, who, now), request.POST.dict())
            given = _given(request, fields, who, now, token=token)
            bulk.do(bulk_acts.BY_NAME[form.name], token, _tickets(request, who, now), given)
        back = _back(request)
        return redirect(reverse("bulk-act", args=(token,)) + back)
    return _outcome(request, token, who, now)


def _outcome(request: HttpRequest, token: str, who: int, now: datetime) -> HttpResponse:
    found = bulk_of(who, token)
    if found is None or found.done_at is None or found.act not in BY_NAME:
        raise Http404
    kept = bulk.read_results(msgspec.json.decode(str(found.results)))
    subjects = {seen.id: seen.subject for seen in seen_tickets(who, [one.ticket for one in kept])}
    results = tuple(one for one in kept if one.ticket in subjects)
    if kept and not results:
        raise Http404
    left = found.done_at + UNDO_FOR - now
    known = bulk_acts.BY_NAME[found.act]
    context: dict[str, Any] = {
        "me": me(request), "form": BY_NAME[found.act], "results": results, "subjects": subjects,
        "token": token,
        "done": sum(one.done for one in results),
        "seconds_left": max(0, int(left.total_seconds()))
        if known.undo and found.undone_at is None else 0,
        "undone": found.undone_at is not None, "back": query_of(request.GET.dict()),
    }  # fmt: skip
    return render(request, "queue/bulk_done.html", context)


def _form(request: HttpRequest) -> BulkForm:
    form = BY_NAME.get(request.POST.get("act", ""))
    if form is None:
        raise Http404
    return form


def _tickets(request: HttpRequest, who: int, now: datetime) -> tuple[int, ...]:
    """Return the chosen numbers, or all of the view up to the bound."""
    if request.POST.get("all") == "yes" and "step" not in request.POST:
        back = QueryDict(request.POST.get("back", "").removeprefix("?"))
        return tuple(ids_of(who, filter_of(back.dict()).filter, at=now, limit=MOST))
    told = request.POST.getlist("ticket")[:MOST]
    return tuple(int(one) for one in told if one.isascii() and one.isdigit() and len(one) < 18)


def _back(request: HttpRequest) -> str:
    back = QueryDict(request.POST.get("back", "").removeprefix("?"))
    return query_of(back.dict())


def _fields(request: HttpRequest, form: BulkForm, who: int, now: datetime) -> tuple[Field, ...]:
    desks = desks_of(who)
    policies = tuple(policy_by_hash(desk.policy_hash) for desk in desks if desk.policy_hash)
    people = {
        str(one.id): one.name
        for desk in desks
        if form.name == "assign"
        for one in colleagues_of(desk.id, now)
    }
    return form.fields(policies, tuple(sorted(people.items(), key=lambda pair: pair[1])))


def _given(
    request: HttpRequest, fields: tuple[Field, ...], who: int, now: datetime, token: str = ""
) -> Given:
    answers = {one.name: one.value for one in fields} | {"token": token}
    if answers.get("until"):
        until = forms.moment(answers["until"], _zone(who))
        answers["until"] = until.isoformat() if until else ""
    return Given(by=who, at=now, answers=answers)


def _zone(who: int) -> str:
    """Times in a bulk form are those of the reader's first desk."""
    return next((desk.zone for desk in desks_of(who)), "UTC")
