"""GET /tickets/N/commitments/ID/proof: why this due time, in place or as a page."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries import proofs
from kept.records.queries.views import ProofView
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.say import deed, duration, minute
from kept.web.sign_in import signed_in


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
    chip, zone = view.chip, view.desk.zone
    lines = [Line(label="Started", value=minute(chip.started_at, zone))]
    if chip.due_at:
        lines.append(Line(label="Due", value=minute(chip.due_at, zone), due=True))
    if chip.settled_at:
        lines.append(Line(label="Done", value=minute(chip.settled_at, zone)))
    if chip.late_wall:
        lines.append(Line(label="Late", value=duration(chip.late_wall)))
    return Proof(view=view, title=f"Why {deed(chip.name)} by then", lines=tuple(lines), beaten=())
