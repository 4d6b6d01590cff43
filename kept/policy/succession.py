"""Succession: how clocks of one name give way to one another when the facts change (R7).

The clock left is suspended and goes on if its severity returns, so flapping gains nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from kept.policy.clocks import begin, cap, go_on, halt, pause, pauses_of, settle
from kept.policy.commitments import start
from kept.policy.decisions import ReopenCommitment
from kept.policy.plans import Plan, holds
from kept.policy.run import Run
from kept.policy.state import Commitment
from kept.policy.words import CANCELLED, PENDING, Instant


def reclassify(run: Run, names: tuple[str, ...]) -> None:
    """Let rules give way to one another as the facts they read have changed (R7)."""
    if run.pinned or not run.program.reading.isdisjoint(run.changed):
        touched = _touched(run)
        run.changed.clear()
        _give_way(run, touched, names)
    else:
        run.changed.clear()


def _touched(run: Run) -> frozenset[Plan]:
    found = run.program.touched_by(run.changed)
    for clock, plan in run.open.values() if run.pinned else ():
        pinned = plan is not None and clock.policy_hash != run.policy.hash
        if plan is not None and pinned and not plan.reads.isdisjoint(run.changed):
            found |= {plan}
    return found


def _give_way(run: Run, touched: frozenset[Plan], names: tuple[str, ...]) -> None:
    """Suspend what no longer holds, then let what holds now take over."""
    scope = run.scope
    owed = [each for each in run.open.values() if each[1] in touched and not each[0].suspended]
    running = {plan for _, plan in owed if plan}
    leaving: dict[str, list[tuple[Commitment, Plan]]] = defaultdict(list)
    for plan in _ordered(run, {plan for plan in running if holds(plan, scope) is False}):
        leaving[plan.name] += [(clock, plan) for clock, other in owed if other is plan]
    coming = [
        plan
        for plan in _ordered(run, _idle(run, touched, leaving) - running)
        if plan.start.isdisjoint(names) and holds(plan, scope) is True
    ]
    for clocks in leaving.values():
        for clock, plan in clocks:
            suspend(run, clock, plan)
    for plan in _once_each(run, coming) if run.pinned else coming:
        take_over(run, plan, leaving.get(plan.name, []))


def _idle(run: Run, touched: frozenset[Plan], leaving: Collection[str]) -> set[Plan]:
    """Return the touched rules that could take over: set aside, waiting, or of a leaving name."""
    aside = {plan for _, plan in run.suspended.values()}
    waiting, by_key = run.memory.waiting, run.program.by_key
    return {
        plan
        for plan in touched
        if plan in aside
        or plan.name in leaving
        or (plan.key in waiting and by_key.get(plan.key) is plan)
    }


def _ordered(run: Run, plans: set[Plan]) -> list[Plan]:
    """Return plans in the document's order; of one rule's versions the present one comes last."""
    if len(plans) < 2:
        return list(plans)
    present = run.policy.hash
    return sorted(plans, key=lambda p: (p.order, p.policy_hash == present, p.policy_hash))


def _once_each(run: Run, coming: list[Plan]) -> Iterator[Plan]:
    """Yield what may take over, a rule once: a version of it that runs or returns is enough."""
    owing = {plan.key for clock, plan in run.open.values() if plan and not clock.suspended}
    for plan in coming:
        if plan.key not in owing:
            owing.add(plan.key)
            yield plan


def suspend(run: Run, clock: Commitment, plan: Plan) -> None:
    """Set a clock aside whose condition no longer holds; a missed one waits for its evidence."""
    halt(clock, plan, run.now)
    clock.paused_for = ()
    clock.suspended = True
    run.suspended[clock.id] = (clock, plan)
    if clock.missed_at is None:
        settle(run, clock, CANCELLED, "superseded")
    else:
        clock.wake = None


def take_over(run: Run, plan: Plan, left: list[tuple[Commitment, Plan]]) -> None:
    """Run a rule that holds now, in place of those just left (R7).

    Raised: the earliest of the current due, a fresh target, and what this rule's own suspended
    clock had left. Otherwise it counts from the original start, pauses included.
    """
    earlier = [each for each, p in run.suspended.values() if p is plan]
    waiting = run.memory.waiting.pop(plan.key, None)
    if not earlier and waiting is None and not left:
        return
    if earlier and earlier[-1].missed_at is not None:
        _unsuspend(run, earlier[-1])
        return
    if run.is_over and not plan.survives[0]:
        if waiting is not None:
            run.memory.waiting[plan.key] = waiting
        return
    due_at = _raised_due(run, plan, left, earlier) if run.raised and (left or earlier) else None
    if earlier:
        _return_to(run, earlier[-1], plan, due_at)
    else:
        began = min((each.started_at for each, _ in left), default=waiting)
        assert began is not None
        start(run, plan, began if waiting is None else min(began, waiting), due_at=due_at)


def _raised_due(
    run: Run, plan: Plan, left: list[tuple[Commitment, Plan]], earlier: list[Commitment]
) -> Instant | None:
    probe = Commitment(
        id="", rule=0, name="", kind=plan.kind, because=plan.because, started_at=run.now
    )
    begin(probe, plan, ())
    dues = [probe.due_at] if probe.due_at is not None else []
    dues += [due for each, p in left if (due := _current_due(run, each, p)) is not None]
    for each in earlier:
        if (due := _current_due(run, each, plan)) is not None:
            dues.append(due)
    return min(dues, default=None)


def _current_due(run: Run, clock: Commitment, plan: Plan) -> Instant | None:
    """Return when a suspended clock would be due if it went on now."""
    if clock.missed_at is not None or clock.left is None:
        return None
    probe = Commitment(
        id="", rule=0, name="", kind=clock.kind, because=clock.because, used=clock.used,
        started_at=clock.started_at, days=clock.days, left=clock.left, capped=clock.capped,
    )  # fmt: skip
    go_on(probe, plan, run.now)
    return probe.due_at


def _unsuspend(run: Run, clock: Commitment) -> None:
    clock.suspended = False
    run.suspended.pop(clock.id, None)


def _return_to(run: Run, clock: Commitment, plan: Plan, due_at: Instant | None) -> None:
    """Let a suspended clock go on: its severity has returned."""
    _unsuspend(run, clock)
    clock.verdict, clock.reason, clock.ended_by = PENDING, "", ""
    clock.settled_at = None
    if due_at is not None:
        cap(clock, plan, at=run.now, due_at=due_at)
    else:
        clock.used, clock.days, clock.left, clock.capped = 0, 0, None, False
        begin(clock, plan, pauses_of(run, plan, clock.started_at))
    run.hold(clock, plan)
    tell_reopened(run, clock, "severity_returned")
    for reason, _, end in run.memory.waits:
        if end is None and reason in plan.pause:
            pause(run, clock, plan, reason)


def tell_reopened(run: Run, clock: Commitment, why: str) -> None:
    if clock.id in run.memory.timers:
        return
    run.emit(
        ReopenCommitment(
            at=run.now, because=clock.because, commitment=clock.id, due_at=clock.due_at, why=why
        )
    )
