"""Commitments: which begin, end, give way to another or go on when something happens.

The engine calls these in the language's order: cancel, stop, pause or resume, start (section 4).
"""

from __future__ import annotations

from kept.policy.clocks import begin, cap, meet, pause, pauses_of, resume, settle
from kept.policy.decisions import OpenStep, StartCommitment
from kept.policy.program import AFTER_RESOLVED, Plan, holds, is_beaten
from kept.policy.rules import StepRule
from kept.policy.run import Run
from kept.policy.state import Commitment
from kept.policy.words import CommitmentKind, Instant, Status, Verdict

WORK = frozenset(
    {"agent_public", "agent_note", "triaged", "severity_changed", "assigned", "accepted",
     "escalated", "waiting_on"}
)  # fmt: skip
"""What begins nothing once the ticket is resolved."""


def start(
    run: Run, plan: Plan, started_at: Instant, *, due_at: Instant | None = None
) -> Commitment:
    """Begin a commitment; `due_at` takes a due over from elsewhere (R7, R9)."""
    clock = Commitment(
        id=f"{plan.base}:{run.number(plan.base)}",
        rule=plan.index,
        policy_hash=plan.policy_hash,
        name=plan.name,
        kind=plan.kind,
        because=plan.because,
        order=plan.order,
        started_at=started_at,
    )
    waits = run.memory.waits
    begin(clock, plan, pauses_of(run, plan, started_at) if waits else ())
    if due_at is not None:
        cap(clock, plan, at=run.now, due_at=due_at)
    run.memory.waiting.pop(plan.key, None)
    run.open[clock.id] = (clock, plan)
    if plan.fires:
        run.memory.timers[clock.id] = clock
    else:
        run.state.commitments[clock.id] = clock
        _tell_start(run, clock, plan)
    if plan.pause and waits:
        for reason, _, end in waits:
            if end is None and reason in plan.pause:
                pause(run, clock, plan, reason)
    return clock


def _tell_start(run: Run, clock: Commitment, plan: Plan) -> None:
    run.emit(
        StartCommitment(
            at=run.now, because=plan.because, commitment=clock.id, name=clock.name,
            what=clock.kind, started_at=clock.started_at, due_at=clock.due_at,
        )
    )  # fmt: skip
    if isinstance(plan.rule, StepRule):
        run.emit(
            OpenStep(
                at=run.now, because=plan.because, step=plan.name, role=plan.rule.role,
                form=plan.rule.form, due_at=clock.due_at,
            )
        )  # fmt: skip


# Stop ------------------------------------------------------------------------------------------


def stop(run: Run, event: str, cycles: frozenset[str]) -> None:
    """End what an event is the evidence for, and those of `cycles` that wait for it."""
    by_machine = run.is_of_machine(event)
    for clock, plan in list(run.open.values()):
        if plan is None or event not in plan.ends:
            continue
        counts = not by_machine if plan.by_anyone else run.counts_by(plan.by, event)
        if counts and event in plan.stop:
            meet(run, clock, plan)
            if clock.kind is CommitmentKind.STEP:
                run.add_to("steps_done", plan.name)
            if clock.kind is CommitmentKind.WINDOW and event not in plan.until:
                start(run, plan, run.now)
        elif event in plan.until:
            settle(run, clock, Verdict.CANCELLED, event)
    waiting = run.memory.waiting
    if waiting and (run.pinned or not cycles.isdisjoint(waiting)):
        _close_cycles(run, event, by_machine=by_machine)
    if run.suspended:
        for clock, plan in list(run.suspended.values()):
            if event in plan.ends:
                clock.suspended = False
                del run.suspended[clock.id]


def _close_cycles(run: Run, event: str, *, by_machine: bool) -> None:
    waiting, plans = run.memory.waiting, run.program.by_key
    for key in list(waiting):
        plan = plans.get(key)
        if plan is None:
            del waiting[key]
        elif event not in plan.ends:
            continue
        elif event in plan.until:
            del waiting[key]
        elif not by_machine if plan.by_anyone else run.counts_by(plan.by, event):
            started_at = waiting.pop(key)
            if plan.kind is CommitmentKind.CLOCK and holds(plan, run.scope) is None:
                _note_unknown(run, plan, started_at)


def _note_unknown(run: Run, plan: Plan, started_at: Instant) -> None:
    """Record that nobody can say whether a clock was owed: a fact it needs was never known."""
    missing = ", ".join(sorted(field for field in plan.reads if run.scope.get(field) is None))
    clock = Commitment(
        id=f"{plan.base}:{run.number(plan.base)}",
        rule=plan.index,
        policy_hash=plan.policy_hash,
        name=plan.name,
        kind=plan.kind,
        because=plan.because,
        order=plan.order,
        started_at=started_at,
    )
    run.state.commitments[clock.id] = clock
    settle(run, clock, Verdict.UNKNOWN, missing)


# Cancel ----------------------------------------------------------------------------------------


def cancel_all(run: Run, reason: str) -> None:
    """End everything: the ticket itself is gone (merged, spam, withdrawn, duplicate)."""
    for clock, _ in list(run.open.values()):
        settle(run, clock, Verdict.CANCELLED, reason)
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
            settle(run, clock, Verdict.CANCELLED, "resolved")


def _outlives(run: Run, clock: Commitment, closing: bool) -> bool:
    """Say whether a promise, an approval or an acceptance survives the ticket's end."""
    if clock.kind is CommitmentKind.APPROVAL:
        return not closing
    if clock.kind is CommitmentKind.PROMISE:
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
    memory, scope, now = run.memory, run.scope, run.now
    picky = run.is_over or event == "agent_public"
    running: set[str] | None = None
    for plan in plans:
        key = plan.key
        if picky and not _may_start(run, plan, event):
            continue
        if running is None:
            running = {
                other.key for clock, other in run.open.values() if other and not clock.suspended
            }
        if key in running or (plan.once_only and key in memory.fired):
            continue
        test = plan.test
        if (test is None or test(scope) is True) and not (
            plan.beaten_by and is_beaten(plan, scope)
        ):
            start(run, plan, now)
        elif key not in memory.waiting:
            memory.waiting[key] = now


def _may_start(run: Run, plan: Plan, event: str) -> bool:
    """Say whether an event may start a rule: a machine's message, or work after the end, not."""
    if event == "agent_public" and not run.counts_by(plan.by, event):
        return False
    if not run.is_over:
        return True
    done = {"resolved"} if run.state.status is Status.RESOLVED else {"resolved", "closed"}
    return event in AFTER_RESOLVED or (event not in WORK and not plan.ends & done)
