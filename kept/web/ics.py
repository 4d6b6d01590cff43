"""Shifts as an iCalendar (RFC 5545): a stable UID each, a sequence that grows, instants in UTC.

A shift's instants are fixed when it is planned, so UTC says them exactly over any change of the
clocks; calendar programs show them in their reader's own zone.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Calendar, Event

from kept.records.queries.rotas import FeedShifts, ShiftView


def calendar(feed: FeedShifts, *, at: datetime) -> bytes:
    """Return a feed's calendar."""
    made = Calendar()
    made.add("prodid", "-//Kept//Rota//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", feed.title)
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for shift in feed.shifts:
        made.add_component(_event(shift, own=feed.own, at=at))
    return bytes(made.to_ical())


def _event(shift: ShiftView, *, own: bool, at: datetime) -> Event:
    event = Event()
    event.add("uid", uid(shift))
    event.add("sequence", shift.sequence)
    event.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", shift.starts_at.astimezone(UTC))
    event.add("dtend", shift.ends_at.astimezone(UTC))
    kind = "On call" if shift.kind == "on_call" else "On duty"
    place = f"{shift.desk}, {shift.rota}" if shift.rota else shift.desk
    event.add("summary", f"{kind}: {place}" if own else f"{shift.name}: {kind.lower()}, {place}")
    event.add("transp", "TRANSPARENT")
    return event


def uid(shift: ShiftView) -> str:
    """Return the name under which calendars know a shift while its times change."""
    house = urlsplit(settings.KEPT_URL).hostname or "kept"
    if shift.slot:
        return f"shift-{shift.layer}-{shift.slot}-{shift.agent}@{house}"
    return f"shift-{shift.id}@{house}"
