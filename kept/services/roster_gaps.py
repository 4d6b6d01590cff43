"""Alarms before a duty has nobody: raised days ahead, cleared once somebody is planned."""

from datetime import datetime, timedelta

from kept.records.models import Alarm, Desk
from kept.records.queries.rotas import GapView, every_gap
from kept.services.alarms import clear_alarm, raise_alarm

AHEAD = timedelta(days=3)
KEY = "gap:"


def watch_gaps(*, at: datetime) -> int:
    """Raise one alarm per duty whose next gap opens within three days; return how many stand."""
    first: dict[str, GapView] = {}
    for gap in every_gap(at, within=AHEAD):
        first.setdefault(f"{KEY}{gap.desk}:{gap.who}:{gap.clause}"[:200], gap)
    standing = set(
        Alarm.objects.filter(key__startswith=KEY, cleared_at=None).values_list("key", flat=True)
    )
    for key in sorted(standing - set(first)):
        clear_alarm(key, at=at)
    desks = dict(Desk.objects.values_list("slug", "id"))
    for key in sorted(set(first) - standing):
        gap = first[key]
        raise_alarm(key, sentence(gap), at=at, desk=desks[gap.desk])
    return len(first)


def sentence(gap: GapView) -> str:
    """Say a gap in words, its instants in UTC as alarms tell them."""
    who = gap.who.replace("_", " ") or "anybody"
    return (
        f"Nobody is on duty as {who} on desk {gap.desk} from {gap.starts_at:%a %d %b %H:%M} UTC"
        f" to {gap.ends_at:%a %d %b %H:%M} UTC, though {gap.clause} needs somebody."
    )
