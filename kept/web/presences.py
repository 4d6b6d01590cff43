"""POST /tickets/N/presence: a beat, answered by who else is here; GET and POST of the room."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from kept import clock
from kept.records.queries.tickets import ticket_state
from kept.records.queries.writing import room as room_of
from kept.services import presence as presences
from kept.services import rooms
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in


@require_POST
@signed_in
def presence(request: HttpRequest, number: int) -> HttpResponse:
    """Take a beat; `intent` left ends it."""
    me, at, intent = agent_id(request), clock.now(), request.POST.get("intent", "")
    if intent == "left":
        presences.leave(number, by=me, at=at)
        return HttpResponse(status=204)
    others = presences.beat(number, by=me, at=at, intent=intent)
    return render(request, "tickets/_present.html", {"present": others})


@require_safe
@signed_in
def room(request: HttpRequest, number: int) -> HttpResponse:
    """Show a ticket's room; what is shown counts as read where somebody looks at it."""
    me = agent_id(request)
    found = ticket_state(me, number)
    if found is None:
        raise Http404
    shown = room_of(me, number)
    if request.GET.get("seen") and shown.lines:
        rooms.read(number, by=me, line=shown.lines[-1].id)
        shown = room_of(me, number)
    context = {"room": shown, "zone": found[0].zone}
    return render(request, "tickets/_room.html", context)
