"""GET and POST /macros: a desk's macros, and how long one's own replies can be taken back."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.policy.rules import Policy
from kept.records.compiled import policy_by_hash
from kept.records.queries.views import DeskView
from kept.records.queries.writing import MacroView, undo_seconds
from kept.records.queries.writing import macros as macros_of
from kept.services import leaving, macro_acts
from kept.services import macros as macro_verbs
from kept.services.errors import DeskError
from kept.services.filling import VARIABLES
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.say import plain
from kept.web.sign_in import signed_in

WAITS = (0, 5, 10, 20, 30)
MOST_ACTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One act that a macro of this desk can do: its value in the form, and words."""

    value: str
    words: str


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def macros(request: HttpRequest) -> HttpResponse:
    """Show the macros of one desk; a POST writes or removes one, or sets one's own wait."""
    desk = _desk(request)
    if request.method != "POST":
        return _page(request, desk, edited=_number(request.GET.get("edit", "")))
    posted = request.POST
    try:
        _do(request, desk)
    except DeskError as error:
        if error.status == 404:
            raise
        wording = wording_of(posted.getlist("act"), posted.dict())
        return _page(request, desk, problem=error.sentence, typed=wording,
                     edited=_number(posted.get("macro", "")), status=error.status)  # fmt: skip
    return redirect(f"{reverse('macros')}?desk={desk.slug}")


def wording_of(acts: list[str], posted: dict[str, str]) -> macro_verbs.Wording:
    """Return what a form says of a macro; acts come as VERB:VALUE."""
    pairs = (act.partition(":") for act in acts if act)
    return macro_verbs.Wording(
        name=posted.get("name", ""), shortcut=posted.get("shortcut", ""),
        kind=posted.get("kind", "public"), text=posted.get("text", ""),
        acts=tuple(dict.fromkeys((verb, value) for verb, _, value in pairs))[:MOST_ACTS],
    )  # fmt: skip


def _do(request: HttpRequest, desk: DeskView) -> None:
    who, at, posted = agent_id(request), clock.now(), request.POST
    number = _number(posted.get("macro", ""))
    if "undo" in posted:
        seconds = _number(posted["undo"])
        leaving.undo_seconds(who, 10 if seconds is None else seconds)
    elif posted.get("what") == "remove" and number is not None:
        macro_verbs.remove(number, by=who, at=at)
    else:
        wording = wording_of(posted.getlist("act"), posted.dict())
        macro_verbs.write(desk.slug, wording, by=who, at=at, macro=number)


def _page(
    request: HttpRequest,
    desk: DeskView,
    *,
    edited: int | None = None,
    typed: macro_verbs.Wording | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    found = macros_of(agent_id(request), desk.id)
    policy = policy_by_hash(desk.policy_hash) if desk.policy_hash else None
    editing = next((one for one in found if one.id == edited), None)
    context = {
        "me": me(request), "desk": desk, "macros": found, "problem": problem, "editing": editing,
        "form": typed or _wording(editing), "offered": offered(policy) if policy else (),
        "variables": VARIABLES, "waits": WAITS, "undo": undo_seconds(agent_id(request)),
        "may_write": policy is not None and macro_verbs.may_manage(desk.id, agent_id(request)),
        "most_acts": MOST_ACTS, "act_words": act_words,
    }  # fmt: skip
    return render(request, "macros/page.html", context, status=status)


def offered(policy: Policy) -> tuple[Offered, ...]:
    """Return the acts that a macro of this SOP can do, one line per value."""
    return tuple(
        Offered(value=f"{act.verb}:{word}", words=act_words(act.verb, word))
        for act in macro_acts.EVERY
        for word in (act.words(policy) or (("",) if act.verb == "resolve" else ()))
    )


def act_words(verb: str, value: str) -> str:
    """Return an act of a macro in words."""
    act = macro_acts.BY_VERB.get(verb)
    title = act.title if act else plain(verb)
    return f"{title} {plain(value)}".strip() if value else title


def _wording(macro: MacroView | None) -> macro_verbs.Wording:
    if macro is None:
        return macro_verbs.Wording(name="")
    return macro_verbs.Wording(
        name=macro.name, shortcut=macro.shortcut, kind=macro.kind, text=macro.text, acts=macro.acts
    )


def _desk(request: HttpRequest) -> DeskView:
    """Return the desk that is asked for, or one's first; a foreign one does not exist."""
    desks = me(request).desks
    slug = request.POST.get("desk") or request.GET.get("desk")
    found = next((one for one in desks if slug in (None, one.slug)), None)
    if found is None:
        raise Http404
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
