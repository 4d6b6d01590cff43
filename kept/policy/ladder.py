"""The ladder: levels, severities, who has taken a ticket on, and calls that repeat.

Nothing automatic ever lowers a level; a step up keeps quiet while an earlier one is unaccepted.
"""

from __future__ import annotations

from collections.abc import Iterable

from kept.policy.clocks import meet, settle, target_due
from kept.policy.decisions import (
    Assign,
    Decision,
    Escalate,
    Notify,
    PageRole,
    SetSeverity,
    StartCommitment,
)
from kept.policy.facts import MACHINE
from kept.policy.rules import Level
from kept.policy.run import Run
from kept.policy.state import Commitment, Page
from kept.policy.words import ACCEPTANCE, CANCELLED, Because, Frozen, Instant, Micros

MAX_REPEATS = 100
"""A call nobody answers stops repeating some time; the miss stands on the wallboard anyway."""


def change_severity(run: Run, to: str, because: Because | None = None) -> None:
    """Change the severity; with a clause behind it, it is the policy's own act."""
    before = run.word("severity")
    if before == to:
        return
    raised, lowered = compare(run, before, to)
    run.raised = raised
    run.put("severity", to)
    if because is not None:
        run.emit(SetSeverity(at=run.now, because=because, to=to))
    if before is not None:
        run.derive("severity_changed", cause=to, to=to, raised=raised, lowered=lowered)


def compare(run: Run, before: str | None, to: str) -> tuple[bool, bool]:
    """Say whether a severity is raised or lowered; the first classification is neither."""
    ranks = run.program.severity_rank
    if before is None or before not in ranks or to not in ranks:
        return False, False
    return ranks[to] < ranks[before], ranks[to] > ranks[before]


def level_above(run: Run, steps: int) -> Level | None:
    """Return the level so many steps above the ticket's, the top one at most; None at the top."""
    levels = run.policy.levels
    current = run.program.levels.get(run.word("level") or "")
    place = levels.index(current) if current in levels else -1
    target = min(place + steps, len(levels) - 1)
    return levels[target] if target > place else None


def climb(run: Run, to: str, because: Because, *, cause: str) -> None:
    """Let the policy escalate to a level; a level at or below the present one changes nothing."""
    levels = run.program.levels
    current, wanted = levels.get(run.word("level") or ""), levels.get(to)
    if wanted is None or (current is not None and wanted.rank <= current.rank):
        return
    before = run.word("level")
    accept_by = arrive(run, wanted, because)
    run.emit(
        Escalate(
            at=run.now, because=because, to=to, from_level=before, accept_by=accept_by, cause=cause
        )
    )
    run.derive("escalated", *reached(run, wanted), cause=to, to=to, reason=cause)


def reached(run: Run, level: Level) -> tuple[str, ...]:
    """Return the events of having come to a level or above it: `escalated:L3`."""
    return tuple(f"escalated:{one.id}" for one in run.policy.levels if one.rank <= level.rank)


def arrive(run: Run, level: Level, because: Because) -> Instant | None:
    """Put the ticket on a level: its team has it, and has a time to take it on."""
    run.put("level", level.id)
    run.count("escalations")
    run.memory.unaccepted = True
    for clock in list(run.unruled.values()):
        if clock.kind is ACCEPTANCE:
            settle(run, clock, CANCELLED, "superseded")
    if level.team is not None and run.word("team") != level.team:
        run.put("team", level.team)
        run.emit(Assign(at=run.now, because=because, team=level.team))
    return _ask_acceptance(run, level)


def _ask_acceptance(run: Run, level: Level) -> Instant | None:
    if level.accept is None:
        return None
    calendar = next(iter(run.policy.calendars.values()), None)
    due_at = target_due(calendar if level.accept.unit != "time" else None, level.accept, run.now)
    clause = level.clause or run.policy.sop
    line = run.policy.clauses[clause].line if clause in run.policy.clauses else 0
    base = f"{clause}:accept_{level.id}"
    clock = Commitment(
        id=f"{base}:{run.number(base)}",
        rule=-1,
        name=f"accept_{level.id}",
        kind=ACCEPTANCE,
        because=Because(clause=clause, line=line, rule=f"level:{level.id}"),
        started_at=run.now,
        due_at=due_at,
        wake=due_at,
        what=level.id,
    )
    run.state.commitments[clock.id] = clock
    run.hold(clock, None)
    run.emit(
        StartCommitment(
            at=run.now, because=clock.because, commitment=clock.id, name=clock.name,
            what=clock.kind, started_at=run.now, due_at=due_at,
        )
    )  # fmt: skip
    return due_at


def accept(run: Run) -> None:
    """A person takes the ticket on: calls end, and steps up may be heard again."""
    if run.actor.kind is MACHINE:
        return
    run.memory.unaccepted = False
    run.memory.pages.clear()
    for clock in list(run.unruled.values()):
        level = run.program.levels.get(clock.what)
        if clock.kind is ACCEPTANCE and level is not None:
            theirs = run.program.levels.get(run.actor.level or level.id)
            if theirs is None or theirs.rank >= level.rank:
                meet(run, clock, None)


def call(run: Run, role: str, every: Micros, because: Because) -> None:
    """Page a role; with an interval the call repeats until someone accepts."""
    base = f"{because.clause}:page_{role}"
    page_id = f"{base}:{run.number(base)}"
    run.emit(PageRole(at=run.now, because=because, page=page_id, role=role))
    if every:
        run.memory.pages[page_id] = Page(
            id=page_id, role=role, because=because, every=every, wake=run.now + every
        )


def call_again(run: Run, page: Page) -> None:
    """Repeat a call that nobody has answered yet."""
    page.repeats += 1
    page.wake += page.every
    run.emit(
        PageRole(
            at=run.now, because=page.because, page=page.id, role=page.role, repeat=page.repeats
        )
    )
    if page.repeats >= MAX_REPEATS:
        del run.memory.pages[page.id]


# Catching up -----------------------------------------------------------------------------------


class Bundle(Frozen, frozen=True, kw_only=True):
    """What one receiver is told after a downtime: the highest rung, and how often it repeated."""

    who: str
    fired_at: Instant
    last: Decision
    count: int
    causes: tuple[Decision, ...]


def catch_up(decisions: Iterable[Decision], fired_at: Instant) -> tuple[Bundle, ...]:
    """Bundle late calls and notices by receiver (R12); the decisions keep their nominal times."""
    by_receiver: dict[str, list[Decision]] = {}
    for decision in decisions:
        if isinstance(decision, PageRole):
            by_receiver.setdefault(decision.role, []).append(decision)
        elif isinstance(decision, Notify):
            for who in decision.who:
                by_receiver.setdefault(who, []).append(decision)
    return tuple(
        Bundle(who=who, fired_at=fired_at, last=told[-1], count=len(told), causes=tuple(told))
        for who, told in sorted(by_receiver.items())
    )
