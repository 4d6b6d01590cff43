"""/search, and the few words that the palette and the note's @ ask for while one types."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries.desks import desk_of
from kept.records.queries.people import colleagues_of
from kept.records.queries.search import Found, Thing, best
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

THING_PAGES = {"customer": "customer", "article": "article"}
"""Where each kind of thing found beside tickets leads; a new kind adds its line."""
EXAMPLES = (
    "printer is:open", "from:dana", "desk:esc severity:P1,P2", '"delivery date" before:2026-01-01',
    "owner:me updated-before:-7d",
)  # fmt: skip
SUGGESTED = 7
SHORTEST = 2


@require_safe
@signed_in
def search_page(request: HttpRequest) -> HttpResponse:
    """Show what a line finds, the best first."""
    line = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    found = best(agent_id(request), line, at=clock.now()) if line else Found(hits=())
    reader = me(request)
    context = {
        "me": reader, "line": line, "found": found, "examples": EXAMPLES,
        "things": tuple((thing, address_of(thing)) for thing in found.things),
        "zones": {desk.slug: desk.zone for desk in reader.desks},
    }  # fmt: skip
    return render(request, "queue/search.html", context, parts={"found": "queue/_found.html"})


@require_safe
@signed_in
def suggestions(request: HttpRequest) -> HttpResponse:
    """Return a few tickets and customers for the palette, with the rights of the search."""
    line = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    if len(line) < SHORTEST:
        return JsonResponse({"found": []})
    found = best(agent_id(request), line, at=clock.now(), limit=SUGGESTED)
    told = [
        {"name": f"#{hit.ticket} {hit.subject}"[:120], "about": f"{hit.customer} · {hit.desk}",
         "href": reverse("ticket", args=(hit.ticket,))}
        for hit in found.hits
    ]  # fmt: skip
    told += [
        {"name": thing.title, "about": f"{thing.kind}, {thing.about}", "href": address_of(thing)}
        for thing in found.things
    ]
    return JsonResponse({"found": told})


@require_safe
@signed_in
def colleagues(request: HttpRequest) -> HttpResponse:
    """Return whom a note of a desk can name, by the letters typed after its @."""
    desk = desk_of(agent_id(request), request.GET.get("desk", "").replace("\x00", ""))
    letters = request.GET.get("q", "").lower()[:40]
    people = colleagues_of(desk.id, clock.now()) if desk else ()
    shorts = [one.email.partition("@")[0].lower() for one in people]
    told = [
        {"handle": short if shorts.count(short) == 1 else one.email.lower(), "name": one.name}
        for one, short in zip(people, shorts, strict=True)
        if short.startswith(letters) or letters in one.name.lower()
    ]
    return JsonResponse({"found": told[:8]})


def address_of(thing: Thing) -> str:
    """Return the page of a thing that was found."""
    return reverse(THING_PAGES[thing.kind], args=(thing.id,))
