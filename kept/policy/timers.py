"""Timers: what falls due between two outside events, in nominal order.

At the same instant they run by clause order and id, whenever the worker came to them (R12).
"""

from __future__ import annotations

from kept.policy import approvals, commitments, ladder
from kept.policy.actions import fire, perform
from kept.policy.clocks import miss, settle, warn
from kept.policy.plans import Plan
from kept.policy.run import Run
from kept.policy.state import Approval, Commitment, Page
from kept.policy.turns import MAX_TURNS, answer_miss, settle_down
from kept.policy.words import MISSED, WINDOW, Instant


def fire_timers(run: Run, until: Instant) -> None:
    """Fire every timer due up to an instant, in nominal order."""
    memory = run.memory
    wake, turns = None, 0
    while run.state.next_at is not None and run.state.next_at <= until:
        turns = turns + 1 if wake == run.state.next_at else 0
        assert turns < MAX_TURNS, "the timers of this policy never come to rest"
        wake = run.state.next_at
        _fire(run, _first(run, wake))
    memory.fired_to = max(memory.fired_to, until)


def _first(run: Run, wake: Instant) -> Commitment | Page | Approval:
    memory = run.memory
    due: list[tuple[int, str, Commitment | Page | Approval]] = [
        (clock.order, clock.id, clock) for clock in run.timed.values() if clock.wake == wake
    ]
    due += [(page.order, page.id, page) for page in memory.pages.values() if page.wake == wake]
    due += [(a.order, a.id, a) for a in memory.approvals.values() if a.wake == wake]
    return min(due, key=lambda each: each[:2])[2]


def _fire(run: Run, timer: Commitment | Page | Approval) -> None:
    assert timer.wake is not None
    run.now = max(run.now, timer.wake)
    run.event = ""
    run.ran.clear()
    if isinstance(timer, Page):
        ladder.call_again(run, timer)
    elif isinstance(timer, Approval):
        approvals.lapse(run, timer)
    else:
        _run_out(run, timer, run.open[timer.id][1])
    settle_down(run)


def _run_out(run: Run, clock: Commitment, plan: Plan | None) -> None:
    """A clock's timer has come: a reaction, a warn point, or the due itself."""
    if plan is not None and plan.fires:
        fire(run, clock, plan)
    elif plan is not None and clock.warned < len(plan.warn):
        warn(run, clock, plan)
        run.derive("warned", cause=clock.id, clock=clock.name, clause=clock.because.clause)
        perform(run, getattr(plan.rule, "on_warn", ()), plan.because, cause="warned")
    else:
        _miss(run, clock, plan)


def _miss(run: Run, clock: Commitment, plan: Plan | None) -> None:
    miss(run, clock)
    if plan is not None and clock.kind is WINDOW:
        settle(run, clock, MISSED)
        assert clock.due_at is not None
        commitments.start(run, plan, clock.due_at)
    answer_miss(run, clock, plan)
