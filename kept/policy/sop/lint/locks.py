"""Dead locks: acts that wait for each other through gates, steps and approvals.

An act is possible when every rule that holds it back can be satisfied with what is possible
already. What the least fixpoint leaves over waits for itself; it is told only where the rules
involved can all hold for one ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kept.policy.rules import ApprovalRule, AssignAction, GateRule, Rule, StepRule
from kept.policy.sop.cells import Cell, Undecided, Want, atoms
from kept.policy.sop.lint.desk import Desk
from kept.policy.words import Enforce, Value

MADE_BY = {
    "confirmed": ("confirmed",), "resolved": ("resolved",), "verified": ("verified",),
    "reopened": ("reopened",), "owner": ("assigned",), "team": ("assigned",),
    "replies": ("agent_public",),
    "escalations": ("escalated",), "failed_attempts": ("attempt_failed",),
}  # fmt: skip
"""Which act makes a field true, known or more than nothing."""
NEEDS_FIRST = {"approved": ("approval_asked",), "rejected": ("approval_asked",)}
MAX_CYCLE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Acts in a ring, each waiting for the next; `rules` hold them back."""

    acts: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A rule that holds an act back until `needs` are done (all of them)."""

    act: str
    rule: Rule
    needs: tuple[str, ...]


def dead_locks(desk: Desk) -> list[Lock]:
    """Return the rings of acts that nobody can begin with."""
    holds = list(_holds(desk))
    possible = _possible(desk, holds)
    stuck = [hold for hold in holds if hold.act not in possible]
    found: list[Lock] = []
    taken: set[str] = set()
    for hold in stuck:
        ring = _ring(hold, stuck)
        if ring is None or taken & {one.act for one in ring}:
            continue
        if not _at_once(desk, ring) or hold.act in _possible(desk, ring):
            continue
        taken |= {one.act for one in ring}
        found.append(
            Lock(acts=tuple(one.act for one in ring), rules=tuple(one.rule for one in ring))
        )
    return found


def _holds(desk: Desk) -> Iterable[Hold]:
    for rule in desk.policy.rules:
        if rule.enforce is not Enforce.BLOCK:
            continue
        match rule:
            case GateRule():
                yield Hold(act=rule.name, rule=rule, needs=_acts_needed(desk, rule))
            case StepRule(before=str(act)):
                yield Hold(act=act, rule=rule, needs=(f"step:{rule.name}",))
            case ApprovalRule():
                for act in rule.acts:
                    yield Hold(act=act, rule=rule, needs=("approved",))
    for rule in desk.policy.rules:
        if isinstance(rule, StepRule) and len(rule.after) == 1 and not rule.auto:
            yield Hold(act=f"step:{rule.name}", rule=rule, needs=rule.after)


def _acts_needed(desk: Desk, gate: GateRule) -> tuple[str, ...]:
    """Return the acts without which the gate's condition cannot hold."""
    if gate.needs is None:
        return ()
    found: dict[str, None] = {}
    for atom in atoms(gate.needs):
        for value in atom.values if atom.op == "contains" else (None,):
            act = _act_behind(desk, atom.field, value)
            if act and _cannot_hold(desk, gate, atom.field, value):
                found[act] = None
    return tuple(found)


def _act_behind(desk: Desk, field: str, value: Value) -> str:
    if field == "steps_done" and isinstance(value, str):
        return f"step:{value}"
    if field in ("owner", "team") and any(
        isinstance(action, AssignAction) for rule in desk.policy.rules
        for action in getattr(rule, "do", ())
    ):  # fmt: skip
        return ""
    return MADE_BY.get(field, ("",))[0]


def _cannot_hold(desk: Desk, gate: GateRule, field: str, value: Value) -> bool:
    """Tell whether the gate stays shut as long as the act behind a field has not happened."""
    without: Value = False
    if isinstance(value, str):
        named = {v for a in atoms(gate.needs) if a.field == field for v in a.values} if (
            gate.needs) else set()  # fmt: skip
        without = tuple(sorted(str(each) for each in named if each != value))
    elif field in ("owner", "team"):
        without = None
    elif field not in ("confirmed", "resolved", "verified"):
        without = 0
    try:
        return desk.cells.sample(Want(condition=gate.needs), fixed={field: without}) is None
    except Undecided:
        return False


def _possible(desk: Desk, holds: Sequence[Hold]) -> set[str]:
    """Return the acts that can be reached under these holds, from nothing."""
    acts = {hold.act for hold in holds} | {need for hold in holds for need in hold.needs}
    acts |= {need for needs in NEEDS_FIRST.values() for need in needs}
    possible: set[str] = set()
    grown = True
    while grown:
        grown = False
        for act in sorted(acts - possible):
            needed = {need for hold in holds if hold.act == act for need in hold.needs}
            needed |= set(NEEDS_FIRST.get(act, ()))
            if needed <= possible:
                possible.add(act)
                grown = True
    return possible


def _ring(start: Hold, stuck: Sequence[Hold]) -> tuple[Hold, ...] | None:
    """Return the shortest ring of holds from an act back to itself."""
    ways: list[tuple[Hold, ...]] = [(start,)]
    while ways:
        way = ways.pop(0)
        for need in _following(way[-1]):
            if need == start.act:
                return way
            if len(way) < MAX_CYCLE and need not in {one.act for one in way}:
                ways += [(*way, hold) for hold in stuck if hold.act == need]
    return None


def _following(hold: Hold) -> tuple[str, ...]:
    return (*hold.needs, *(first for need in hold.needs for first in NEEDS_FIRST.get(need, ())))


def _at_once(desk: Desk, ring: Sequence[Hold]) -> bool:
    """Tell whether all the rules of a ring can hold for one ticket."""
    try:
        found: Cell | None = desk.cells.together(*(hold.rule.when for hold in ring))
    except Undecided as why:
        desk.undecided(ring[0].rule, why)
        return False
    return found is not None
