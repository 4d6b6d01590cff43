"""Cadences: duties that return every week, month or so many days, for the desk as a whole.

Periods are civil: a week begins on Monday, a month on the 1st, a year on 1 January; any other
number of days counts from the policy's first day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from kept.policy.civil import add_period, begins_at, date_of
from kept.policy.rules import CadenceRule, Policy, Target, TargetUnit
from kept.policy.words import DAY, Because, Frozen, Instant

EPOCH_MONDAY = date(1970, 1, 5)


class Period(Frozen, frozen=True, kw_only=True):
    """One turn of a cadence: the duty is due at `due_at`, by default when its period ends."""

    because: Because
    name: str
    begins_at: Instant
    ends_at: Instant
    due_at: Instant
    role: str | None = None
    form: str | None = None
    for_each: str | None = None


def cadence_periods(policy: Policy, since: Instant, until: Instant) -> tuple[Period, ...]:
    """Return the periods of every cadence that begin in [since, until), by begin and clause.

    A period that had begun before the policy was in force owes nothing.
    """
    found = [
        period
        for rule in policy.rules
        if isinstance(rule, CadenceRule) and rule.every is not None and rule.every.amount > 0
        for period in _periods(policy, rule, rule.every, since, until)
    ]
    return tuple(sorted(found, key=lambda each: (each.begins_at, each.because.clause, each.name)))


def _periods(
    policy: Policy, rule: CadenceRule, every: Target, since: Instant, until: Instant
) -> Iterator[Period]:
    zone = policy.zone
    day = _period_before(date_of(since, zone), every, _anchor(policy, every))
    while (begin := begins_at(day, zone)) < until:
        following = _next(day, every)
        if begin >= since and begin >= (policy.effective_at or begin):
            end = begins_at(following, zone)
            yield Period(
                because=rule.because,
                name=rule.name,
                begins_at=begin,
                ends_at=end,
                due_at=_due(rule, day, end, zone),
                role=rule.role,
                form=rule.form,
                for_each=rule.for_each,
            )
        day = following


def _due(rule: CadenceRule, day: date, end: Instant, zone: str) -> Instant:
    if rule.due is None:
        return end
    if rule.due.unit is TargetUnit.TIME and rule.due.amount % DAY:
        return begins_at(day, zone) + rule.due.amount
    return begins_at(add_period(day, rule.due), zone)


def _anchor(policy: Policy, every: Target) -> date:
    if every.unit is TargetUnit.TIME and every.amount // DAY % 7 and policy.effective_at:
        return date_of(policy.effective_at, policy.zone)
    return EPOCH_MONDAY


def _days(every: Target) -> int:
    if every.unit is TargetUnit.WORKING_DAYS:
        return every.amount
    return max(every.amount // DAY, 1)


def _period_before(day: date, every: Target, anchor: date) -> date:
    """Return the begin of the period that a date lies in."""
    if every.unit is TargetUnit.MONTHS:
        months = (day.year * 12 + day.month - 1) // every.amount * every.amount
        return date(months // 12, months % 12 + 1, 1)
    if every.unit is TargetUnit.YEARS:
        return date(day.year // every.amount * every.amount or 1, 1, 1)
    days = _days(every)
    return anchor + timedelta(days=(day - anchor).days // days * days)


def _next(day: date, every: Target) -> date:
    if every.unit in (TargetUnit.MONTHS, TargetUnit.YEARS):
        return add_period(day, every)
    return day + timedelta(days=_days(every))
