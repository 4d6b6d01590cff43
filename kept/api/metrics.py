"""GET /metrics for Prometheus: figures of the installation, closed to the outside by default.

Open to KEPT_METRICS_TOKEN, and to this machine itself as long as KEPT_URL says that nobody else
is served: behind a proxy every request seems to come from here.
"""

import hmac
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kept import clock
from kept.records.queries.health import Health, health

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures, or that there is nothing here."""
    if not _may_see(request):
        raise Http404
    text = "\n".join(_lines(health(clock.now()))) + "\n"
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_see(request: HttpRequest) -> bool:
    wanted = settings.KEPT_METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if wanted and hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode()):
        return True
    is_private = (urlsplit(settings.KEPT_URL).hostname or "") in LOOPBACK
    came_directly = not any(name in request.headers for name in PASSED_ON)
    return is_private and came_directly and request.META.get("REMOTE_ADDR") in LOOPBACK


def _lines(now: Health) -> Iterator[str]:
    yield from _kind("kept_tickets_open", "Tickets that are not ended.")
    for desk in now.desks:
        yield f'kept_tickets_open{{desk="{_safe(desk.desk)}"}} {desk.open}'
    yield from _kind("kept_tickets_overdue", "Open tickets whose next due has passed.")
    for desk in now.desks:
        yield f'kept_tickets_overdue{{desk="{_safe(desk.desk)}"}} {desk.overdue}'
    yield from _kind("kept_clock_lag_seconds", "How late the oldest unfired timer is.")
    yield f"kept_clock_lag_seconds {now.clock_lag:.3f}"
    yield from _kind("kept_intake_messages", "Raw messages by state.")
    for state, count in sorted(now.intake.items()):
        yield f'kept_intake_messages{{state="{_safe(state)}"}} {count}'
    yield from _kind("kept_intake_age_seconds", "Age of the oldest message not taken in.")
    yield f"kept_intake_age_seconds {now.intake_age:.3f}"
    yield from _kind("kept_outbox_entries", "Outgoing mails by state.")
    for state, count in sorted(now.outbox.items()):
        yield f'kept_outbox_entries{{state="{_safe(state)}"}} {count}'
    yield from _kind("kept_outbox_age_seconds", "How long the oldest sendable mail waits.")
    yield f"kept_outbox_age_seconds {now.outbox_age:.3f}"
    yield from _kind("kept_mailbox_poll_age_seconds", "Since the last good poll; none: never.")
    for box in now.mailboxes:
        if box.poll_age is not None:
            labels = f'desk="{_safe(box.desk)}",mailbox="{_safe(box.mailbox)}"'
            yield f"kept_mailbox_poll_age_seconds{{{labels}}} {box.poll_age:.3f}"
    yield from _kind("kept_alarms", "Faults that wait for a person.")
    yield f"kept_alarms {now.alarms}"


def _kind(name: str, says: str) -> tuple[str, str]:
    return f"# HELP {name} {says}", f"# TYPE {name} gauge"


def _safe(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
