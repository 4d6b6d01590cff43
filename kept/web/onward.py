"""Through a view from inside a ticket: its place, its neighbours, and where an ending leads."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from kept import clock
from kept.records.queries.views import TicketView
from kept.records.queries.walking import Walk, walk
from kept.records.queries.yours import after_ending
from kept.web.render import agent_id
from kept.web.workspace import filter_of, query_of

ENDINGS = frozenset({"resolutions", "closures"})


def beside(request: HttpRequest, view: TicketView) -> Walk:
    """Return where a ticket stands in the view that the address names."""
    wanted = filter_of(request.GET.dict()).filter
    zone = view.desk.zone if wanted.desk == view.desk.slug else "UTC"
    return walk(agent_id(request), wanted, view.id, at=clock.now(), zone=zone)


def onward(request: HttpRequest, view: TicketView, noun: str) -> str:
    """Return where the reader goes after this act, empty for nowhere else; asked beforehand,
    because an ended ticket leaves its view.
    """
    ends = noun in ENDINGS or request.POST.get("then") == "resolve"
    if not ends:
        return ""
    match after_ending(agent_id(request)):
        case "next":
            number = beside(request, view).after
            place = reverse("ticket", args=(number,)) if number else reverse("queue")
        case "queue":
            place = reverse("queue")
        case _:
            return ""
    return place + query_of(request.GET.dict())


def go(request: HttpRequest, place: str) -> HttpResponse:
    """Lead there; to htmx a ticket is swapped in beside the queue, which stays as it is."""
    if not getattr(request, "htmx", None):
        return redirect(place)
    response = HttpResponse()
    if place.startswith(reverse("ticket", args=(0,))[:-1]):
        target = {"path": place, "target": "#ticket", "swap": "outerHTML"}
        response["HX-Location"] = json.dumps(target)
    else:
        response["HX-Redirect"] = place
    return response
