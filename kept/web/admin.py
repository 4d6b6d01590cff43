"""What the pages of those who manage access share: which desk, which refusals, who sees a link."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest

from kept.records.queries.members import managed_desks
from kept.records.queries.views import DeskView
from kept.services.errors import DeskError, NotValid
from kept.web.me import Me
from kept.web.workspace import Link


def chosen(request: HttpRequest, reader: Me, act: str) -> tuple[DeskView, tuple[DeskView, ...]]:
    """Return the desk that is asked for and all there are; 404 to who leads none."""
    desks = managed_desks(reader.id, reader.desks, act)
    wanted = request.POST.get("desk", request.GET.get("desk", "")) or (
        desks[0].slug if desks else ""
    )
    for desk in desks:
        if desk.slug == wanted:
            return desk, desks
    raise Http404


def tabs(place: str, desks: tuple[DeskView, ...], current: DeskView) -> tuple[Link, ...]:
    """Return the desks as tabs of a page."""
    return tuple(
        Link(name=desk.name, href=f"{place}?desk={desk.slug}", current=desk.id == current.id)
        for desk in desks
    )


def tried(verb: Callable[[], Any]) -> tuple[Any, str, int]:
    """Do a verb; return its result, or the sentence and status of what was foreseen."""
    try:
        return verb(), "", 200
    except DeskError as error:
        if error.status not in {403, 409, 422}:
            raise
        return None, error.sentence, error.status


def number(request: HttpRequest, name: str) -> int:
    """Return a number of the form."""
    told = request.POST.get(name, "")
    if not (told.isascii() and told.isdigit() and len(told) < 18):
        raise NotValid("Choose one of the list.")
    return int(told)
