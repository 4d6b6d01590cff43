"""Rotas: whose turn it is on which local day, and where a duty has nobody.

Days and minutes here are local and nameless; whoever asks turns them into instants, so that a
shift over a change of the clocks is an hour longer or shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kept.policy.calendars import Calendar
from kept.policy.rules import (
    Action,
    ClockRule,
    EscalateAction,
    PageAction,
    Policy,
    TargetUnit,
)
from kept.policy.words import Frozen, Instant

WHOLE_DAY = 24 * 60
ALWAYS = "24x7"
WORK, REST, ONLY = "work", "rest", "only"
Span = tuple[Instant, Instant]


class Layer(Frozen, frozen=True, kw_only=True):
    """One rung of a rota. Days are proleptic ordinals, minutes count from local midnight.

    `holidays` says whether the layer works on them, rests, or works on nothing else.
    """

    people: tuple[int, ...]
    starts_on: int
    turn_days: int = 7
    handover: int = 9 * 60
    minutes: int = WHOLE_DAY
    """How long a day's duty lasts from the hand-over on."""
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    holidays: str = WORK


class Turn(Frozen, frozen=True, kw_only=True):
    """A stretch of duty: `last` is the local day on which it ends, `until` the minute there."""

    agent: int
    day: int
    handover: int
    last: int
    until: int


def turns(
    layer: Layer, *, first: int, last: int, holidays: Iterable[int] = ()
) -> tuple[Turn, ...]:
    """Return the turns that begin from `first` to before `last`.

    Days round the clock in one person's turn are one stretch; others are a stretch each.
    """
    free = frozenset(holidays)
    found: list[Turn] = []
    begin = layer.starts_on + (first - layer.starts_on) // layer.turn_days * layer.turn_days
    for day in range(max(begin, layer.starts_on), last):
        if not layer.people or not _works(layer, day, free):
            continue
        number = (day - layer.starts_on) // layer.turn_days
        agent = layer.people[number % len(layer.people)]
        more, until = divmod(layer.handover + layer.minutes, WHOLE_DAY)
        before = found[-1] if found else None
        goes_on = (
            layer.minutes == WHOLE_DAY and before is not None and before.last == day
            and (before.day - layer.starts_on) // layer.turn_days == number
        )  # fmt: skip
        start = before.day if goes_on and before is not None else day
        turn = Turn(agent=agent, day=start, handover=layer.handover, last=day + more, until=until)
        if goes_on:
            found.pop()
        found.append(turn)
    return tuple(turn for turn in found if turn.last >= first)


def _works(layer: Layer, day: int, free: frozenset[int]) -> bool:
    # The first of January of year 1 was a Monday.
    if (day - 1) % 7 not in layer.weekdays:
        return False
    if layer.holidays == ONLY:
        return day in free
    return layer.holidays == WORK or day not in free


# Duties and gaps -------------------------------------------------------------------------------


class Duty(Frozen, frozen=True, kw_only=True):
    """What the SOP makes somebody ready for. `who` is a role, empty for anybody of the desk;
    `calendar` is when, `24x7` for always.
    """

    who: str
    calendar: str
    clause: str


def duties(policy: Policy) -> tuple[Duty, ...]:
    """Return who must be reachable when: roles that are paged, and anybody where a clock runs.

    A clock whose target spans every closed night needs nobody at night.
    """
    found: dict[tuple[str, str], Duty] = {}
    for rule in policy.rules:
        for key in ("do", "on_warn", "on_miss"):
            for page in _pages(getattr(rule, key, ())):
                duty = Duty(who=page.role, calendar=rule.calendar, clause=rule.because.clause)
                found.setdefault((page.role, rule.calendar), duty)
        if isinstance(rule, ClockRule) and rule.by.kind != "any" and _is_short(policy, rule):
            duty = Duty(who="", calendar=rule.calendar, clause=rule.because.clause)
            found.setdefault(("", rule.calendar), duty)
    for channel in policy.channels.values():
        if channel.kind == "phone" and ALWAYS in (channel.hours, channel.calendar):
            duty = Duty(who="", calendar=ALWAYS, clause=channel.clause)
            found.setdefault(("", ALWAYS), duty)
    whole = {who for who, calendar in found if calendar == ALWAYS}
    return tuple(
        duty for (who, calendar), duty in found.items() if calendar == ALWAYS or who not in whole
    )


def _pages(actions: Sequence[Action]) -> Iterable[PageAction]:
    for action in actions:
        if isinstance(action, PageAction):
            yield action
        elif isinstance(action, EscalateAction):
            yield from _pages(action.at_top)


def _is_short(policy: Policy, rule: ClockRule) -> bool:
    target = rule.target
    if target is None or target.unit is not TargetUnit.TIME:
        return False
    if rule.calendar != ALWAYS:
        return True
    calendar = next(iter(policy.calendars.values()), None)
    return calendar is None or target.amount < _longest_closed(calendar, calendar.first)


def _longest_closed(calendar: Calendar, start: Instant) -> int:
    stretches = zip(calendar.closes, calendar.opens[1:], strict=False)
    return max((opens - closes for closes, opens in stretches if closes >= start), default=0)


def open_spans(calendar: Calendar | None, start: Instant, end: Instant) -> tuple[Span, ...]:
    """Return the open time between two instants as spans."""
    if calendar is None:
        return ((start, end),)
    pairs = zip(calendar.opens, calendar.closes, strict=True)
    return tuple(
        (max(opens, start), min(closes, end))
        for opens, closes in pairs
        if opens < end and closes > start
    )


def gaps(needed: Iterable[Span], held: Iterable[Span]) -> tuple[Span, ...]:
    """Return the parts of what is needed that nobody holds, in order."""
    left: list[Span] = []
    covers = sorted(held)
    for start, end in needed:
        at = start
        for opens, closes in covers:
            if closes <= at or opens >= end:
                continue
            if opens > at:
                left.append((at, opens))
            at = max(at, closes)
            if at >= end:
                break
        if at < end:
            left.append((at, end))
    return tuple(left)
