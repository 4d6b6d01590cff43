"""GET /tickets/N/commitments/ID/proof: why this due time, in place or as a page."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.policy.explain import Beaten as BeatenRule
from kept.policy.explain import Explanation, Step
from kept.records.instants import moment
from kept.records.queries import proofs
from kept.records.queries.views import ProofView
from kept.web.deeds import deed_of, sentence
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.say import condition, duration, minute, plain
from kept.web.sign_in import signed_in

MOST_SPANS = 12
WHY = {
    "false": "does not hold here",
    "exception": "an exception takes its place",
    "later": "holds too, and falls due later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the sums."""

    label: str
    value: str
    due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beaten:
    """A rule that gave way, and why."""

    clause: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What `tickets/_proof.html` shows."""

    view: ProofView
    title: str
    lines: tuple[Line, ...]
    beaten: tuple[Beaten, ...]


@require_safe
@signed_in
def proof(request: HttpRequest, number: int, commitment: str) -> HttpResponse:
    """Show the arithmetic behind one due time beside the clause's own words."""
    view = proofs.proof(agent_id(request), number, commitment, at=clock.now())
    if view is None:
        raise Http404
    context = {"proof": proof_of(view), "me": me(request)}
    return render(request, "tickets/proof.html", context, parts={"proof": "tickets/_proof.html"})


def proof_of(view: ProofView) -> Proof:
    """Return the sums of a due time as lines that can be read aloud."""
    told: Explanation = view.explanation
    beaten = tuple(Beaten(clause=one.because.clause, words=_why(one)) for one in told.beaten)
    return Proof(
        view=view,
        title=_title(view),
        lines=(*_promised(view), *_counted(view), *_outcome(view)),
        beaten=beaten,
    )


def _title(view: ProofView) -> str:
    chip = view.chip
    if chip.due_at is None:
        return f"{sentence(deed_of(chip.name, view.desk))}: owed, with no time set"
    return f"Why {deed_of(chip.name, view.desk)} by {minute(chip.due_at, view.desk.zone)}"


def _promised(view: ProofView) -> tuple[Line, ...]:
    told: Explanation = view.explanation
    lines = [Line(label="Started", value=minute(view.chip.started_at, view.desk.zone))]
    if told.condition:
        lines.append(Line(label="Holds because", value=condition(told.condition)))
    if told.target:
        strictly = "less than " if told.strict else ""
        lines.append(Line(label="Promised", value=f"{strictly}{told.target}"))
        lines.append(Line(label="Counted on", value=_calendar(told)))
    if told.by not in {"human", "any"}:
        lines.append(Line(label="Kept by", value=plain(told.by)))
    lines.extend(
        Line(label="Holiday passed over", value=f"{day}, {name}") for day, name in told.holidays
    )
    return tuple(lines)


def _counted(view: ProofView) -> tuple[Line, ...]:
    told: Explanation = view.explanation
    zone = view.desk.zone
    spans = [step for step in told.steps if step.kind in {"counted", "day", "paused"}]
    lines = [_span(step, zone) for step in spans[:MOST_SPANS]]
    if len(spans) > MOST_SPANS:
        lines.append(Line(label="and so on", value=f"{len(spans) - MOST_SPANS} spans more"))
    if told.unpaused_due_at not in (None, told.due_at):
        lines.append(Line(label="Without pauses", value=_at(told.unpaused_due_at, zone)))
    lines.extend(
        Line(label="Taken over", value="the due came from elsewhere and is the earlier one")
        for step in told.steps
        if step.kind == "taken_over"
    )
    return tuple(lines)


def _outcome(view: ProofView) -> tuple[Line, ...]:
    told: Explanation = view.explanation
    chip, zone = view.chip, view.desk.zone
    lines = []
    if chip.due_at:
        lines.append(Line(label="Due", value=minute(chip.due_at, zone), due=True))
    if chip.settled_at:
        ended = f"{told.verdict.value}, {minute(chip.settled_at, zone)}"
        lines.append(Line(label=f"Ended{f' ({plain(told.reason)})' if told.reason else ''}",
                          value=ended))  # fmt: skip
    if chip.late_wall:
        late = f"{duration(chip.late_wall)}, of which open {duration(chip.late_open)}"
        lines.append(Line(label="Late by", value=late))
    return tuple(lines)


def _span(step: Step, zone: str) -> Line:
    begins, ends = moment(step.start), moment(step.end)
    span = f"{minute(begins, zone)[:-4]} to {minute(ends, zone)[-9:]}"
    if step.kind == "paused":
        return Line(label="Paused", value=span)
    if step.kind == "day":
        return Line(label="A working day", value=minute(ends, zone)[:14])
    amount = duration(timedelta(microseconds=step.amount))
    return Line(label=f"Counted {amount}", value=span)


def _calendar(told: Explanation) -> str:
    return (
        "every hour of every day" if told.calendar == "24x7" else f"{told.calendar}, {told.zone}"
    )


def _at(instant: int | None, zone: str) -> str:
    return minute(moment(instant), zone) if instant is not None else ""


def _why(other: BeatenRule) -> str:
    if other.why == "unknown":
        return f"waits to know {', '.join(plain(one) for one in other.missing)}"
    return WHY.get(other.why, plain(other.why))
