"""The rail: every commitment of a ticket on one time line, as shares of its width.

Percentages only: the page draws them as SVG attributes, so no inline style is needed. What is
kept, missed or at risk was decided before; nothing here judges a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.records.queries.views import CommitmentChip

TONES = {
    "kept": "kept",
    "missed": "missed",
    "late": "missed",
    "cancelled": "ended",
    "at_risk": "risk",
    "on_track": "running",
    "paused": "paused",
    "nothing_due": "ended",
}
"""A standing of the queries -> the mark and colour that the pages show it by."""
WORDS = {"kept": "kept", "late": "done late", "cancelled": "ended", "paused": "paused"}
SETTLED = frozenset({
    "kept", "late", "cancelled", "exempt", "unknown", "abandoned", "waived",
})  # fmt: skip
FULL, HALF = 97.0, 55.0
MOST_OPEN = 5
"""Lanes beyond these fold away: the next dues are what matters."""

Pauses = Mapping[str, Sequence[tuple[datetime, datetime | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One commitment's row; x and widths in percent of the line."""

    chip: CommitmentChip
    key: str
    tone: str
    words: str
    at: datetime | None
    live: bool
    from_x: float
    span: float
    done: float
    due_x: float | None
    over: float
    paused: bool
    pause_x: float
    pause: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """The whole line: what is open, what is settled, and where now is.

    While something is open, the past has the left half and what is to come the right one: a
    promise in five minutes and one in five days can both be seen.
    """

    open: tuple[Lane, ...]
    later: tuple[Lane, ...]
    settled: tuple[Lane, ...]
    settled_words: str
    starts_at: datetime
    ends_at: datetime
    now_x: float | None


def rail(
    chips: Sequence[CommitmentChip], *, opened_at: datetime, now: datetime, pauses: Pauses
) -> Rail:
    """Return the rail of a ticket at one instant; the next due comes first."""
    # A step without a time is owed, but not by when: the side column lists it.
    chips = [chip for chip in chips if not chip.suspended and (chip.due_at or chip.settled_at)]
    opening = min([opened_at, *(chip.started_at for chip in chips)])
    ends = [at for chip in chips for at in (chip.due_at, chip.settled_at) if at]
    scale = _Scale(opening, max([opening + timedelta(minutes=5), *ends]), now)
    last = datetime.max.replace(tzinfo=now.tzinfo)
    ordered = sorted(chips, key=lambda chip: (chip.due_at or last, chip.id))
    lanes = [_lane(chip, scale, now, pauses.get(chip.id, ()), n) for n, chip in enumerate(ordered)]
    settled = tuple(lane for lane in lanes if lane.chip.standing in SETTLED)
    running = tuple(lane for lane in lanes if lane.chip.standing not in SETTLED)
    return Rail(
        open=running[:MOST_OPEN],
        later=running[MOST_OPEN:],
        settled=settled,
        settled_words=_settled_words(settled),
        starts_at=opening,
        ends_at=scale.ends_at,
        now_x=scale.x(now),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    starts_at: datetime
    ends_at: datetime
    now: datetime

    def x(self, at: datetime) -> float:
        if not self.starts_at < self.now < self.ends_at:
            return _share(at, self.starts_at, self.ends_at, 0, FULL)
        if at <= self.now:
            return _share(at, self.starts_at, self.now, 0, HALF)
        return _share(at, self.now, self.ends_at, HALF, FULL)


def _share(at: datetime, begin: datetime, end: datetime, low: float, high: float) -> float:
    part = min(1.0, max(0.0, (at - begin) / (end - begin)))
    return round(low + part * (high - low), 2)


def _lane(
    chip: CommitmentChip,
    scale: _Scale,
    now: datetime,
    pauses: Sequence[tuple[datetime, datetime | None]],
    number: int,
) -> Lane:
    until = chip.settled_at or now
    due = chip.due_at or until
    begin, stop, due_x = scale.x(chip.started_at), scale.x(min(until, due)), scale.x(due)
    open_pause = pauses[-1] if pauses else None
    pause_x = scale.x(open_pause[0]) if open_pause else stop
    pause_end = scale.x((open_pause[1] if open_pause else None) or until)
    return Lane(
        chip=chip,
        key=str(number),
        tone=TONES.get(chip.standing, "ended"),
        words=WORDS.get(chip.standing, chip.standing.replace("_", " ")),
        at=chip.settled_at if chip.standing in SETTLED else None,
        live=chip.standing in {"at_risk", "on_track", "missed"} and chip.due_at is not None,
        from_x=begin,
        span=max(0.4, round(due_x - begin, 2)),
        done=max(0.4, round(stop - begin, 2)),
        due_x=due_x if chip.due_at else None,
        over=max(0.0, round(scale.x(until) - due_x, 2)),
        paused=chip.paused or bool(pauses),
        pause_x=pause_x,
        pause=max(0.8, round(pause_end - pause_x, 2)),
    )


def _settled_words(lanes: tuple[Lane, ...]) -> str:
    counts = [
        (sum(lane.chip.standing == "kept" for lane in lanes), "kept"),
        (sum(lane.chip.standing == "late" for lane in lanes), "done late"),
        (sum(lane.chip.standing not in {"kept", "late"} for lane in lanes), "ended"),
    ]
    return ", ".join(f"{count} {word}" for count, word in counts if count)
