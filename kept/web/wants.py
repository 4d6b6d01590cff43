"""What the SOP's gates want before an act: read from the policy, to ask for it beforehand.

Display only. Whether an act passes is decided by the policy when it is done.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kept.policy.conditions import Expr, walk
from kept.policy.rules import GateRule, Policy, StepRule
from kept.policy.words import Enforce
from kept.web.say import plain

HINTED = {"resolved": "Resolve", "closed": "Close"}
MOST_HINTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One gate that does not hold yet, in words."""

    words: str
    clause: str


def hints(policy: Policy, facts: dict[str, Any]) -> tuple[Hint, ...]:
    """Return which gates would hold up an ending now, and what they say."""
    found = [
        Hint(words=f"{HINTED[rule.name]}: {rule.say or 'not yet'}", clause=rule.because.clause)
        for rule in _gates(policy, facts, *HINTED)
        if rule.needs is None or rule.needs.test(facts) is not True
    ]
    steps = [
        Hint(
            words=f"{HINTED[rule.before]}: do {plain(rule.name)} first", clause=rule.because.clause
        )
        for rule in policy.rules
        if isinstance(rule, StepRule) and rule.before in HINTED and _open(rule, facts)
    ]
    return tuple([*found, *steps][:MOST_HINTS])


BLOCKING = (Enforce.BLOCK, Enforce.REQUIRE)


def reasons(policy: Policy, event: str, facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the reasons that a gate of this event accepts, empty where any reason will do."""
    for node in _needs(policy, event, facts, BLOCKING):
        if node.op == "in" and node.args[0].name == "reason" and node.args[1].op == "list":
            return tuple(str(value.value) for value in node.args[1].args)
    return ()


def _needs(
    policy: Policy, event: str, facts: dict[str, Any], enforced: tuple[Enforce, ...]
) -> Iterator[Expr]:
    for rule in _gates(policy, facts, event):
        if rule.enforce not in enforced or rule.needs is None:
            continue
        if isinstance(rule.needs.tree, Expr):
            yield from walk(rule.needs.tree)


def _gates(policy: Policy, facts: dict[str, Any], *acts: str) -> Iterator[GateRule]:
    for rule in policy.rules:
        if not isinstance(rule, GateRule) or rule.name not in acts:
            continue
        if rule.when is None or rule.when.test(facts) is True:
            yield rule


def _open(rule: StepRule, facts: dict[str, Any]) -> bool:
    if rule.name in (facts.get("steps_done") or ()):
        return False
    return rule.when is None or rule.when.test(facts) is True
