"""GET /tickets/N and POST /tickets/N/NOUN: read a ticket, act on it, see what became of it."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from kept import clock
from kept.policy.rules import Policy
from kept.records.compiled import policy_by_hash
from kept.records.queries.tickets import journal_lines, ticket_view
from kept.records.queries.views import TicketView
from kept.services import expecting, looking, personal_reads
from kept.services.errors import DeskError
from kept.web import (
    act_table,
    acts,
    asking,
    changed,
    composing,
    decisions,
    forms,
    messages,
    onward,
    panels,
    writing,
)
from kept.web.act import GoTo, Said
from kept.web.forms import Field
from kept.web.panels.panel import Glance
from kept.web.queue import workspace_context
from kept.web.render import agent_id, render, wanted_part
from kept.web.sign_in import signed_in
from kept.web.ticket_page import SAID, Refusal, Typed, refusal_of, ticket_page
from kept.web.workspace import query_of


@require_safe
@signed_in
def ticket(request: HttpRequest, number: int) -> HttpResponse:
    """Show a ticket beside the queue it was opened from; what waited for the reader is seen."""
    view = _seen(request, number)
    if request.method == "GET" and "X-Live" not in request.headers:
        looking.look(number, by=agent_id(request), at=clock.now())
    return _page(request, view)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def act(request: HttpRequest, number: int, noun: str) -> HttpResponse:
    """Do one act; a refusal answers 409 with the clause and what was typed.

    Asked for by GET, or for its form only, the page comes with this act open and nothing is done.
    """
    view = _seen(request, number)
    policy = policy_by_hash(view.policy_hash)
    if request.method != "POST" or request.POST.get("form") == "only":
        return _page(request, view, typed=_opened(request, view, policy, noun))
    fields, verbs = _asked(request, view, policy, noun)
    sent, problem = writing.take_files(request, number) if request.FILES else ((), "")
    typed = Typed(
        noun=noun, step=request.POST.get("step", ""), fields=fields, posted=request.POST.dict()
    )
    if forms.wrong(fields) or problem:
        missing = problem or "; ".join(one.error for one in fields if one.error)
        return _page(request, view, Refusal(title="Not sent yet", sentence=missing), typed, 422)
    said = _said(request, view, policy, fields, sent)
    done: object = None
    going = onward.onward(request, view, noun)
    for place, verb in enumerate(verbs):
        try:
            with expecting.unchanged(changed.expected(noun, view.id, said)):
                done = verb(said)
        except DeskError as error:
            if error.status not in {403, 409, 422}:
                raise
            # What was typed stays, unless the message went out and only what follows was refused.
            was_said = bool(place) or getattr(error, "was_said", False)
            left = Typed(noun=SAID) if was_said else typed
            refusal = refusal_of(error, policy)
            return _page(request, _seen(request, number), refusal, left, error.status)
    if going:
        return onward.go(request, going)
    after = done.ticket if isinstance(done, GoTo) else number
    address = reverse("ticket", args=(after,)) + query_of(request.GET.dict())
    if wanted_part(request) != "ticket":
        return redirect(address)
    response = _page(request, _seen(request, after))
    if after != number:
        response["HX-Push-Url"] = address
    return response


def _opened(request: HttpRequest, view: TicketView, policy: Policy, noun: str) -> Typed:
    """Return a form as it opens, with what was written so far; nothing is judged yet."""
    if noun not in act_table.BY_NOUN and noun not in {"messages", "steps"}:
        raise Http404
    written = request.POST.dict() if request.method == "POST" else request.GET.dict()
    fields: tuple[Field, ...] = ()
    if noun == "escalations" and written.get("to"):
        fields = asking.escalation(view, policy, written["to"])
    return Typed(
        noun=noun, step=written.get("step", ""), fields=forms.prefilled(fields, written),
        posted=written if noun == "messages" else {},
    )  # fmt: skip


PARTS = {"ticket": "tickets/_part.html", "act-escalate": "tickets/_escalate.html"}
Verbs = tuple[Callable[[Said], object], ...]


def _asked(
    request: HttpRequest, view: TicketView, policy: Policy, noun: str
) -> tuple[tuple[Field, ...], Verbs]:
    """Return the filled form of a noun and the verbs behind it."""
    posted = request.POST.dict()
    if noun == "messages":
        return (), messages.then(posted.get("then", ""), posted.get("promise", ""))
    if noun == "acknowledgements":
        return (), (acts.acknowledge,)
    if noun == "approval-decisions":
        return (), (decisions.decide,)
    if noun == "steps":
        step = next((one for one in view.steps if one.name == posted.get("step")), None)
        if step is None:
            raise Http404
        fields = asking.step_fields(view, policy, step.form, "step")
        return forms.filled(fields, posted), (decisions.do_step,)
    if noun not in act_table.BY_NOUN:
        raise Http404
    known = act_table.BY_NOUN[noun]
    fields = (
        asking.escalation(view, policy, posted.get("to", ""))
        if noun == "escalations"
        else known.fields(view, policy)
    )
    return forms.filled(fields, posted), (known.do,)


def _said(
    request: HttpRequest,
    view: TicketView,
    policy: Policy,
    fields: tuple[Field, ...],
    sent: tuple[str, ...],
) -> Said:
    posted = {name: text.replace("\x00", "") for name, text in request.POST.dict().items()}
    return Said(
        ticket=view.id,
        by=agent_id(request),
        at=clock.now(),
        answers={
            **posted,
            "key": posted.get("key") or secrets.token_hex(8),
            "files": " ".join((*request.POST.getlist("file"), *sent)),
            **{one.name: one.value for one in fields},
        },
        policy=policy,
        facts=view.facts,
        zone=view.desk.zone,
    )


def _seen(request: HttpRequest, number: int) -> TicketView:
    at, who = clock.now(), agent_id(request)
    view = ticket_view(who, number, at=at)
    if view is None:
        raise Http404
    if view.sight.contacts and view.customer_id is not None:
        personal_reads.note(who, [view.customer_id], at=at, ticket=number)
    return view


def _page(
    request: HttpRequest,
    view: TicketView,
    refusal: Refusal | None = None,
    typed: Typed | None = None,
    status: int = 200,
) -> HttpResponse:
    now: datetime = clock.now()
    part = wanted_part(request) in PARTS
    shown: dict[str, Any] = {} if part else workspace_context(request, view.id)
    page = ticket_page(
        view,
        policy_by_hash(view.policy_hash),
        journal_lines(agent_id(request), view.id),
        me_id=agent_id(request),
        now=now,
        query=query_of(request.GET.dict()),
        key=secrets.token_hex(8),
        refusal=refusal,
        typed=typed,
    )
    glance = Glance(page=page, me=agent_id(request), now=now)
    shown |= {
        "page": page,
        "panels": panels.shown(glance),
        "compose": composing.compose(page),
        "sheet": composing.handoff(page, now),
        "walk": onward.beside(request, view),
    }
    return render(request, "tickets/page.html", shown, parts=PARTS, status=status)
