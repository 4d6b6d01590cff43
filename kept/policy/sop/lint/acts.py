"""Lints about people and acts: who can do it, what it waits for, where it goes round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from kept.policy.rights import LEADING_ACTS, SEEING
from kept.policy.rules import (
    Action,
    ApprovalRule,
    AssignAction,
    ClockRule,
    Condition,
    EscalateAction,
    GateRule,
    ReactionRule,
    Role,
    Rule,
    SetSeverityAction,
)
from kept.policy.sop.cells import Want, told
from kept.policy.sop.lint.desk import Desk
from kept.policy.sop.lint.locks import dead_locks
from kept.policy.words import Value

VERBS = {
    "reply": "agent_public", "note": "agent_note", "triage": "triaged",
    "change_severity": "severity_changed", "assign": "assigned", "escalate": "escalated",
    "accept": "accepted", "wait": "waiting_on", "promise": "promised", "step": "step_done",
    "resolve": "resolved", "close": "closed", "reopen": "reopened", "merge": "merged",
    "verify": "verified", "ask": "approval_asked", "approve": "approved", "reject": "rejected",
    "pay": "paid", "flag": "note_flag",
}  # fmt: skip
ACTS_OF_PEOPLE = frozenset(VERBS.values())
NOT_OF_PEOPLE = frozenset({
    "created", "customer_message", "confirmed", "reopened", "survey_answered", "call_offered",
    "call_answered", "call_abandoned", "missed", "warned", "merged", "spam", "closed",
})  # fmt: skip


# Escalations ---------------------------------------------------------------------------------


def escalations_that_go_round(desk: Desk) -> None:
    """Levels, teams or severities that send a ticket on to each other never settle it."""
    for field in ("level", "team", "severity"):
        edges = _edges(desk, field)
        found = _cycle(edges)
        if found:
            rules = [edges[one][other] for one, other in pairwise(found)]
            plural = {"severity": "severities"}.get(field, f"{field}s")
            _round(desk, f"{plural} " + " -> ".join(found), rules[-1], rules[0])
    for rule in desk.rules(ReactionRule):
        if "escalated" in rule.on and _climbs(rule.do) and not _looks_at_level(rule.when):
            _round(desk, "each escalation causes the next", rule, rule)


def _round(desk: Desk, what: str, rule: Rule, other: Rule) -> None:
    desk.error(
        "E604", f"escalation goes round: {what}",
        line=rule.because.line, clause=rule.because.clause,
        other_line=other.because.line if other is not rule else None,
        advice="let one of them go elsewhere, or name the level it starts from",
    )  # fmt: skip


def _edges(desk: Desk, field: str) -> dict[str, dict[str, Rule]]:
    """Return from where to where rules move a ticket that their condition pins to one place."""
    edges: dict[str, dict[str, Rule]] = {}
    values = desk.cells.choices.get(field) or tuple(desk.policy.teams)
    for rule in desk.policy.rules:
        if rule.when is None or field not in rule.when.reads:
            continue
        goals = {goal for action in _acts(rule) if (goal := _goal(action, field))}
        if not goals:
            continue
        starts = [value for value in values if _can_be(desk, rule, {field: value})]
        if len(starts) == 1:
            for goal in goals - set(starts):
                edges.setdefault(starts[0], {}).setdefault(goal, rule)
    return edges


def _can_be(desk: Desk, rule: Rule, fixed: Mapping[str, Value]) -> bool:
    return not desk.never(rule, Want(condition=rule.when), fixed=fixed)


def _goal(action: Action, field: str) -> str | None:
    match action:
        case EscalateAction(to=str(to)) if field == "level":
            return to
        case AssignAction(team=str(team)) if field == "team":
            return team
        case SetSeverityAction(to=to) if field == "severity":
            return to
    return None


def _cycle(edges: dict[str, dict[str, Rule]]) -> list[str]:
    """Return a way that comes back to where it began, or nothing."""
    for start in edges:
        way, at = [start], start
        seen: dict[str, str] = {}
        queue = [start]
        while queue:
            at = queue.pop(0)
            for goal in edges.get(at, {}):
                if goal == start:
                    way = [at]
                    while way[-1] != start:
                        way.append(seen[way[-1]])
                    return [*reversed(way), start]
                if goal not in seen:
                    seen[goal] = at
                    queue.append(goal)
    return []


def _climbs(actions: Iterable[Action]) -> bool:
    return any(isinstance(action, EscalateAction) and action.by > 0 for action in actions)


def _looks_at_level(condition: Condition | None) -> bool:
    return condition is not None and bool({"level", "to", "escalations"} & set(condition.reads))


def _acts(rule: Rule) -> Iterator[Action]:
    for key in ("do", "on_warn", "on_miss"):
        yield from getattr(rule, key, ())


# Who can do it -------------------------------------------------------------------------------


def events_nobody_can_make(desk: Desk) -> None:
    """A clock is lost from the start when nobody may do what would stop it."""
    for rule in desk.rules(ClockRule):
        why = _why_nobody(desk, rule)
        if why:
            desk.error(
                "E607", f"nobody can stop {rule.because.rule}: {why}",
                line=rule.because.line, clause=rule.because.clause,
                advice="let a role do it under may:, or change stop: or by:",
            )  # fmt: skip


LEADING = LEADING_ACTS | frozenset(SEEING)


def _why_nobody(desk: Desk, rule: ClockRule) -> str:
    roles = desk.policy.roles
    acts = [event for event in rule.stop if event in ACTS_OF_PEOPLE - NOT_OF_PEOPLE]
    if len(acts) < len(rule.stop) or not roles:
        return ""
    if rule.by.kind == "level":
        manned = [role for role in roles.values() if role.level]
        manned += [team for team in desk.policy.teams.values() if team.level]  # type: ignore[misc]  # both have a level
        unsaid = all(role.implied for role in roles.values())
        return "" if manned or unsaid else "no role or team belongs to a level"
    if rule.by.kind == "any":
        return ""
    able = [roles[rule.by.role]] if rule.by.role in roles else list(roles.values())
    if any(_may(role, act) for role in able for act in acts):
        return ""
    who = f'role "{able[0].id}"' if rule.by.role else "no role"
    return f"{who} may not make it {' or '.join(acts)}" if rule.by.role else (
        f"{who} may make it {' or '.join(acts)}"
    )  # fmt: skip


def _may(role: Role, act: str) -> bool:
    """Tell whether a role may; one that lists leading acts alone has every everyday act."""
    everyday = set(role.may) - LEADING
    return not everyday or act in {VERBS.get(verb, verb) for verb in everyday} or "*" in everyday


def gates_that_never_open(desk: Desk) -> None:
    """An act that waits for itself, through gates, steps and approvals, is never possible."""
    for lock in dead_locks(desk):
        rule, other = lock.rules[0], lock.rules[-1]
        desk.error(
            "E608", "acts wait for each other: " + " -> ".join((*lock.acts, lock.acts[0])),
            line=rule.because.line, clause=rule.because.clause,
            other_line=other.because.line if other is not rule else None,
            advice="let one of them be possible first",
        )  # fmt: skip

    for gate in desk.rules(GateRule):
        needs = gate.needs
        if needs is None or not needs.reads or not desk.never(gate, Want(condition=needs)):
            continue
        desk.error(
            "E608", f"{gate.because.rule} never opens: no ticket meets `{needs.source}`",
            line=gate.because.line, clause=gate.because.clause,
            advice="correct the condition; what is forbidden for good says needs: false",
        )  # fmt: skip


def approvals_nobody_can_give(desk: Desk) -> None:
    """Somebody other than those the duties exclude must be left, with authority enough."""
    for rule in desk.rules(ApprovalRule):
        able = [
            desk.policy.roles[role] for role in rule.by
            if role in desk.policy.roles and role not in rule.distinct_from
            and _may(desk.policy.roles[role], "approved")
        ]  # fmt: skip
        if rule.by and not able:
            desk.error(
                "E609", f"nobody is left to approve {rule.name}",
                line=rule.because.line, clause=rule.because.clause,
                advice="name a role under by: that distinct_from: leaves and that may approve",
            )  # fmt: skip
        elif able and all(role.limit is not None for role in able):
            _beyond_limits(desk, rule, max(role.limit or 0 for role in able))


def _beyond_limits(desk: Desk, rule: ApprovalRule, limit: int) -> None:
    """Compare the largest limit with the amounts the approval is for."""
    reads = rule.when is not None and "amount" in rule.when.reads
    values = desk.cells.values("amount", [rule.when]) if reads else ()
    amounts = sorted({int(v) for v in values if isinstance(v, int)} | {limit, limit + 1})
    needing = [a for a in amounts if not reads or _asked(desk, rule, a)]
    within = [a for a in needing if a <= limit]
    if needing and not within:
        desk.error(
            "E609",
            f"nobody is left to approve {rule.name}: it is asked for {_money(needing[0])}, and "
            f"no role under by: may approve more than {_money(limit)}",
            line=rule.because.line, clause=rule.because.clause,
            advice="name a role with a larger limit, or without one",
        )  # fmt: skip
    elif any(a > limit for a in needing) and not _others_take(desk, rule, limit + 1):
        desk.warning(
            "W713", f"{rule.name} over {_money(limit)} can be approved by nobody",
            line=rule.because.line, clause=rule.because.clause,
            advice="fine if that is meant; else name a role with a larger limit",
        )  # fmt: skip


def _asked(desk: Desk, rule: ApprovalRule, amount: int) -> bool:
    return _can_be(desk, rule, {"amount": amount})


def _others_take(desk: Desk, rule: ApprovalRule, amount: int) -> bool:
    """Tell whether an exception hands the larger amounts to somebody else."""
    return any(
        rule.because.clause in other.exception_to and _asked(desk, other, amount)
        for other in desk.rules(ApprovalRule)
    )


def _money(minor: int) -> str:
    return told({"amount": minor}).removeprefix("amount ")
