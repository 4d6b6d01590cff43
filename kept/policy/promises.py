"""Promises: any time told to a customer is owed, under its own clock (X27)."""

from __future__ import annotations

from kept.policy.clocks import meet, settle
from kept.policy.commitments import is_about_reply
from kept.policy.decisions import StartCommitment
from kept.policy.facts import MACHINE, Promised
from kept.policy.run import Run
from kept.policy.state import Commitment
from kept.policy.words import CANCELLED, PROMISE, Because


def promise(run: Run, fact: Promised) -> None:
    """Owe what was promised; a new time for the same thing takes the earlier one's place."""
    for clock in list(run.unruled.values()):
        same = clock.kind is PROMISE and clock.what == fact.what
        if same and clock.missed_at is None:
            settle(run, clock, CANCELLED, "superseded")
    because = _cited(run)
    base = f"{because.clause}:promise"
    clock = Commitment(
        id=f"{base}:{run.number(base)}",
        rule=-1,
        name="promise",
        kind=PROMISE,
        because=because,
        started_at=run.now,
        due_at=fact.due,
        wake=fact.due,
        what=fact.what,
    )
    run.state.commitments[clock.id] = clock
    run.hold(clock, None)
    run.emit(
        StartCommitment(
            at=run.now, because=because, commitment=clock.id, name=clock.name, what=clock.kind,
            started_at=run.now, due_at=fact.due,
        )
    )  # fmt: skip
    count_open(run)


def _cited(run: Run) -> Because:
    """Cite the first rule about promises that holds here, else the SOP itself."""
    for test, because in run.program.promised_by:
        if test is None or test(run.scope) is True:
            return because
    return run.own("promise")


def keep_promises(run: Run, event: str) -> None:
    """Settle the promises that an event keeps: a human reply, or the resolution."""
    if event == "agent_public" and run.actor.kind is MACHINE:
        return
    for clock in list(run.unruled.values()):
        if clock.kind is PROMISE and _keeps(event, clock.what.casefold()):
            meet(run, clock, None)
            count_open(run)


def _keeps(event: str, what: str) -> bool:
    if what in ("resolution", "resolve", "fix", "solution"):
        return event == "resolved"
    return event == "agent_public" or (event == "resolved" and not is_about_reply(what))


def count_open(run: Run) -> None:
    """Count the promises still open, for conditions."""
    still = sum(clock.kind is PROMISE for clock in run.unruled.values())
    run.put("open_promises", still)
