"""GET /outbox: every message that goes out, with what became of it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from kept.records.queries.desk_pages import PAGE, outbox_page
from kept.records.queries.views import OutboxRow
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in
from kept.web.workspace import Link

TONES = {"sent": "kept", "queued": "running", "failed": "missed", "held": "paused"}
STATES = ("queued", "sent", "failed", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    row: OutboxRow
    tone: str
    zone: str


@require_safe
@signed_in
def outbox(request: HttpRequest) -> HttpResponse:
    """Show what goes out from the reader's desks, newest first."""
    reader = me(request)
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    before = request.GET.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    rows = outbox_page(agent_id(request), before=start, state=state or None)
    zones = {desk.slug: desk.zone for desk in reader.desks}
    place = reverse("outbox")
    more = f"{place}?state={state}&before={rows[-1].id}" if len(rows) == PAGE else ""
    context = {
        "me": reader,
        "rows": tuple(
            Sent(row=row, tone=TONES[row.state], zone=zones.get(row.desk, "UTC")) for row in rows
        ),
        "more": more,
        "states": (
            Link(name="All", href=place, current=not state),
            *(
                Link(name=name.capitalize(), href=f"{place}?state={name}", current=name == state)
                for name in STATES
            ),
        ),
    }
    return render(request, "mail/outbox.html", context)
