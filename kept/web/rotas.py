"""/rota: who is on duty and on call when, what the handbook needs, and calendar feeds of it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from kept import clock
from kept.records.queries import rotas as reads
from kept.records.queries.rotas import RosterView, RotaView, ShiftView
from kept.records.queries.views import DeskView
from kept.services import feeds, rotas
from kept.services.errors import DeskError, NotValid
from kept.services.rotas import LayerForm
from kept.web import ics
from kept.web.admin import tabs
from kept.web.availability import number
from kept.web.forms import moment
from kept.web.me import Me, me
from kept.web.render import render
from kept.web.sign_in import signed_in

PLACES = 6
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What a day shows of a shift: `all day`, `from 09:00`, `until 09:00` or both ends."""

    shift: ShiftView
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One day of one layer."""

    day: date
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One layer's week; without a layer the shifts put there by hand."""

    title: str
    about: str
    layer: int | None
    cells: tuple[Cell, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def rota(request: HttpRequest) -> HttpResponse:
    """Show a desk's week; change a rota, cover for somebody, subscribe."""
    reader = me(request)
    wanted = request.POST.get("desk", request.GET.get("desk", ""))
    desk = next((one for one in reader.desks if one.slug == wanted or not wanted), None)
    if desk is None:
        raise Http404
    if request.method != "POST":
        return _page(request, reader, desk)
    verb = VERBS.get(request.POST.get("noun", ""))
    if verb is None:
        raise Http404
    try:
        done = verb(request, reader, desk)
    except DeskError as error:
        if error.status not in {403, 409, 422}:
            raise
        return _page(request, reader, desk, problem=error.sentence, status=error.status)
    if isinstance(done, str):
        return _page(request, reader, desk, link=request.build_absolute_uri(done))
    week = request.POST.get("week", "")
    return redirect(f"/rota?desk={desk.slug}" + (f"&week={week}" if _monday(week, None) else ""))


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a calendar program; an address that ended is as one that never was."""
    at = clock.now()
    found = reads.feed(feeds.token_hash(token), at) if len(token) < 100 else None
    if found is None:
        raise Http404
    response = HttpResponse(
        ics.calendar(found, at=at), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="rota.ics"'
    response["Cache-Control"] = "private, max-age=900"
    return response


def _page(
    request: HttpRequest, reader: Me, desk: DeskView, *, problem: str = "", link: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    at, local = clock.now(), ZoneInfo(desk.zone)
    today = at.astimezone(local).date()
    asked = request.POST.get("week", "") or request.GET.get("week", "")
    monday = _monday(asked, today) or today
    start = datetime.combine(monday, time(), local)
    end = datetime.combine(monday + timedelta(days=7), time(), local)
    view = reads.roster(reader.id, desk.slug, start=start.astimezone(UTC),
                        end=end.astimezone(UTC), at=at)  # fmt: skip
    if view is None:
        raise Http404
    days = tuple(monday + timedelta(days=day) for day in range(7))
    context: dict[str, Any] = {
        "me": reader, "view": view, "days": days, "today": today, "zone": desk.zone,
        "lines": _lines(view, days, local), "gaps": reads.gaps_of(reader.id, at, slug=desk.slug),
        "tabs": tabs("/rota", reader.desks, desk), "feeds": reads.feeds_of(reader.id),
        "week": _week(monday), "before": _week(monday - timedelta(days=7)),
        "after": _week(monday + timedelta(days=7)), "problem": problem, "link": link,
        "typed": defaultdict(str, request.POST.dict() if problem else {}),
        "places": range(1, PLACES + 1),
        "weekdays": DAYS, "warned": tuple(dict.fromkeys(
            one.name for one in view.shifts if one.away and one.ends_at > at)),
    }  # fmt: skip
    return render(request, "desks/rota.html", context, status=status)


def _lines(view: RosterView, days: tuple[date, ...], zone: ZoneInfo) -> tuple[Line, ...]:
    found = [
        Line(
            title=f"{one.name}, layer {layer.rung}", about=_about(one), layer=layer.id,
            cells=_cells([s for s in view.shifts if s.layer == layer.id], days, zone),
        )
        for one in view.rotas
        for layer in one.layers
    ]  # fmt: skip
    known = {layer.id for one in view.rotas for layer in one.layers}
    other = [shift for shift in view.shifts if shift.layer not in known]
    if other:
        found.append(Line(title="On duty", about="by hand and from rotas that ended", layer=None,
                          cells=_cells(other, days, zone)))  # fmt: skip
    return tuple(found)


def _about(rota: RotaView) -> str:
    kind = "on call" if rota.kind == "on_call" else "on duty"
    return f"{kind}, {rota.team.replace('_', ' ')}" if rota.team else kind


def _cells(shifts: list[ShiftView], days: tuple[date, ...], zone: ZoneInfo) -> tuple[Cell, ...]:
    return tuple(Cell(day=day, stretches=tuple(_stretches(shifts, day, zone))) for day in days)


def _stretches(shifts: list[ShiftView], day: date, zone: ZoneInfo) -> Iterator[Stretch]:
    """Yield a day's shifts; one that the same person goes on after says so only once."""
    opens = datetime.combine(day, time(), zone)
    closes = datetime.combine(day + timedelta(days=1), time(), zone)
    here = [one for one in shifts if one.starts_at < closes and one.ends_at > opens]
    ends = {(one.agent, one.ends_at): one for one in here}
    starts = {(one.agent, one.starts_at) for one in here}
    for one in here:
        if (one.agent, one.ends_at) in starts and one.ends_at < closes:
            continue
        before = ends.get((one.agent, one.starts_at))
        begins = before.starts_at if before is not None else one.starts_at
        yield Stretch(shift=one, words=_span(begins, one.ends_at, opens, closes, zone))


def _span(
    begins: datetime, ends: datetime, opens: datetime, closes: datetime, zone: ZoneInfo
) -> str:
    start, end = f"{begins.astimezone(zone):%H:%M}", f"{ends.astimezone(zone):%H:%M}"
    if begins <= opens:
        return "all day" if ends >= closes else f"until {end}"
    return f"from {start}" if ends > closes else f"{start}–{end}"


def _week(monday: date) -> str:
    return f"{monday:%G-W%V}"


def _monday(text: str, today: date | None) -> date | None:
    """Return the Monday of `2025-W23`, else of today's week."""
    try:
        year, _, week = text.partition("-W")
        return date.fromisocalendar(int(year), int(week), 1) if 1971 < int(year) < 2200 else None
    except ValueError:
        return today - timedelta(days=today.weekday()) if today is not None else None


# What is posted --------------------------------------------------------------------------------


def _form(request: HttpRequest) -> LayerForm:
    posted = request.POST
    people = tuple(
        one for place in range(1, PLACES + 1)
        if (one := number(posted.get(f"person-{place}", ""))) is not None
    )  # fmt: skip
    try:
        starts_on = date.fromisoformat(posted.get("starts_on", ""))
        begins = time.fromisoformat(posted.get("handover", ""))
        ends = time.fromisoformat(posted.get("until", "") or posted.get("handover", ""))
    except ValueError as problem:
        raise NotValid("Write the first day as a date and the hand-over as a time.") from problem
    handover, until = begins.hour * 60 + begins.minute, ends.hour * 60 + ends.minute
    return LayerForm(
        rung=number(posted.get("rung", "1")) or 1, people=people, starts_on=starts_on,
        turn_days=number(posted.get("turn_days", "7")) or 0, handover_minute=handover,
        minutes=(until - handover) % (24 * 60) or 24 * 60,
        weekdays=tuple(day for day in range(7) if str(day) in posted.getlist("weekday")),
        holidays=posted.get("holidays", "work"),
    )  # fmt: skip


def _make(request: HttpRequest, reader: Me, desk: DeskView) -> None:
    posted = request.POST
    rotas.make(
        desk.slug, by=reader.id, at=clock.now(), name=posted.get("name", ""),
        kind=posted.get("kind", ""), team=posted.get("team", "") or None,
        zone=posted.get("zone", "").strip(), layers=(_form(request),),
    )  # fmt: skip


def _add(request: HttpRequest, reader: Me, desk: DeskView) -> None:
    rotas.add_layer(_id(request, "rota"), _form(request), by=reader.id, at=clock.now())


def _cover(request: HttpRequest, reader: Me, desk: DeskView) -> None:
    posted = request.POST
    start, end = moment(posted.get("from", ""), desk.zone), moment(posted.get("to", ""), desk.zone)
    if start is None or end is None:
        raise NotValid("Write from when to when as dates with times.")
    rotas.cover(
        _id(request, "layer"), agent=_id(request, "agent"), by=reader.id, at=clock.now(),
        starts_at=start, ends_at=end, reason=posted.get("reason", ""),
    )  # fmt: skip


def _end(request: HttpRequest, reader: Me, desk: DeskView) -> None:
    rotas.end(_id(request, "rota"), by=reader.id, at=clock.now())


def _end_layer(request: HttpRequest, reader: Me, desk: DeskView) -> None:
    rotas.end_layer(_id(request, "layer"), by=reader.id, at=clock.now())


def _end_cover(request: HttpRequest, reader: Me, desk: DeskView) -> None:
    rotas.end_cover(_id(request, "cover"), by=reader.id, at=clock.now())


def _subscribe(request: HttpRequest, reader: Me, desk: DeskView) -> str:
    chosen = request.POST.get("rota", "")
    token = feeds.subscribe(by=reader.id, at=clock.now(),
                            rota=_id(request, "rota") if chosen else None)  # fmt: skip
    return reverse("rota-feed", args=(token,))


def _unsubscribe(request: HttpRequest, reader: Me, desk: DeskView) -> None:
    feeds.end(_id(request, "feed"), by=reader.id, at=clock.now())


def _id(request: HttpRequest, name: str) -> int:
    return number(request.POST.get(name, "")) or 0


Verb = Callable[[HttpRequest, Me, DeskView], str | None]
VERBS: dict[str, Verb] = {
    "rotas": _make, "layers": _add, "covers": _cover, "endings": _end,
    "layer-endings": _end_layer, "cover-endings": _end_cover, "feeds": _subscribe,
    "feed-endings": _unsubscribe,
}  # fmt: skip
