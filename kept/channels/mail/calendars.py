"""Invitations: one line that says what a calendar part asks; the part itself stays a file.

Only the first event's own values are read; no rule of repetition is ever unrolled.
"""

from icalendar import Calendar

LONGEST_CALENDAR = 500_000
METHODS = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "PUBLISH": "Event",
    "COUNTER": "Another time is proposed",
}


def summary_line(octets: bytes) -> str:
    """Return a line such as `Invitation: Review, 2026-11-23 10:00 (Europe/Berlin), Room 2`."""
    if len(octets) > LONGEST_CALENDAR:
        return "Calendar entry (too large to read)"
    try:
        calendar = Calendar.from_ical(octets)
        event = next(iter(calendar.walk("VEVENT")), None)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return "Calendar entry (not readable)"
    if event is None:
        return "Calendar entry"
    kind = METHODS.get(str(calendar.get("METHOD", "PUBLISH")).upper(), "Event")
    pieces = [_text(event.get("SUMMARY")) or "without a title", _when(event.get("DTSTART"))]
    if event.get("RRULE"):
        pieces.append("repeats")
    pieces += [_text(event.get("LOCATION"))]
    return f"{kind}: " + ", ".join(piece for piece in pieces if piece)


def _text(value: object) -> str:
    return " ".join(str(value or "").split())[:200]


def _when(value: object) -> str:
    start = getattr(value, "dt", None)
    if start is None:
        return ""
    if not hasattr(start, "hour"):
        return str(start)
    zone = start.tzinfo
    named = str(getattr(value, "params", {}).get("TZID", ""))[:60]
    name = getattr(zone, "key", None) or named or (str(zone) if zone else "local time")
    return f"{start:%Y-%m-%d %H:%M} ({name})"
