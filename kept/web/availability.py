"""/availability: who is there, what each takes, what moved meanwhile and may be taken back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from kept import clock
from kept.records.queries.availability import moved_from, standing_of, teams_of, terms_of
from kept.records.queries.rotas import gaps_of
from kept.services import availability as verbs
from kept.services import reassigning
from kept.services.errors import DeskError, NotValid
from kept.web.forms import moment
from kept.web.me import Me, me
from kept.web.render import render
from kept.web.sign_in import signed_in

Verb = Callable[[HttpRequest, Me], object]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def availability(request: HttpRequest) -> HttpResponse:
    """Show who is there; say it of oneself or, as a lead, of others."""
    reader = me(request)
    noun = request.POST.get("noun", "availability")
    if request.method != "POST":
        return _page(request, reader)
    verb = VERBS.get(noun)
    if verb is None:
        raise Http404
    try:
        done = verb(request, reader)
    except DeskError as error:
        if error.status not in {403, 409, 422}:
            raise
        return _page(request, reader, problem=error.sentence, status=error.status)
    back = request.POST.get("back", "")
    if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    moved = f"?moved={done}" if noun == "availability" and done else ""
    return redirect(f"/availability{moved}")


def _page(
    request: HttpRequest, reader: Me, *, problem: str = "", status: int = 200
) -> HttpResponse:
    at = clock.now()
    asked = request.POST if problem else request.GET
    wanted = asked.get("availability", "")
    would: tuple[reassigning.Moving, ...] = ()
    if wanted == "away" and not problem:
        try:
            until = _until(asked.get("until", ""), zone_of(reader))
            would = reassigning.preview(reader.id, until=until, at=at)
        except DeskError as error:
            problem, status = error.sentence, error.status
    moved = asked.get("moved", "")
    teams = teams_of(reader.id, reader.desks, at)
    terms = terms_of(reader.id, reader.desks)
    names = {number: name for one in terms for number, name in one.colleagues}
    context: dict[str, Any] = {
        "me": reader, "own": standing_of(reader.id, at), "zone": zone_of(reader),
        "terms": terms, "names": names, "moved": moved_from(reader.id),
        "teams": teams, "gaps": gaps_of(reader.id, at, act="manage_roster") if teams else (),
        "problem": problem, "would": would, "is_preview": wanted == "away",
        "typed_until": asked.get("until", "")[:40], "typed_reason": asked.get("reason", "")[:200],
        "count_moved": int(moved) if moved.isdecimal() and len(moved) < 5 else 0,
    }  # fmt: skip
    return render(request, "desks/availability.html", context, status=status)


def zone_of(reader: Me) -> str:
    """Return the zone in which a reader writes times: that of their first desk."""
    return reader.desks[0].zone if reader.desks else "UTC"


def _until(text: str, zone: str) -> datetime | None:
    if not text.strip():
        return None
    until = moment(text.strip(), zone)
    if until is None:
        raise NotValid("Write the return as a date and a time.")
    return until


def _say(request: HttpRequest, reader: Me) -> int:
    posted = request.POST
    agent = number(posted.get("agent", "")) or reader.id
    return verbs.say(
        agent, by=reader.id, at=clock.now(), availability=posted.get("availability", ""),
        until=_until(posted.get("until", ""), zone_of(reader)), reason=posted.get("reason", ""),
    )  # fmt: skip


def _terms(request: HttpRequest, reader: Me) -> None:
    posted = request.POST
    most = posted.get("most", "").strip()
    if most and number(most) is None:
        raise NotValid("The most somebody takes is a number from 0 to 10,000.")
    verbs.set_terms(
        number(posted.get("agent", "")) or reader.id, number(posted.get("desk", "")) or 0,
        by=reader.id, most_load=number(most) if most else None,
        languages=posted.get("languages", "").split(","),
        deputy=number(posted.get("deputy", "")) or None,
    )  # fmt: skip


def _telephone(request: HttpRequest, reader: Me) -> None:
    verbs.set_telephone(reader.id, request.POST.get("telephone", ""), by=reader.id)


def _stale(request: HttpRequest, reader: Me) -> None:
    hours = request.POST.get("hours", "").strip()
    if hours and number(hours) is None:
        raise NotValid("Write the time in whole hours, or nothing.")
    desk = number(request.POST.get("desk", "")) or 0
    verbs.set_stale(desk, (number(hours) or 0) * 60 if hours else None, by=reader.id)


def _take_back(request: HttpRequest, reader: Me) -> None:
    ticket = number(request.POST.get("ticket", "")) or 0
    reassigning.take_back(ticket, by=reader.id, at=clock.now())


def _leave(request: HttpRequest, reader: Me) -> None:
    ticket = number(request.POST.get("ticket", "")) or 0
    reassigning.leave(ticket, by=reader.id, at=clock.now())


def number(text: str) -> int | None:
    """Return a whole number that a form bears, None where it is none."""
    told = text.strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else None


VERBS: dict[str, Verb] = {
    "availability": _say, "terms": _terms, "telephone": _telephone, "stale": _stale,
    "taking-back": _take_back, "leaving": _leave,
}  # fmt: skip
