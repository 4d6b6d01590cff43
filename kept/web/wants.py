"""What the SOP's gates want before an act: read from the policy, to ask for it beforehand.

Display only. Whether an act passes is decided by the policy when it is done.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kept.policy.conditions import Expr, walk
from kept.policy.rules import GateRule, Policy
from kept.policy.words import Enforce
from kept.records.queries.views import StepView
from kept.web.say import plain

HINTED = {"resolved": "Resolve", "closed": "Close"}
MOST_HINTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One gate that does not hold yet, in words."""

    words: str
    clause: str


def hints(policy: Policy, facts: dict[str, Any], steps: Iterable[StepView]) -> tuple[Hint, ...]:
    """Return which gates would hold up an ending now, and what they say."""
    found = [
        Hint(words=f"{HINTED[rule.name]}: {rule.say or 'not yet'}", clause=rule.because.clause)
        for rule in _gates(policy, facts, *HINTED)
        if rule.needs is None or rule.needs.test(facts) is not True
    ]
    owed = [
        Hint(words=f"{HINTED[step.before]}: do {plain(step.name)} first", clause=step.clause)
        for step in steps
        if step.before in HINTED and step.state in ("open", "missed") and step.done_at is None
    ]
    return tuple([*found, *owed][:MOST_HINTS])


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
