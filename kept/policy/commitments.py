"""Commitments: which begin, end, give way to another or go on when something happens.

The engine calls these in the language's order: cancel, stop, pause or resume, start (section 4).
"""

from __future__ import annotations

from kept.policy.clocks import begin, cap, meet, pause, pauses_of, resume, settle
from kept.policy.decisions import OpenStep, StartCommitment
from kept.policy.plans import AFTER_RESOLVED, Plan, holds, is_beaten
from kept.policy.reach import Reach
from kept.policy.run import Run
from kept.policy.state import Commitment
from kept.policy.words import (
    CANCELLED,
    CLOCK,
    PROMISE,
    RESOLVED,
    STEP,
    WINDOW,
    CommitmentKind,
    Instant,
    Verdict,
)

WORK = frozenset(
    {"agent_public", "agent_note", "triaged", "severity_changed", "assigned", "accepted",
     "escalated", "waiting_on"}
)  # fmt: skip
"""What begins nothing once the ticket is resolved."""


def start(
    run: Run, plan: Plan, started_at: Instant, *, due_at: Instant | None = None
) -> Commitment:
    """Begin a commitment; `due_at` takes a due over from elsewhere (R7, R9)."""
    memory = run.memory
    waits = memory.waits
    clock = _new(run, plan, started_at)
    if plan.target is None:
        clock.since = started_at
    else:
        begin(clock, plan, pauses_of(run, plan, started_at) if waits else ())
    if due_at is not None:
        cap(clock, plan, at=run.now, due_at=due_at)
    if memory.waiting:
        memory.waiting.pop(plan.key, None)
    run.hold(clock, plan)
    if plan.fires:
        memory.timers[clock.id] = clock
    else:
        run.state.commitments[clock.id] = clock
        _tell_start(run, clock, plan)
    if waits and plan.pause:
        for reason, _, end in waits:
            if end is None and reason in plan.pause:
                pause(run, clock, plan, reason)
    return clock


def _new(run: Run, plan: Plan, started_at: Instant) -> Commitment:
    counts, base = run.memory.counts, plan.base
    counts[base] = number = counts.get(base, 0) + 1
    return Commitment(
        id=f"{base}:{number}",
        rule=plan.index,
        policy_hash=plan.policy_hash,
        name=plan.name,
        kind=plan.kind,
        because=plan.because,
        order=plan.order,
        started_at=started_at,
    )


def _tell_start(run: Run, clock: Commitment, plan: Plan) -> None:
    now, because, due_at, step = run.now, plan.because, clock.due_at, plan.step
    run.emit(
        StartCommitment(
            at=now, because=because, commitment=clock.id, name=plan.name, what=plan.kind,
            started_at=clock.started_at, due_at=due_at,
        )
    )  # fmt: skip
    if step is not None:
        run.emit(
            OpenStep(
                at=now, because=because, step=plan.name, role=step.role, form=step.form,
                due_at=due_at,
            )
        )  # fmt: skip


# Stop ------------------------------------------------------------------------------------------


def stop(run: Run, reach: Reach) -> None:
    """End what an event is the evidence for, and the cycles that wait for it."""
    event, waiting = reach.name, run.memory.waiting
    by_machine = run.is_of_machine(event)
    for clock, plan in _ended_by(run, reach):
        counts = not by_machine if plan.by_anyone else run.counts_by(plan.by, event)
        if counts and event in plan.stop:
            meet(run, clock, plan)
            if plan.kind is STEP:
                run.add_to("steps_done", plan.name)
            elif plan.kind is WINDOW and event not in plan.until:
                start(run, plan, run.now)
        elif event in plan.until:
            settle(run, clock, CANCELLED, event)
    if waiting and not reach.cycles.isdisjoint(waiting):
        for key in [key for key in waiting if key in reach.cycles]:
            _close_cycle(run, event, run.program.by_key[key], by_machine=by_machine)
    if run.suspended:
        for clock, plan in list(run.suspended.values()):
            if event in plan.ends:
                clock.suspended = False
                del run.suspended[clock.id]


def _ended_by(run: Run, reach: Reach) -> list[tuple[Commitment, Plan]]:
    """Return what runs and ends with an event; what is pinned asks its own version's rule."""
    owed, ends = run.open.values(), reach.ends
    if run.pinned:
        return [(clock, plan) for clock, plan in owed if plan and reach.name in plan.ends]
    if reach.cycles.isdisjoint(run.by_rule):
        return []
    return [(clock, plan) for clock, plan in owed if plan in ends and plan]


def _close_cycle(run: Run, event: str, plan: Plan, *, by_machine: bool) -> None:
    waiting = run.memory.waiting
    if event in plan.until:
        del waiting[plan.key]
    elif not by_machine if plan.by_anyone else run.counts_by(plan.by, event):
        started_at = waiting.pop(plan.key)
        if plan.kind is CLOCK and holds(plan, run.scope) is None:
            _note_unknown(run, plan, started_at)


def _note_unknown(run: Run, plan: Plan, started_at: Instant) -> None:
    """Record that nobody can say whether a clock was owed: a fact it needs was never known."""
    missing = ", ".join(sorted(field for field in plan.reads if run.scope.get(field) is None))
    clock = _new(run, plan, started_at)
    run.state.commitments[clock.id] = clock
    settle(run, clock, Verdict.UNKNOWN, missing)


# Cancel ----------------------------------------------------------------------------------------


def cancel_all(run: Run, reason: str) -> None:
    """End everything: the ticket itself is gone (merged, spam, withdrawn, duplicate)."""
    for clock, _ in list(run.open.values()):
        settle(run, clock, CANCELLED, reason)
    run.memory.waiting.clear()


def cancel_at_end(run: Run, event: str) -> None:
    """End what a resolved or closed ticket no longer owes; the event's own stops come after."""
    closing = event == "closed"
    for clock, plan in list(run.open.values()):
        if plan is None:
            goes_on = _outlives(run, clock, closing)
        else:
            goes_on = event in plan.ends or plan.survives[closing]
        if not goes_on:
            settle(run, clock, CANCELLED, "resolved")


def _outlives(run: Run, clock: Commitment, closing: bool) -> bool:
    """Say whether a promise, an approval or an acceptance survives the ticket's end."""
    if clock.kind is CommitmentKind.APPROVAL:
        return not closing
    if clock.kind is PROMISE:
        resolved_at = run.memory.resolved_at
        made_later = resolved_at is not None and clock.started_at >= resolved_at
        return made_later if closing else not is_about_reply(clock.what)
    return False


def is_about_reply(what: str) -> bool:
    """Say whether a promise is kept by a public message of ours."""
    return what.casefold() in ("reply", "update", "answer", "response")


# Pause and resume ------------------------------------------------------------------------------


def follow_waiting(run: Run) -> None:
    """Let clocks stand still or go on as the ticket waits for someone or no longer does (R6)."""
    who = run.facts.get("waiting_on")
    wanted = f"waiting_on_{who}" if who in ("customer", "third_party") else ""
    waits = run.memory.waits
    current = next((r for r, _, end in reversed(waits) if end is None and r != "resolved"), "")
    if current == wanted:
        return
    if current:
        end_wait(run, current)
        for clock, plan in list(run.open.values()):
            if plan is not None and current in clock.paused_for:
                resume(run, clock, plan, current)
    if wanted:
        run.memory.waits = (*run.memory.waits, (wanted, run.now, None))
        for clock, plan in list(run.open.values()):
            if plan is not None and wanted in plan.pause:
                pause(run, clock, plan, wanted)


def end_wait(run: Run, reason: str) -> None:
    """Write down until when the ticket stood still."""
    run.memory.waits = tuple(
        (each, began, run.now if each == reason and end is None else end)
        for each, began, end in run.memory.waits
    )


# Start -----------------------------------------------------------------------------------------


def start_rules(run: Run, event: str, plans: tuple[Plan, ...]) -> None:
    """Begin what an event starts, once per cycle; a rule that does not hold yet waits (R5)."""
    scope, now = run.scope, run.now
    waiting, fired, by_rule = run.memory.waiting, run.memory.fired, run.by_rule
    picky = run.is_over or event == "agent_public"
    for plan in plans:
        key = plan.key
        if key in by_rule and run.is_running(key):
            continue
        if picky and not _may_start(run, plan, event):
            continue
        if plan.once_only and key in fired:
            continue
        test = plan.test
        if (test is None or test(scope) is True) and not (
            plan.beaten_by and is_beaten(plan, scope)
        ):
            start(run, plan, now)
        elif key not in waiting:
            waiting[key] = now


def _may_start(run: Run, plan: Plan, event: str) -> bool:
    """Say whether an event may start a rule: a machine's message, or work after the end, not."""
    if event == "agent_public" and not run.counts_by(plan.by, event):
        return False
    if not run.is_over:
        return True
    done = {"resolved"} if run.state.status is RESOLVED else {"resolved", "closed"}
    return event in AFTER_RESOLVED or (event not in WORK and not plan.ends & done)
