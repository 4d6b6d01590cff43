"""GET /tickets/N/what-if: what an act would lead to, told before it is done."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.policy.decisions import (
    Assign,
    CloseTicket,
    Decision,
    Escalate,
    Notify,
    OpenStep,
    PageRole,
    Send,
    SetSeverity,
)
from kept.policy.rules import Policy
from kept.policy.titles import deed, titles
from kept.records.compiled import policy_by_hash
from kept.records.queries.tickets import ticket_state
from kept.services.errors import NotValid
from kept.services.foreseeing import Foresight, Move, foresee
from kept.web.deeds import sentence
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.say import condition, plain
from kept.web.sign_in import signed_in

PARTS = {"foreseen": "tickets/_foreseen.html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One consequence: what, and the clause behind it."""

    words: str
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A foresight in words."""

    title: str
    refused: str
    clause: str
    passes: bool
    assumed: str
    moves: tuple[Move, ...]
    lines: tuple[Line, ...]

    @property
    def is_nothing(self) -> bool:
        return not (self.refused or self.moves or self.lines)


@require_safe
@signed_in
def what_if(request: HttpRequest, number: int) -> HttpResponse:
    """Try an act on a copy of the ticket; nothing is done."""
    at = clock.now()
    found = ticket_state(agent_id(request), number)
    if found is None:
        raise Http404
    desk, policy_hash, _ = found
    act, _, to = request.GET.get("act", "").partition(":")
    try:
        seen = foresee(number, by=agent_id(request), at=at, act=act, to=to)
    except NotValid as problem:
        raise Http404 from problem
    policy = policy_by_hash(policy_hash)
    shown = {
        "foreseen": foreseen(seen, policy, act, to), "desk": desk.slug,
        "known": desk, "zone": desk.zone, "ticket": number, "me": me(request),
    }  # fmt: skip
    return render(request, "tickets/what_if.html", shown, parts=PARTS)


def foreseen(seen: Foresight, policy: Policy, act: str, to: str) -> Foreseen:
    """Return a foresight in the desk's words."""
    refused = seen.refused
    known = titles(policy)
    return Foreseen(
        title=_title(policy, act, to),
        refused=(refused.say or condition(refused.needs)) if refused else "",
        clause=refused.because.clause if refused else "",
        passes=seen.passes_with_reason,
        assumed=" and ".join(
            "a reason from the list" if one == "reason" else f"“{deed(one, known)}” as done"
            for one in seen.assumed
        ),
        moves=seen.moves,
        lines=tuple(dict.fromkeys(_line(one, policy) for one in seen.effects)),
    )


def choices(
    policy: Policy, severity: str | None, level: str | None
) -> tuple[tuple[str, str], ...]:
    """Return what can be tried on a ticket: (value in the address, words)."""
    return (
        *((f"severity:{one.id}", f"the severity became {one.id}")
          for one in policy.severities if one.id != severity),
        *((f"escalate:{one.id}", f"it were escalated to {one.id} {one.name}")
          for one in policy.levels if one.id != level),
        ("wait", "we waited on the customer"),
        ("resolve", "it were resolved"),
        ("close", "it were closed"),
    )  # fmt: skip


def _title(policy: Policy, act: str, to: str) -> str:
    wanted = f"{act}:{to}" if to else act
    words = dict(choices(policy, None, None)).get(wanted, plain(act))
    return f"If {words}"


def _line(decision: Decision, policy: Policy) -> Line:
    return Line(words=_words(decision, policy), clause=decision.because.clause)


def _words(decision: Decision, policy: Policy) -> str:
    match decision:
        case Send(template=template, to=to):
            found = policy.templates.get(template)
            return f"The {plain(to)} gets “{found.title or template if found else template}”"
        case Notify(who=who, by=by):
            return f"{_listed(who).capitalize()} would be told by {_listed(by)}"
        case PageRole(role=role):
            return f"{plain(role).capitalize()} would be paged"
        case Escalate(to=to):
            return f"It would go to {to}"
        case Assign(team=team, role=role, agent=agent):
            return f"It would be given to {plain(team or role or agent or 'somebody')}"
        case SetSeverity(to=to):
            return f"The severity would become {to}"
        case OpenStep(step=step):
            return f"“{sentence(deed(step, titles(policy)))}” would be owed"
        case CloseTicket(as_status=status):
            return f"The policy would close it: {plain(status)}"
    return plain(str(decision.__struct_config__.tag))


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(plain(word) for word in words)
