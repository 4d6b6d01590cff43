"""GET /wallboard: per desk what is due next, readable from six metres."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries.views import DeskWall, QueueRow
from kept.records.queries.wall_people import OnDuty, on_duty
from kept.records.queries.wallboard import wallboard
from kept.web.deeds import deed_of, sentence
from kept.web.rail import TONES
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    row: QueueRow
    tone: str
    deed: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    view: DeskWall
    dues: tuple[Due, ...]
    people: tuple[OnDuty, ...]

    @property
    def rows(self) -> int:
        """How many rows the list is set for: few dues are told larger."""
        return next(rows for rows in (3, 5, 10) if len(self.dues) <= rows)

    @property
    def to_call(self) -> int:
        """How many telephone calls nobody has made yet."""
        return sum(one.to_call for one in self.people)


@require_safe
@signed_in
def wall(request: HttpRequest) -> HttpResponse:
    """Show every desk of the reader on one dark page."""
    seen = wallboard(agent_id(request), at=clock.now())
    people = on_duty([desk.desk.id for desk in seen.desks], at=seen.at)
    boards = tuple(
        Board(view=desk, dues=_dues(desk), people=people.get(desk.desk.id, ()))
        for desk in seen.desks
    )
    columns = len(boards) if len(boards) < 7 else -(-len(boards) // 2)
    context = {"wall": boards, "theme": "wall", "columns": min(columns, 6)}
    return render(request, "walls/page.html", context)


def _dues(desk: DeskWall) -> tuple[Due, ...]:
    return tuple(
        Due(
            row=row,
            tone=TONES.get(row.standing, "running"),
            words=_words(row),
            deed=sentence(deed_of(row.due_name or "", desk.desk)),
        )
        for row in desk.next_rows
        if row.due_at is not None
    )


def _words(row: QueueRow) -> str:
    return ", ".join(word for word in (row.severity, row.level, row.owner or "no owner") if word)
