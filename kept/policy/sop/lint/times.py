"""Lints about time: calendars, dues, rosters, and clocks that contradict each other."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from kept.policy.calendars import Calendar
from kept.policy.conditions import Expr, walk
from kept.policy.rules import (
    Action,
    ClockRule,
    Condition,
    EscalateAction,
    PageAction,
    ReactionRule,
    Rule,
    StepRule,
    Target,
    TargetUnit,
    WindowRule,
)
from kept.policy.sop.lint.desk import Desk, comparable, physical
from kept.policy.words import DAY, Instant, Micros

ALWAYS = "24x7"
WEEKS_LOOKED_AT = 4
MOSTLY_PERCENT = 50
HOLIDAYS_AHEAD_DAYS = 90
EPOCH_ORDINAL = 719_163
"""The proleptic ordinal of 1970-01-01."""
ANSWERS = {"agent_public", "call_answered"}
CAUSED = frozenset({
    "missed", "warned", "severity_changed", "assigned", "escalated", "note_flag", "step_done",
    "agent_public", "resolved", "closed",
})  # fmt: skip
"""Events that a policy's own decisions bring about."""


# Calendars -----------------------------------------------------------------------------------


def calendars_that_never_open(desk: Desk) -> None:
    """A calendar without open time makes every due on it impossible."""
    for calendar in _calendars(desk):
        if not calendar.opens:
            line, clause = _place(desk, calendar)
            desk.error(
                "E605", f'calendar "{calendar.name}" has no open time', line=line, clause=clause,
                advice="give it hours under open: or dates:",
            )  # fmt: skip


def targets_no_calendar_holds(desk: Desk) -> None:
    """A target longer than all open time that is left is never due; one of nothing always is."""
    for rule, target in _targets(desk):
        calendar = desk.policy.calendars.get(rule.calendar)
        if getattr(rule, "strict", False) and target.amount == 0:
            _no_due(desk, rule, target, "nothing happens before its own start")
        elif target.amount == 0 and _may_follow_itself(rule):
            told = f"{rule.because.rule} takes no time, and what starts it may follow from it"
            desk.error(
                "E606", told,
                line=rule.because.line, clause=rule.because.clause,
                advice="give it a time, or let a reaction act `on` the event",
            )  # fmt: skip
        elif calendar is not None and calendar.opens and not _fits(desk, calendar, target):
            _no_due(desk, rule, target, f'calendar "{calendar.name}" has less open time than that')


def _targets(desk: Desk) -> Iterator[tuple[Rule, Target]]:
    for rule in desk.policy.rules:
        match rule:
            case ClockRule() | StepRule():
                target = rule.target
            case WindowRule():
                target = rule.every
            case ReactionRule():
                target = rule.after
            case _:
                continue
        if target is not None:
            yield rule, target


def _may_follow_itself(rule: Rule) -> bool:
    """Say whether the policy itself can bring about what starts a rule."""
    starts = rule.after if isinstance(rule, StepRule) else getattr(rule, "start", ())
    return any(event in CAUSED or ":" in event for event in starts)


def _no_due(desk: Desk, rule: Rule, target: Target, why: str) -> None:
    desk.error(
        "E606", f"{rule.because.rule} can never be due after {_said(target)}: {why}",
        line=rule.because.line, clause=rule.because.clause,
        advice="correct the figure or the calendar",
    )  # fmt: skip


def _fits(desk: Desk, calendar: Calendar, target: Target) -> bool:
    start = max(calendar.first, desk.policy.effective_at or calendar.first)
    if target.unit is TargetUnit.TIME:
        return _open_after(calendar, start) >= target.amount
    if target.unit is TargetUnit.WORKING_DAYS:
        days = len(calendar.day_closes) - bisect_right(calendar.day_closes, start)
        return days >= target.amount
    return True


def _open_after(calendar: Calendar, start: Instant) -> Micros:
    place = bisect_right(calendar.closes, start)
    if place >= len(calendar.closes):
        return 0
    total = calendar.open_before[-1] + calendar.closes[-1] - calendar.opens[-1]
    return total - calendar.open_before[place] - max(0, start - calendar.opens[place])


# Dues when nobody is there -------------------------------------------------------------------


def dues_in_closed_time(desk: Desk) -> None:
    """An elapsed target may put most dues of the tickets of the day into the night."""
    calendar = _desk_calendar(desk)
    if calendar is None:
        return
    for rule in desk.rules(ClockRule):
        amount = physical(rule.target)
        if rule.calendar != ALWAYS or not amount or not _by_people(rule):
            continue
        closed, whole = _closed_share(desk, calendar, amount)
        if whole and closed * 100 > MOSTLY_PERCENT * whole:
            desk.warning(
                "W705",
                f"{closed * 100 // whole}% of the dues of {rule.because.rule} fall when calendar "
                f'"{calendar.name}" is closed, for tickets that come while it is open',
                line=rule.because.line, clause=rule.because.clause,
                advice="say working hours or working days, or plan somebody for then",
            )  # fmt: skip


def _closed_share(desk: Desk, calendar: Calendar, amount: Micros) -> tuple[Micros, Micros]:
    """Return how much open time, four weeks long, has its due in closed time, and all of it."""
    start = max(calendar.first, desk.policy.effective_at or calendar.first)
    end = start + WEEKS_LOOKED_AT * 7 * DAY
    place = bisect_right(calendar.closes, start)
    whole = met = 0
    while place < len(calendar.opens) and calendar.opens[place] < end:
        low = max(start, calendar.opens[place])
        high = min(end, calendar.closes[place])
        whole += high - low
        met += _open_between(calendar, low + amount, high + amount)
        place += 1
    return whole - met, whole


def _open_between(calendar: Calendar, low: Instant, high: Instant) -> Micros:
    return _open_after(calendar, low) - _open_after(calendar, high)


def duties_without_a_roster(desk: Desk) -> None:
    """A duty that can run out while the desk is closed needs somebody who is paged then.

    Who is on duty is planned outside the SOP; what an SOP can say is whom to page, and a page
    goes to whoever is on duty at any hour. So a rule that pages and holds together with the
    clock counts as its roster.
    """
    calendar = _desk_calendar(desk)
    if calendar is None:
        return
    pages = [rule for rule in desk.policy.rules if any(_pages(_actions(rule)))]
    for rule in desk.rules(ClockRule):
        amount = physical(rule.target)
        if rule.calendar != ALWAYS or not amount or not _by_people(rule):
            continue
        if amount >= _longest_closed(desk, calendar):
            continue
        if not any(desk.together(rule, page.when) is not None for page in pages):
            desk.warning(
                "W706",
                f"{rule.because.rule} runs day and night, calendar "
                f'"{calendar.name}" does not, and nobody is paged',
                line=rule.because.line, clause=rule.because.clause,
                advice="page a role when it starts, warns or misses, or name a calendar",
            )  # fmt: skip


def _longest_closed(desk: Desk, calendar: Calendar) -> Micros:
    """Return the longest closed stretch in the first year of the SOP."""
    start = max(calendar.first, desk.policy.effective_at or calendar.first)
    place = bisect_right(calendar.closes, start)
    longest = 0
    while place + 1 < len(calendar.opens) and calendar.opens[place] < start + 366 * DAY:
        longest = max(longest, calendar.opens[place + 1] - calendar.closes[place])
        place += 1
    return longest


def _by_people(rule: ClockRule) -> bool:
    return rule.by.kind != "any"


def _actions(rule: Rule) -> tuple[Action, ...]:
    found: tuple[Action, ...] = ()
    for key in ("do", "on_warn", "on_miss"):
        found += getattr(rule, key, ())
    return found


def _pages(actions: tuple[Action, ...]) -> Iterator[PageAction]:
    for action in actions:
        if isinstance(action, PageAction):
            yield action
        elif isinstance(action, EscalateAction):
            yield from _pages(action.at_top)


# Clocks against each other -------------------------------------------------------------------


def escalations_after_the_clock(desk: Desk) -> None:
    """An escalation that waits for the same thing as a clock, but longer, comes after its miss."""
    clocks = list(desk.rules(ClockRule))
    for rule in desk.rules(ReactionRule):
        if rule.after is None or not any(isinstance(a, EscalateAction) for a in rule.do):
            continue
        for clock in clocks:
            serves = (_awaits(rule.unless) | set(rule.unless_events)) & set(clock.stop)
            later = comparable(rule, clock, rule.after, clock.target) and _longer(
                rule.after, clock.target
            )
            if serves and later and set(rule.start) & set(clock.start) and desk.together(
                rule, clock.when
            ) is not None:  # fmt: skip
                desk.warning(
                    "W707",
                    f"{rule.because.rule} acts after {_said(rule.after)}, but "
                    f"{clock.because.rule} is missed after {_said(clock.target)}",
                    line=rule.because.line, clause=rule.because.clause,
                    other_line=clock.because.line, advice="escalate before the clock runs out",
                )  # fmt: skip
                break


def _awaits(unless: Condition | None) -> set[str]:
    """Return the events after which the reaction would no longer act."""
    if unless is None or not isinstance(unless.tree, Expr):
        return set()
    found: set[str] = set()
    for node in walk(unless.tree):
        if node.op == "field" and node.name in ("resolved", "confirmed"):
            found.add(node.name)
        if node.op == "field" and node.name == "replies":
            found.add("agent_public")
    return found


def answers_later_than_solutions(desk: Desk) -> None:
    """Who must be answered later than helped is not really promised an answer."""
    clocks = list(desk.rules(ClockRule))
    for answer in clocks:
        if not ANSWERS & set(answer.stop) or "resolved" in answer.stop:
            continue
        for solution in clocks:
            if set(solution.stop) != {"resolved"} or not set(answer.start) & set(solution.start):
                continue
            slower = comparable(answer, solution, answer.target, solution.target) or (
                solution.calendar == ALWAYS and physical(answer.target) is not None
                and physical(solution.target) is not None
            )  # fmt: skip
            if slower and _longer(answer.target, solution.target) and desk.together(
                answer, solution.when
            ) is not None:  # fmt: skip
                desk.warning(
                    "W708",
                    f"{answer.because.rule} gives {_said(answer.target)}, longer than "
                    f"{_said(solution.target)} of {solution.because.rule}",
                    line=answer.because.line, clause=answer.because.clause,
                    other_line=solution.because.line, advice="correct one of the two figures",
                )  # fmt: skip
                break


def _longer(one: Target | None, other: Target | None) -> bool:
    return one is not None and other is not None and one.amount > other.amount


def _said(target: Target | None) -> str:
    if target is None:
        return "a time that is not set"
    return target.text or f"{target.amount} {target.unit.value.replace('_', ' ')}"


# Holidays ------------------------------------------------------------------------------------


def holidays_that_run_out(desk: Desk) -> None:
    """A list of holidays that ends soon after the SOP begins will be wrong unnoticed."""
    start = desk.policy.effective_at
    if start is None:
        return
    first_day = start // DAY + EPOCH_ORDINAL
    for calendar in _calendars(desk):
        days = [day for day, _ in calendar.holidays]
        if days and max(days) < first_day + HOLIDAYS_AHEAD_DAYS:
            line, clause = _place(desk, calendar)
            desk.warning(
                "W711",
                f'the holidays of calendar "{calendar.name}" end within '
                f"{HOLIDAYS_AHEAD_DAYS} days of the date from which the SOP holds",
                line=line, clause=clause, advice="name a country, or add the next year's dates",
            )  # fmt: skip


def _calendars(desk: Desk) -> Iterator[Calendar]:
    for name, calendar in desk.policy.calendars.items():
        if name != ALWAYS:
            yield calendar


def _desk_calendar(desk: Desk) -> Calendar | None:
    """Return the calendar of the desk's own hours: the one named desk, or the only one."""
    own = {calendar.name: calendar for calendar in _calendars(desk)}
    if "desk" in own:
        return own["desk"]
    return next(iter(own.values())) if len(own) == 1 else None


def _place(desk: Desk, calendar: Calendar) -> tuple[int, str]:
    """Return line and clause of a calendar's declaration."""
    inside = False
    for number, line in enumerate(desk.source.lines, 1):
        bare = line.strip()
        inside = bare.endswith("yaml calendar") or (inside and not bare.startswith("```"))
        if inside and re.search(rf"name:\s*[\"']?{re.escape(calendar.name)}\b", bare):
            above = [one for one in desk.policy.clauses.values() if one.line < number]
            return number, above[-1].id if above else ""
    return 1, desk.policy.sop
