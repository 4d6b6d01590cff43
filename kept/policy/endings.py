"""How a ticket ends, comes back, joins another or leaves one (R8, R9).

A miss stays with the ticket on which it happened; what goes on keeps its own start.
"""

from __future__ import annotations

from kept.policy.clocks import arm, begin, cap, go_on, moved, pause, pauses_of, resume, settle
from kept.policy.commitments import cancel_all, end_wait, start
from kept.policy.facts import Absorbed, Merged, SplitOff, Unmerged, Withdrawn
from kept.policy.ladder import change_severity
from kept.policy.plans import Plan, holds
from kept.policy.run import Run
from kept.policy.state import Absorption, Commitment
from kept.policy.succession import tell_reopened
from kept.policy.words import CANCELLED, PENDING, Instant, Status

ENDED_BY = frozenset({"resolved", "closed"})


def begin_rest(run: Run) -> None:
    """The ticket is resolved or closed: from here on its clocks would stand still (R8)."""
    run.memory.unaccepted = False
    run.memory.pages.clear()
    if any(reason == "resolved" and end is None for reason, _, end in run.memory.waits):
        return
    run.memory.resolved_at = run.now
    run.memory.waits = (*run.memory.waits, ("resolved", run.now, None))
    for clock, plan in list(run.open.values()):
        if plan is not None and "resolved" in plan.pause:
            pause(run, clock, plan, "resolved")


def reopen(run: Run) -> None:
    """Let what ended with the ticket go on, or begin anew once the confirm window is over."""
    resolved_at = run.memory.resolved_at
    if resolved_at is None:
        return
    end_wait(run, "resolved")
    for clock, plan in list(run.open.values()):
        if plan is not None and "resolved" in clock.paused_for:
            resume(run, clock, plan, "resolved")
    inside = run.now - resolved_at <= run.policy.confirm_window
    for clock, plan in list(run.open.values()):
        if plan is not None and not plan.after_reopening:
            settle(run, clock, CANCELLED, "reopened")
    for clock, plan in _ended(run, resolved_at):
        if plan.after_reopening and holds(plan, run.scope) is not False:
            if inside:
                _go_on(run, run.thawed(clock), plan)
            elif "reopened" not in plan.start:
                start(run, plan, run.now)


def _ended(run: Run, resolved_at: Instant) -> list[tuple[Commitment, Plan]]:
    """Return the last commitment of each rule that the ticket's end had ended."""
    found: dict[str, tuple[Commitment, Plan]] = {}
    for clock in (*run.state.commitments.values(), *run.memory.timers.values()):
        plan = run.plan_of(clock)
        settled_at = clock.settled_at
        if plan is None or settled_at is None or clock.suspended:
            continue
        if settled_at >= resolved_at and clock.ended_by in ENDED_BY:
            found[plan.key] = (clock, plan)
    running = {plan.key for _, plan in run.open.values() if plan}
    return [each for key, each in found.items() if key not in running]


def _go_on(run: Run, clock: Commitment, plan: Plan) -> None:
    clock.first_settled_at = clock.first_settled_at or clock.settled_at
    clock.settled_at, clock.ended_by, clock.paused_for = None, "", ()
    run.hold(clock, plan)
    if clock.missed_at is None:
        clock.verdict, clock.reason = PENDING, ""
        go_on(clock, plan, run.now)
        arm(clock, plan)
    else:
        clock.since, clock.left, clock.late_open, clock.late_wall = run.now, None, 0, 0
    tell_reopened(run, clock, "reopened")


# Merge and split -------------------------------------------------------------------------------


def merge_away(run: Run, fact: Merged) -> None:
    """This ticket lives on in another one."""
    _end(run, Status.MERGED, "merged")


def mark_spam(run: Run) -> None:
    """This was never a ticket."""
    _end(run, Status.SPAM, "spam")


def withdraw(run: Run, fact: Withdrawn) -> None:
    """The customer took the matter back, or it was a duplicate."""
    _end(run, Status.CLOSED, fact.reason)


def _end(run: Run, status: Status, reason: str) -> None:
    run.memory.ended_as = reason
    run.memory.unaccepted = False
    run.memory.pages.clear()
    run.stand(status)
    cancel_all(run, reason)


def absorb(run: Run, fact: Absorbed) -> None:
    """Take over another ticket's earliest dues by clock name, and its severity if higher (R9)."""
    run.count("linked_tickets")
    before = run.word("severity")
    taken = [
        moved_id
        for name, due_at in sorted(fact.dues.items())
        if due_at > run.now and (moved_id := _inherit(run, name, due_at))
    ]
    ranks = run.program.severity_rank
    raised = fact.severity is not None and ranks.get(fact.severity, 99) < ranks.get(
        before or "", 99
    )
    if raised and fact.severity:
        change_severity(run, fact.severity)
    run.memory.absorbed[fact.ticket] = Absorption(
        severity=before if raised else None, moved=tuple(taken)
    )


def _inherit(run: Run, name: str, due_at: Instant) -> str:
    """Give the ticket's clock of that name an earlier due; start one where none runs."""
    clocks = [
        (clock, plan)
        for clock, plan in run.open.values()
        if clock.name == name and clock.missed_at is None and not clock.suspended
    ]
    if not clocks:
        plans = run.program.by_name.get(name, ())
        plan = next((each for each in plans if holds(each, run.scope) is True), None)
        return start(run, plan, run.now, due_at=due_at).id if plan else ""
    clock, owner = min(clocks, key=lambda owed: owed[0].due_at or due_at)
    if clock.paused_for or (clock.due_at is not None and clock.due_at <= due_at):
        return ""
    cap(clock, owner, at=run.now, due_at=due_at)
    run.timed[clock.id] = clock
    moved(run, clock, "merged")
    return clock.id


def unmerge(run: Run, fact: Unmerged) -> None:
    """Take a merge back: dues are counted from their own start again (R9)."""
    if run.state.status is Status.MERGED:
        _come_back(run)
        return
    absorbed = run.memory.absorbed.pop(fact.ticket, None)
    if absorbed is None:
        return
    if absorbed.severity is not None:
        change_severity(run, absorbed.severity)
    for key in absorbed.moved:
        if key in run.open:
            clock, plan = run.open[key]
            if plan is not None and clock.missed_at is None and not clock.paused_for:
                _recount(run, clock, plan)
                moved(run, clock, "unmerged")


def _come_back(run: Run) -> None:
    """A merged ticket stands on its own again, as if it had never been merged."""
    run.memory.ended_as = ""
    run.stand(Status.OPEN)
    for clock in (*run.state.commitments.values(), *run.memory.timers.values()):
        plan = run.plan_of(clock)
        if plan is None or clock.ended_by != "merged":
            continue
        clock = run.thawed(clock)
        clock.settled_at, clock.ended_by = None, ""
        run.hold(clock, plan)
        if clock.missed_at is None:
            clock.verdict, clock.reason = PENDING, ""
            _recount(run, clock, plan)
        tell_reopened(run, clock, "unmerged")


def _recount(run: Run, clock: Commitment, plan: Plan) -> None:
    clock.used, clock.days, clock.left, clock.capped = 0, 0, None, False
    begin(clock, plan, pauses_of(run, plan, clock.started_at))


def split_off(run: Run, fact: SplitOff) -> None:
    """Count this ticket's clocks from the starts of the ticket it was split from (R9)."""
    for clock, plan in list(run.open.values()):
        copied_start = fact.starts.get(clock.name)
        if plan is None or copied_start is None or copied_start >= clock.started_at:
            continue
        clock.started_at = copied_start
        _recount(run, clock, plan)
        moved(run, clock, "split")
    for key in list(run.memory.waiting):
        plan = run.program.by_key.get(key)
        copied_start = fact.starts.get(plan.name) if plan else None
        if copied_start is not None:
            run.memory.waiting[key] = min(copied_start, run.memory.waiting[key])
