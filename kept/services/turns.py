"""Expand rotas into shifts, eight weeks ahead. What has passed is never changed.

A shift keeps its slot, its name in people's calendars, while its times change; its sequence grows.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from kept.policy import Policy
from kept.policy.calendars import EPOCH_DAY
from kept.policy.rota import Layer, turns
from kept.policy.words import Frozen
from kept.records.models import Rota, RotaLayer, RotaOverride, Shift
from kept.services.beginning import active_policy
from kept.services.errors import DeskError

AHEAD = timedelta(weeks=8)


class Piece(Frozen, frozen=True, kw_only=True):
    """A shift as the plan wants it."""

    slot: str
    agent: int
    starts_at: datetime
    ends_at: datetime


def expand_all(*, at: datetime) -> int:
    """Bring every rota's shifts up to eight weeks from now; return how many changed."""
    return sum(expand(rota, at=at) for rota in Rota.objects.filter(ended_at=None).order_by("id"))


def expand(rota: Rota, *, at: datetime) -> int:
    """Make a rota's coming shifts what its layers and overrides say."""
    free = _holidays(rota.desk_id)
    changed = 0
    with transaction.atomic():
        Rota.objects.select_for_update().get(pk=rota.pk)
        for layer in RotaLayer.objects.filter(rota=rota):
            lives = layer.ended_at is None and rota.ended_at is None
            plan = tuple(planned(layer, rota.zone, at, free)) if lives else ()
            changed += _settle(rota, layer, plan, at)
    return changed


def planned(
    layer: RotaLayer, zone: str, at: datetime, holidays: Iterable[int] = ()
) -> Iterator[Piece]:
    """Yield what a layer plans from now on, overrides already put in."""
    local = ZoneInfo(zone)
    today = at.astimezone(local).date()
    first = (today - timedelta(days=1)).toordinal()
    # Whole turns only: a turn that grew by a day each day would change in every calendar.
    enough = (today + AHEAD).toordinal() + 1 - layer.starts_on.toordinal()
    last = layer.starts_on.toordinal() - (-enough // layer.turn_days) * layer.turn_days
    covers = list(RotaOverride.objects.filter(layer=layer, ended_at=None, ends_at__gt=at)
                  .order_by("made_at", "id"))  # fmt: skip
    rung = Layer(
        people=tuple(layer.people), starts_on=layer.starts_on.toordinal(),
        turn_days=layer.turn_days, handover=layer.handover_minute, minutes=layer.minutes,
        weekdays=tuple(layer.weekdays), holidays=layer.holidays,
    )  # fmt: skip
    for turn in turns(rung, first=first, last=last, holidays=holidays):
        piece = Piece(
            slot=f"{layer.pk}.{turn.day - EPOCH_DAY}", agent=turn.agent,
            starts_at=_instant(turn.day, turn.handover, local),
            ends_at=_instant(turn.last, turn.until, local),
        )  # fmt: skip
        yield from _covered(piece, covers)


def _covered(piece: Piece, covers: list[RotaOverride]) -> Iterator[Piece]:
    """Cut the overrides into a shift; a later override beats an earlier one."""
    parts = [piece]
    for cover in covers:
        cut: list[Piece] = []
        for part in parts:
            start, end = max(part.starts_at, cover.starts_at), min(part.ends_at, cover.ends_at)
            if start >= end:
                cut.append(part)
                continue
            if part.starts_at < start:
                cut.append(_part(part, part.slot, part.agent, part.starts_at, start))
            cut.append(_part(part, f"{piece.slot}.c{cover.pk}", cover.agent_id, start, end))
            if end < part.ends_at:
                tail = part.slot if part.starts_at >= start else f"{part.slot}.a{cover.pk}"
                cut.append(_part(part, tail, part.agent, end, part.ends_at))
        parts = cut
    yield from parts


def _part(part: Piece, slot: str, agent: int, start: datetime, end: datetime) -> Piece:
    return Piece(slot=slot[:80], agent=agent, starts_at=start, ends_at=end)


def _settle(rota: Rota, layer: RotaLayer, plan: tuple[Piece, ...], at: datetime) -> int:
    """Write the difference between the shifts there are and those there should be."""
    wanted = {piece.slot: piece for piece in plan if piece.ends_at > at}
    there = {one.slot: one for one in Shift.objects.filter(layer=layer, ends_at__gt=at)}
    changed = 0
    for slot, shift in there.items():
        piece = wanted.get(slot)
        if piece is not None and piece.agent == shift.agent_id:
            wanted.pop(slot)
            # A running shift began when it began; only its end can still change.
            start = shift.starts_at if shift.starts_at <= at else piece.starts_at
            if (start, piece.ends_at) != (shift.starts_at, shift.ends_at):
                Shift.objects.filter(pk=shift.pk).update(
                    starts_at=start, ends_at=piece.ends_at, sequence=shift.sequence + 1
                )
                changed += 1
        elif shift.starts_at < at:
            Shift.objects.filter(pk=shift.pk).update(
                ends_at=at, slot=f"{slot}.p{shift.pk}"[:80], sequence=shift.sequence + 1
            )
            changed += 1
        else:
            Shift.objects.filter(pk=shift.pk).delete()
            changed += 1
    since = max((at, layer.rota.made_at))
    Shift.objects.bulk_create([
        Shift(
            agent_id=piece.agent, desk_id=rota.desk_id, layer=layer, kind=rota.kind,
            rung=layer.rung, slot=piece.slot, starts_at=max(piece.starts_at, since),
            ends_at=piece.ends_at,
        )
        for piece in wanted.values()
    ])  # fmt: skip
    return changed + len(wanted)


def _instant(day: int, minute: int, zone: ZoneInfo) -> datetime:
    """Return a local wall time; one that the change of the clocks skips is the next there is."""
    local = datetime.combine(date.fromordinal(day), time(minute // 60, minute % 60), zone)
    return local.astimezone(UTC)


def _holidays(desk: int) -> tuple[int, ...]:
    """Return the days that the SOP's own calendars keep free."""
    try:
        policy: Policy = active_policy(desk)
    except DeskError:
        return ()
    return tuple({day for one in policy.calendars.values() for day, _ in one.holidays})
