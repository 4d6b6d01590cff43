"""The proof of one due time: every figure behind it, as plain values.

Pages and the API word it; nothing here is a sentence, and nothing is decided here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date

from kept.policy.calendars import (
    EPOCH_DAY,
    Calendar,
    holidays_between,
    local_day,
)
from kept.policy.clocks import pauses_of, target_due
from kept.policy.plans import Plan, holds
from kept.policy.rules import Policy, TargetUnit
from kept.policy.run import Run
from kept.policy.state import Commitment, TicketState, copied
from kept.policy.words import DAY, Because, Frozen, Instant, Micros, Value, Verdict

MAX_STEPS = 400


class Step(Frozen, frozen=True, kw_only=True):
    """One line of the arithmetic.

    `kind` is `started`, `counted` (a span of open time), `day` (a working day consumed), `paused`,
    `taken_over` (a due that came from elsewhere), `due`, `missed` or `settled`. `total` is the
    open time counted so far, or the working days for `day`.
    """

    kind: str
    start: Instant
    end: Instant
    amount: int = 0
    total: int = 0
    reason: str = ""


class Beaten(Frozen, frozen=True, kw_only=True):
    """A rule of the same name that does not decide: `why` is false, unknown, exception or later.

    `missing` are the facts it would need to know.
    """

    because: Because
    why: str
    missing: tuple[str, ...] = ()


class Explanation(Frozen, frozen=True, kw_only=True):
    """Everything behind one commitment's due."""

    commitment: str
    name: str
    because: Because
    version: str
    verdict: Verdict
    reason: str
    started_at: Instant
    due_at: Instant | None
    unpaused_due_at: Instant | None
    """The due as it would be without any pause or takeover."""
    target: str
    unit: str
    amount: int
    strict: bool
    by: str
    calendar: str
    zone: str
    holidays: tuple[tuple[str, str], ...]
    """(local date, name) of those the count passed over."""
    pauses: tuple[tuple[str, Instant, Instant | None], ...]
    steps: tuple[Step, ...]
    facts: dict[str, Value]
    """What the rule's condition reads, with the values it has now."""
    condition: str
    beaten: tuple[Beaten, ...]
    missed_at: Instant | None = None
    settled_at: Instant | None = None
    late_open: Micros = 0
    late_wall: Micros = 0


def explain(policy: Policy, state: TicketState, commitment_id: str) -> Explanation:
    """Return the whole arithmetic behind one commitment; raise KeyError for an unknown id."""
    run = Run(policy, copied(state))
    clock = run.state.commitments[commitment_id]
    plan = run.plan_of(clock)
    calendar = plan.calendar if plan else None
    target = plan.target if plan else None
    end = clock.due_at if clock.due_at is not None else run.now
    condition = plan.rule.when if plan else None
    pinned = run.versions.get(clock.policy_hash, policy)
    return Explanation(
        commitment=clock.id,
        name=clock.name,
        because=clock.because,
        version=pinned.version,
        verdict=clock.verdict,
        reason=clock.reason,
        started_at=clock.started_at,
        due_at=clock.due_at,
        unpaused_due_at=target_due(calendar, target, clock.started_at),
        target=target.text if target else "",
        unit=target.unit.value if target else TargetUnit.TIME.value,
        amount=target.amount if target else 0,
        strict=plan.strict if plan else False,
        by=_by(plan),
        calendar=plan.rule.calendar if plan else "24x7",
        zone=calendar.zone if calendar else policy.zone,
        holidays=_holidays(calendar, clock.started_at, end),
        pauses=_pauses(run, plan, clock),
        steps=tuple(_steps(run, clock, plan)),
        facts={field: run.facts.get(field) for field in sorted(plan.reads)} if plan else {},
        condition=condition.source if condition else "",
        beaten=_beaten(run, clock, plan),
        missed_at=clock.missed_at,
        settled_at=clock.settled_at,
        late_open=clock.late_open,
        late_wall=clock.late_wall,
    )


def _by(plan: Plan | None) -> str:
    if plan is None:
        return "human"
    return plan.by.role or plan.by.kind


def _holidays(
    calendar: Calendar | None, start: Instant, end: Instant
) -> tuple[tuple[str, str], ...]:
    return tuple((_date(day), name) for day, name in holidays_between(calendar, start, end))


def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _pauses(
    run: Run, plan: Plan | None, clock: Commitment
) -> tuple[tuple[str, Instant, Instant | None], ...]:
    if plan is None:
        return ()
    last = clock.settled_at if clock.settled_at is not None else run.now
    closed = set(pauses_of(run, plan, clock.started_at))
    return tuple(
        (reason, start, end)
        for reason, start, end in run.memory.waits
        if (max(start, clock.started_at), run.now if end is None else end) in closed
        and start <= last
    )


# The arithmetic --------------------------------------------------------------------------------


def _steps(run: Run, clock: Commitment, plan: Plan | None) -> Iterator[Step]:
    yield Step(kind="started", start=clock.started_at, end=clock.started_at)
    end = clock.due_at
    if end is None or clock.paused_for:
        end = clock.settled_at if clock.settled_at is not None else run.now
    if plan is not None and plan.target is not None and not clock.capped:
        yield from _counted(run, clock, plan, end)
    if clock.capped and clock.due_at is not None:
        yield Step(kind="taken_over", start=clock.started_at, end=clock.due_at)
    if clock.due_at is not None and not clock.paused_for:
        yield Step(kind="due", start=clock.due_at, end=clock.due_at)
    if clock.missed_at is not None:
        yield Step(kind="missed", start=clock.missed_at, end=clock.missed_at)
    if clock.settled_at is not None:
        yield Step(
            kind="settled", start=clock.settled_at, end=clock.settled_at,
            amount=clock.late_open, reason=clock.verdict.value,
        )  # fmt: skip


def _counted(run: Run, clock: Commitment, plan: Plan, end: Instant) -> Iterator[Step]:
    """Yield the spans that count and the pauses between them, in order."""
    at, total, shown = clock.started_at, 0, 0
    for start, until in (*pauses_of(run, plan, clock.started_at), (end, end)):
        for span in _spans(plan, clock.started_at, at, min(start, end)):
            total += span.amount
            shown += 1
            if shown <= MAX_STEPS:
                yield Step(
                    kind=span.kind, start=span.start, end=span.end, amount=span.amount,
                    total=total,
                )  # fmt: skip
        if start >= end:
            break
        yield Step(kind="paused", start=start, end=until, total=total)
        at = until


def _spans(plan: Plan, started_at: Instant, start: Instant, end: Instant) -> Iterator[Step]:
    calendar = plan.calendar
    if calendar is None:
        if end > start:
            yield Step(kind="counted", start=start, end=end, amount=end - start)
    elif plan.counts_days:
        yield from _days(calendar, started_at, start, end)
    else:
        index = max(bisect_right(calendar.opens, start) - 1, 0)
        while index < len(calendar.opens) and calendar.opens[index] < end:
            first = max(calendar.opens[index], start)
            last = min(calendar.closes[index], end)
            if first < last:
                yield Step(kind="counted", start=first, end=last, amount=last - first)
            index += 1


def _days(calendar: Calendar, started_at: Instant, start: Instant, end: Instant) -> Iterator[Step]:
    index = max(
        bisect_right(calendar.day_numbers, local_day(calendar, started_at)),
        bisect_right(calendar.day_closes, start),
    )
    while index < len(calendar.day_closes) and calendar.day_closes[index] <= end:
        opened = (calendar.day_numbers[index] - EPOCH_DAY) * DAY
        yield Step(kind="day", start=opened, end=calendar.day_closes[index], amount=1)
        index += 1


# The rules that did not decide -------------------------------------------------------------------


def _beaten(run: Run, clock: Commitment, plan: Plan | None) -> tuple[Beaten, ...]:
    """Return the rules of the same name that do not decide, and why not."""
    if plan is None:
        return ()
    running = {p.key for c, p in run.open.values() if p and not c.suspended}
    found = []
    for other in run.program.by_name.get(plan.name, ()):
        if other.key == plan.key:
            continue
        truth = holds(other, run.scope)
        if truth is None:
            missing = tuple(sorted(f for f in other.reads if run.facts.get(f) is None))
            found.append(Beaten(because=other.because, why="unknown", missing=missing))
        elif truth is False:
            own = other.test is None or other.test(run.scope) is True
            found.append(Beaten(because=other.because, why="exception" if own else "false"))
        elif other.key in running and _is_later(run, other, clock):
            found.append(Beaten(because=other.because, why="later"))
    return tuple(found)


def _is_later(run: Run, other: Plan, clock: Commitment) -> bool:
    """Say whether a rule that holds too asks for the same by a later due (X1)."""
    dues = [c.due_at for c, p in run.open.values() if p is other and c.due_at is not None]
    return bool(dues) and clock.due_at is not None and min(dues) >= clock.due_at
