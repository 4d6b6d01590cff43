"""Figures in their place: which clock is the response of P1, the acknowledgement of L2, ...

A rule speaks of the severities, levels or channels that its condition picks out; a condition that
allows them all speaks of none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kept.policy.rules import (
    ClockRule,
    EscalateAction,
    Level,
    Policy,
    ReactionRule,
    Rule,
    TargetUnit,
)
from kept.policy.sop import told
from kept.policy.sop.cells import Cells, Undecided
from kept.policy.words import SECOND

FIELDS = {"severities": "severity", "levels": "level", "channels": "channel"}
ANSWERS = {"agent_public", "call_answered"}
NOTICED = ("ack", "first_ack")
FIRST_EVENTS = {"created", "triaged", "call_offered", "customer_message", "severity_changed"}

Told = dict[str, Any]


def spoken_of(cells: Cells, rule: Rule, field: str) -> tuple[str, ...]:
    """Return the choices of a field that the rule's condition picks out."""
    try:
        return cells.speaks_of(rule.when, field)
    except Undecided:
        return ()


def speaks_of(policy: Policy, cells: Cells, rule: Rule, kind: str) -> Iterator[str]:
    """Yield the names under which the declared things that a rule speaks of are listed."""
    ids = set(spoken_of(cells, rule, FIELDS[kind]))
    declared: Any = {
        "severities": policy.severities,
        "levels": policy.levels,
        "channels": policy.channels.values(),
    }[kind]
    for one in declared:
        if one.id in ids:
            yield one.name


def severity_figures(policy: Policy, cells: Cells, severity: str) -> Told:
    """Return the times a severity is given."""
    clocks = [
        rule for rule in policy.rules
        if isinstance(rule, ClockRule) and severity in spoken_of(cells, rule, "severity")
        and FIRST_EVENTS & set(rule.start)
    ]  # fmt: skip
    response = _chosen([c for c in clocks if ANSWERS & set(c.stop)], "respon")
    resolution = _chosen([c for c in clocks if "resolved" in c.stop], "resol")
    found: Told = {"response_min": None}
    found |= _figure(policy, response, "response")
    found |= {"resolution_min": None} | _figure(policy, resolution, "resolution")
    if found.keys() & {"resolution"}:
        del found["resolution_min"]
    if found.keys() & {"response"}:
        del found["response_min"]
    main = response or resolution
    if main is not None:
        found |= {"bound": "lt" if main.strict else "le", "clock": told.clock_word(policy, main)}
    return found | _escalation(policy, cells, severity)


def level_figures(policy: Policy, cells: Cells, level: Level) -> Told:
    """Return the times a level is given."""
    clocks = [
        rule for rule in policy.rules
        if isinstance(rule, ClockRule) and level.id in spoken_of(cells, rule, "level")
    ]  # fmt: skip
    noticed = [c for c in clocks if "accepted" in c.stop or c.name.startswith(NOTICED)]
    answers = [c for c in clocks if ANSWERS & set(c.stop) and c not in noticed]
    found = _figure(policy, _chosen(answers, "respon"), "response")
    return found | _figure(policy, _chosen(noticed, "ack"), "acknowledge")


def channel_figures(policy: Policy, cells: Cells, channel: str) -> Told:
    """Return the time in which a channel is answered: seconds where it is under a minute."""
    clocks = [
        rule for rule in policy.rules
        if isinstance(rule, ClockRule) and ANSWERS & set(rule.stop)
        and (channel in spoken_of(cells, rule, "channel")
             or (policy.channels[channel].kind == "phone" and "call_answered" in rule.stop))
    ]  # fmt: skip
    clock = _chosen(clocks, "respon")
    target = told.stated(policy, clock) if clock else None
    if clock is None or target is None:
        return {}
    in_seconds = target.unit is TargetUnit.TIME and target.amount < 60 * SECOND
    key = "response_sec" if in_seconds else "response_min"
    return {key: told.in_unit(target, key), "clock": told.clock_word(policy, clock)}


def _chosen(clocks: list[ClockRule], named: str) -> ClockRule | None:
    """Return the clock whose name says what it is, else the first."""
    return next((c for c in clocks if named in c.name), clocks[0] if clocks else None)


def _figure(policy: Policy, clock: ClockRule | None, what: str) -> Told:
    target = told.stated(policy, clock) if clock else None
    if target is None:
        return {}
    if target.unit is TargetUnit.WORKING_DAYS:
        return {what: {"business_days": target.amount}}
    return {f"{what}_min": told.in_unit(target, f"{what}_min")}


def _escalation(policy: Policy, cells: Cells, severity: str) -> Told:
    """Return to which level, and after how long, a severity goes by itself."""
    places = {level.id: place for place, level in enumerate(told.listed(policy.levels), 1)}
    for rule in policy.rules:
        if severity not in spoken_of(cells, rule, "severity"):
            continue
        goal = _goes_to(rule)
        if goal in places:
            after = told.target_of(rule)
            minutes = told.in_unit(told.stated(policy, rule), "_min") if after else 0
            return {"escalate_to": places[goal], "escalate_after_min": minutes}
    return {}


def _goes_to(rule: Rule) -> str:
    match rule:
        case ReactionRule(do=actions) | ClockRule(stop=("escalated", *_), on_miss=actions):
            for action in actions:
                if isinstance(action, EscalateAction) and action.to:
                    return action.to
    return ""
