"""GET /customers and /customers/N, and the acts of a customer's page."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kept import clock
from kept.policy.profiles import flags_known, tiers_known
from kept.records.compiled import policy_by_hash
from kept.records.queries.customer_history import PAGE, history, promises_to, tickets_of
from kept.records.queries.customer_page import BookView, CustomerPageView, customer_page
from kept.records.queries.customer_search import MOST, find_customers
from kept.records.queries.personal_reads import reads_of
from kept.services import personal_reads, profiles
from kept.services.addresses import normal_number, region_of
from kept.services.errors import DeskError
from kept.web import forms
from kept.web.customer_acts import ACTS, BY_NOUN, CustomerAct, SaidOf
from kept.web.customer_words import book_cards
from kept.web.me import Me, me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

SHOWN_ONCE = "customer-said"
READS = 20
"""The key of the session under which an act leaves a sentence for the page after it."""


@require_safe
@signed_in
def customers(request: HttpRequest) -> HttpResponse:
    """Show the customers of the reader's desks: those most like the words, or the newest."""
    reader = me(request)
    words = request.GET.get("words", "").strip()[:200]
    before = _number(request.GET.get("before", "")) or None
    rows = find_customers(
        agent_id(request), words, number=_as_number(words, reader), before=before
    )
    shown = [row.id for row in rows if not row.is_covered]
    personal_reads.note(agent_id(request), shown, at=clock.now())
    more = ""
    if not words and len(rows) == MOST:
        more = f"{reverse('customers')}?before={rows[-1].id}"
    context = {"me": reader, "rows": rows, "words": words, "more": more, "most": MOST}
    return render(request, "people/list.html", context, parts={"found": "people/_found.html"})


@require_POST
@signed_in
def new_customer(request: HttpRequest) -> HttpResponse:
    """Put somebody on a desk's books by hand."""
    reader = me(request)
    desk = next((one.id for one in reader.desks if one.slug == request.POST.get("desk")), None)
    if desk is None:
        raise Http404
    kind, value = request.POST.get("kind", ""), request.POST.get("value", "")
    made = profiles.make(
        desk, by=agent_id(request), at=clock.now(), name=request.POST.get("name", ""),
        addresses=((kind, value),) if value.strip() else (),
    )  # fmt: skip
    return redirect("customer", made)


@require_safe
@signed_in
def customer(request: HttpRequest, number: int) -> HttpResponse:
    """Show a customer; one that was merged leads to the record it went into."""
    view = _seen(request, number)
    if view.merged_into is not None:
        return redirect("customer", view.merged_into)
    return _page(request, view)


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def customer_act(request: HttpRequest, number: int, noun: str) -> HttpResponse:
    """Do one act; what is wrong is said beside what was typed."""
    view = _seen(request, number)
    act = BY_NOUN.get(noun)
    if act is None:
        raise Http404
    if request.method != "POST":
        return _page(request, view, opened=noun)
    book = _book(view, request.POST.get("desk", ""))
    assert book.desk.policy_hash is not None
    policy = policy_by_hash(book.desk.policy_hash)
    fields = forms.filled(act.fields(view, book, policy), request.POST.dict())
    if forms.wrong(fields):
        sentence = "; ".join(one.error for one in fields if one.error)
        return _page(request, view, typed=(act, book, fields), problem=sentence, status=422)
    said = SaidOf(
        customer=number, desk=book.desk.id, by=agent_id(request), at=clock.now(), policy=policy,
        answers={name: text.replace("\0", "") for name, text in request.POST.dict().items()},
        lists={name: request.POST.getlist(name) for name in request.POST},
    )  # fmt: skip
    try:
        told = act.do(said)
    except DeskError as error:
        if error.status not in {403, 409, 422}:
            raise
        again = _seen(request, number)
        return _page(
            request, again, typed=(act, book, fields), problem=error.sentence, status=error.status
        )
    if isinstance(told, str):
        request.session[SHOWN_ONCE] = told
    return redirect(reverse("customer", args=(number,)) + f"#{act.place or 'content'}")


def _page(
    request: HttpRequest,
    view: CustomerPageView,
    *,
    typed: tuple[CustomerAct, BookView, tuple[forms.Field, ...]] | None = None,
    opened: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    reader, now = me(request), clock.now()
    if view.shows_contacts:
        personal_reads.note(reader.id, [view.id], at=now)
    before = _instant(request.GET.get("before", ""))
    turns = history(reader.id, view.id, before=before)
    context: dict[str, Any] = {
        "me": reader,
        "view": view,
        "books": book_cards(view, ACTS, typed=typed, opened=opened),
        "flags_known": {b.desk.slug: _flags(b) for b in view.books},
        "tiers_known": {b.desk.slug: _tiers(b) for b in view.books},
        "turns": turns,
        "older": _older(view.id, turns[-1].at) if len(turns) == PAGE else "",
        "tickets": tickets_of(reader.id, view.id),
        "reads": reads_of(reader.id, view.id, limit=READS),
        "promises": promises_to(reader.id, view.id),
        "zone": view.books[0].desk.zone,
        "problem": problem,
        "said": request.session.pop(SHOWN_ONCE, ""),
    }
    parts = {"history": "people/_history.html"}
    return render(request, "people/page.html", context, parts=parts, status=status)


def _seen(request: HttpRequest, number: int) -> CustomerPageView:
    view = customer_page(agent_id(request), number, at=clock.now())
    if view is None:
        raise Http404
    return view


def _book(view: CustomerPageView, slug: str) -> BookView:
    found = next((book for book in view.books if book.desk.slug == slug), None)
    if found is None or found.desk.policy_hash is None:
        raise Http404
    return found


def _flags(book: BookView) -> tuple[tuple[str, str], ...]:
    if book.desk.policy_hash is None:
        return ()
    known = flags_known(policy_by_hash(book.desk.policy_hash))
    return tuple((flag.word, flag.clause) for flag in known)


def _tiers(book: BookView) -> tuple[str, ...]:
    return tiers_known(policy_by_hash(book.desk.policy_hash)) if book.desk.policy_hash else ()


def _as_number(words: str, reader: Me) -> str:
    """Return the words as a telephone number, read as the first desk's people write it."""
    if sum(c.isdigit() for c in words) < 5 or any(c.isalpha() for c in words):
        return ""
    region = region_of(reader.desks[0].zone) if reader.desks else ""
    return normal_number(words, region)


def _older(number: int, at: datetime) -> str:
    return f"{reverse('customer', args=(number,))}?{urlencode({'before': at.isoformat()})}#history"


def _instant(told: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _number(told: str) -> int:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else 0
