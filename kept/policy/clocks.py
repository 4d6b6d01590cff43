"""Clocks: how one commitment's time begins, stands still, goes on and runs out (R3-R7).

While it runs, `due_at` is the truth; while it stands, `left` (or the days not yet consumed) is.
Only this module moves either, and only `arm` sets the next timer.
"""

from __future__ import annotations

from kept.policy.calendars import (
    Calendar,
    add_months,
    add_open,
    local_day,
    open_between,
    resume_working_days,
    working_days_between,
)
from kept.policy.decisions import (
    MissCommitment,
    MoveDue,
    PauseCommitment,
    SettleCommitment,
    WarnDue,
)
from kept.policy.plans import Plan
from kept.policy.rules import Target, TargetUnit
from kept.policy.run import Run
from kept.policy.state import Commitment
from kept.policy.words import KEPT, MISSED, PENDING, Instant, Micros, Verdict

Pauses = tuple[tuple[Instant, Instant], ...]


def target_due(calendar: Calendar | None, target: Target | None, start: Instant) -> Instant | None:
    """Return the due of a target counted from `start` without any pause."""
    if target is None:
        return None
    match target.unit:
        case TargetUnit.TIME:
            return add_open(calendar, start, target.amount)
        case TargetUnit.WORKING_DAYS:
            assert calendar is not None, "working days need a calendar"
            day_zero = local_day(calendar, start)
            return resume_working_days(calendar, day_zero, at=start, days=target.amount)
        case TargetUnit.MONTHS:
            return add_months(calendar, start, target.amount)
        case TargetUnit.YEARS:
            return add_months(calendar, start, 12 * target.amount)


def begin(clock: Commitment, plan: Plan, pauses: Pauses) -> None:
    """Set a clock going from its start, with the pauses the ticket has had since."""
    started_at = clock.since = clock.started_at
    if plan.target is None:
        clock.due_at = clock.wake = None
        return
    if plan.span is not None:
        clock.due_at = started_at + plan.span
    else:
        clock.due_at = target_due(plan.calendar, plan.target, started_at)
    for stopped_at, resumed_at in pauses:
        if clock.due_at is None or clock.due_at < stopped_at:
            break
        halt(clock, plan, max(stopped_at, started_at))
        go_on(clock, plan, resumed_at)
    arm(clock, plan)


def halt(clock: Commitment, plan: Plan, at: Instant) -> None:
    """Stop counting at an instant: keep what was used and what is left."""
    since, calendar = clock.since, plan.calendar
    if since is None:
        return
    if clock.due_at is not None:
        clock.left = open_between(calendar, at, clock.due_at)
    if plan.counts_days and calendar is not None:
        day_zero = local_day(calendar, clock.started_at)
        clock.days += working_days_between(calendar, day_zero, start=since, end=at)
    clock.used += open_between(calendar, since, at)
    clock.since = clock.wake = None


def go_on(clock: Commitment, plan: Plan, at: Instant) -> None:
    """Count again from an instant; nothing left makes it due right then (R6)."""
    clock.since = at
    if clock.left is None:
        return
    if plan.counts_days and not clock.capped and plan.target and plan.calendar is not None:
        day_zero = local_day(plan.calendar, clock.started_at)
        days = plan.target.amount - clock.days
        clock.due_at = resume_working_days(plan.calendar, day_zero, at=at, days=days)
    else:
        clock.due_at = add_open(plan.calendar, at, clock.left)
    clock.left = None


def cap(clock: Commitment, plan: Plan | None, *, at: Instant, due_at: Instant) -> None:
    """Give a running clock a due from elsewhere: what it has left counts on from there."""
    calendar = plan.calendar if plan else None
    if clock.since is not None:
        clock.used += open_between(calendar, clock.since, at)
    clock.since, clock.due_at, clock.capped, clock.left = at, due_at, True, None
    if plan is not None:
        arm(clock, plan)
    else:
        clock.wake = due_at


def arm(clock: Commitment, plan: Plan) -> None:
    """Set the clock's next timer: a warn point still to come, or the due."""
    due_at = clock.due_at
    if due_at is None or clock.since is None or clock.verdict is not PENDING:
        clock.wake = None
    elif plan.warn and clock.warned < len(plan.warn):
        whole = clock.used + open_between(plan.calendar, clock.since, due_at)
        point = whole * plan.warn[clock.warned] // 1000
        clock.wake = add_open(plan.calendar, clock.since, point - clock.used)
    else:
        clock.wake = due_at


# What happens to it ----------------------------------------------------------------------------


def pause(run: Run, clock: Commitment, plan: Plan, reason: str) -> None:
    """Let a clock stand still; one that was missed stands too, for its lateness only."""
    standing = bool(clock.paused_for)
    clock.paused_for = (*clock.paused_for, reason)
    if standing:
        return
    halt(clock, plan, run.now)
    if clock.verdict is PENDING and not plan.fires:
        run.emit(
            PauseCommitment(at=run.now, because=plan.because, commitment=clock.id, reason=reason)
        )


def resume(run: Run, clock: Commitment, plan: Plan, reason: str) -> None:
    """Take a reason to stand still away; with the last one gone the clock goes on."""
    clock.paused_for = tuple(each for each in clock.paused_for if each != reason)
    if clock.paused_for:
        return
    if clock.verdict is not PENDING:
        clock.since = run.now
        clock.left = None
        return
    go_on(clock, plan, run.now)
    arm(clock, plan)
    if not plan.fires:
        moved(run, clock, "resumed")


def moved(run: Run, clock: Commitment, why: str) -> None:
    """Tell that a due is another one now, and why."""
    run.emit(
        MoveDue(
            at=run.now, because=clock.because, commitment=clock.id, due_at=clock.due_at, why=why
        )
    )


def warn(run: Run, clock: Commitment, plan: Plan) -> None:
    """A warn point has come."""
    assert clock.due_at is not None
    permille = plan.warn[clock.warned]
    clock.warned += 1
    arm(clock, plan)
    run.emit(
        WarnDue(
            at=run.now, because=plan.because, commitment=clock.id, permille=permille,
            due_at=clock.due_at,
        )
    )  # fmt: skip


def miss(run: Run, clock: Commitment) -> None:
    """The due passed unmet; once per commitment, at the due or when it was known."""
    assert clock.due_at is not None
    clock.verdict = MISSED
    clock.missed_at = run.now
    clock.wake = None
    run.emit(
        MissCommitment(at=run.now, because=clock.because, commitment=clock.id, due_at=clock.due_at)
    )


def meet(run: Run, clock: Commitment, plan: Plan | None) -> None:
    """What was owed was done now: kept, or late and how late in open and in wall time (R3)."""
    due_at = clock.due_at
    if clock.missed_at is None and due_at is not None and not clock.paused_for:
        strict = plan is not None and plan.strict
        if run.now > due_at or (strict and run.now == due_at):
            miss(run, clock)
            run.found_late.append((clock, plan))
    if clock.missed_at is None:
        settle(run, clock, KEPT)
        return
    assert due_at is not None
    clock.late_wall = run.now - due_at
    clock.late_open = _open_lateness(run, clock, plan, due_at)
    settle(run, clock, clock.verdict)


def settle(run: Run, clock: Commitment, verdict: Verdict, reason: str = "") -> None:
    """End a commitment. A miss stays a miss, whatever ends it."""
    plan = run.release(clock)
    if plan is not None:
        halt(clock, plan, run.now)
    if clock.missed_at is None or verdict in (Verdict.WAIVED, Verdict.EXEMPT):
        clock.verdict, clock.reason = verdict, reason
    clock.settled_at, clock.ended_by, clock.wake = run.now, run.event, None
    if plan is not None and plan.fires:
        return
    run.emit(
        SettleCommitment(
            at=run.now, because=clock.because, commitment=clock.id, verdict=clock.verdict,
            reason=reason, late_open=clock.late_open, late_wall=clock.late_wall,
        )
    )  # fmt: skip


def _open_lateness(run: Run, clock: Commitment, plan: Plan | None, due_at: Instant) -> Micros:
    calendar = plan.calendar if plan else None
    late = open_between(calendar, due_at, run.now)
    for start, end in pauses_of(run, plan, due_at) if plan else ():
        late -= open_between(calendar, start, end)
    return late


def pauses_of(run: Run, plan: Plan, since: Instant) -> Pauses:
    """Return the spans after `since` in which a rule's clocks stood still, up to now."""
    return tuple(
        (max(start, since), run.now if end is None else end)
        for reason, start, end in run.memory.waits
        if (end is None or end > since)
        and (reason in plan.pause or (reason == "resolved" and _stood_still(plan, start, since)))
    )


def _stood_still(plan: Plan, resolved_at: Instant, since: Instant) -> bool:
    """Say whether being resolved stopped a rule's clock: not one that outlives it (R8)."""
    return not plan.survives[0] and resolved_at >= since
