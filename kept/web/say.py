"""How the pages say times: as people do, with the exact instant one hover away.

due.js says the same words between two swaps; tests/web compares them.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from kept.records.instants import instant

MINUTE, HOUR, DAY = 60, 3600, 86_400


def duration(amount: timedelta) -> str:
    """Return `12 min`, `3 h 40`, `2 days`; what is below the smallest unit is dropped."""
    whole = int(abs(amount).total_seconds())
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    hours, minutes = whole // HOUR, whole % HOUR // MINUTE
    if whole < 10 * HOUR:
        return f"{hours} h {minutes:02}" if minutes else f"{hours} h"
    return f"{hours} h" if whole < 2 * DAY else f"{whole // DAY} days"


def minutes(count: int) -> str:
    """Return minutes of work as `25 min` or `1 h 15`."""
    return duration(timedelta(minutes=count))


def remaining(at: datetime, now: datetime) -> str:
    """Return `in 12 min` or `3 h 40 late`."""
    return f"in {duration(at - now)}" if at >= now else f"{duration(now - at)} late"


def countdown(at: datetime, now: datetime) -> str:
    """Return `4:07`, `1:12:30` or `+0:40`, as a wall shows it."""
    sign = "+" if at < now else ""
    whole = int(abs(at - now).total_seconds())
    if whole >= 10 * HOUR:
        return sign + duration(at - now)
    hours, minutes, seconds = whole // HOUR, whole % HOUR // MINUTE, whole % MINUTE
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"


def moment(at: datetime, zone: str, now: datetime) -> str:
    """Return an instant as a reader in `zone` says it today: `10:15`, `Fri 10:15`, `3 Nov`."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    days = abs((local.date() - today.date()).days)
    if days == 0:
        return f"{local:%H:%M}"
    if days < 7:
        return f"{local:%a %H:%M}"
    return f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"


def exact(at: datetime, zone: str) -> str:
    """Return the whole instant with its zone: `Fri 2025-06-06 10:15:00 BST`."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M:%S %Z}"


def minute(at: datetime, zone: str) -> str:
    """Return date and minute with the zone, for sums and edition lines."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"


def iso(at: datetime) -> str:
    """Return ISO 8601 in UTC, for `datetime` attributes."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def micros(at: datetime) -> int:
    """Return an instant in whole microseconds, as forms bear it exactly."""
    return instant(at)


def initials(name: str) -> str:
    """Return two letters for a face where no picture is."""
    parts = name.split()
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()


def plain(name: str) -> str:
    """Return a name of the SOP as words: `write_incident` -> `write incident`."""
    return name.replace("_", " ").replace("-", " ")


def ago(at: datetime, now: datetime) -> str:
    """Return how long an instant is past: `12 min ago`, `now` within the minute."""
    return f"{duration(now - at)} ago" if now - at >= timedelta(minutes=1) else "now"


def condition(source: str) -> str:
    """Return a condition of the SOP as near to a sentence as it comes."""
    for pattern, words in READS:
        source = re.sub(pattern, words, source)
    return plain(source)


READS = (
    (r'!\("(\w+)" in steps_done\)', r"\1 is not done"),
    (r'"(\w+)" in steps_done', r"\1 is done"),
    (r'!\("(\w+)" in flags\)', r"not flagged \1"),
    (r'"(\w+)" in flags', r"flagged \1"),
    (r"known\((\w+)\)", r"\1 is known"),
    (r" && ", ", and "), (r" \|\| ", ", or "), (r" == ", " is "), (r" != ", " is not "),
    (r"!(?=[(\w])", "not "), (r'"', ""),
)  # fmt: skip


def money(minor: int, currency: str) -> str:
    """Return minor units as an amount with its currency: `USD 120.00`."""
    return f"{currency} {minor // 100:,}.{minor % 100:02}"


def size(count: int) -> str:
    """Return a file size as people say it."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
