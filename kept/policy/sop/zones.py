"""Time zones, read from the pinned `tzdata` package and from nowhere else.

Local time is turned into instants only here: a repeated wall time is its first occurrence, a
missing one takes the offset before the gap (R2).
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from zoneinfo import ZoneInfo

from kept.policy.words import SECOND, Instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WEEK = 7 * 86_400 * SECOND
"""No zone has taken a change of its clocks back within a week in the years we count."""


@cache
def tzdata_version() -> str:
    """Return the version of the zone data that every due time rests on."""
    return version("tzdata")


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return the zone; raise LookupError when the pinned data has none of that name."""
    parts = name.split("/")
    if not all(part and part.strip(".") for part in parts):
        raise LookupError(name)
    resource = files("tzdata").joinpath("zoneinfo", *parts)
    if not resource.is_file():
        raise LookupError(name)
    with resource.open("rb") as compiled:
        try:
            return ZoneInfo.from_file(compiled, key=name)
        except ValueError:
            raise LookupError(name) from None


@cache
def zone_names() -> frozenset[str]:
    """Return the names that the zone data has."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def instant_of(local: datetime, zone: ZoneInfo) -> Instant:
    """Return the instant of a naive wall time, or of an aware time as it stands."""
    aware = local if local.tzinfo else local.replace(tzinfo=zone, fold=0)
    return (aware.astimezone(UTC) - EPOCH) // _MICROSECOND


def local_time(at: Instant, zone: ZoneInfo) -> datetime:
    """Return the wall time of an instant, aware."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone)


def start_of(day: date, zone: ZoneInfo) -> Instant:
    """Return the first instant of a local date; where midnight is missing, the gap's end."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall time, made aware below
    at = instant_of(midnight, zone)
    return at if local_time(at, zone).date() >= day else _gap_end(at, zone)


def offset_at(at: Instant, zone: ZoneInfo) -> int:
    """Return the zone's offset from UTC at an instant, in seconds."""
    offset = local_time(at, zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)


def transitions_between(first: Instant, last: Instant, zone: ZoneInfo) -> list[Instant]:
    """Return the instants in (first, last] at which the zone's offset changes."""
    found = []
    low, before = first, offset_at(first, zone)
    while low < last:
        high = min(low + _WEEK, last)
        after = offset_at(high, zone)
        if after != before:
            found.append(_change(low, high, zone))
        low, before = high, after
    return found


def _change(low: Instant, high: Instant, zone: ZoneInfo) -> Instant:
    """Return the first instant with another offset than at `low`, by halving."""
    before = offset_at(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def _gap_end(at: Instant, zone: ZoneInfo) -> Instant:
    return _change(at - 86_400 * SECOND, at + 86_400 * SECOND, zone)
