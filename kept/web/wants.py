"""What the SOP's gates want before an act: read from the policy, to ask for it beforehand.

Display only. Whether an act passes is decided by the policy when it is done.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kept.policy.rules import GateRule, Policy
from kept.policy.titles import deed, titles
from kept.records.queries.views import StepView

HINTED = {"resolved": "Resolve", "closed": "Close"}
MOST_HINTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One gate that does not hold yet, in words."""

    words: str
    clause: str


def hints(policy: Policy, facts: dict[str, Any], steps: Iterable[StepView]) -> tuple[Hint, ...]:
    """Return which gates would hold up an ending now, and what they say."""
    owed = tuple(steps)
    found = [
        Hint(words=f"{HINTED[event]}: {hint.words}", clause=hint.clause)
        for event in HINTED
        for hint in before(policy, facts, owed, event)
    ]
    return tuple(found[:MOST_HINTS])


def before(
    policy: Policy, facts: dict[str, Any], steps: Iterable[StepView], event: str
) -> tuple[Hint, ...]:
    """Return what an ending still wants: its gates that do not hold, its steps not done."""
    gates = [
        Hint(words=rule.say or "not yet", clause=rule.because.clause)
        for rule in _gates(policy, facts, event)
        if rule.needs is None or rule.needs.test(facts) is not True
    ]
    known = titles(policy)
    owed = [
        Hint(words=f"first {deed(step.name, known)}", clause=step.clause)
        for step in steps
        if step.before == event and step.state in ("open", "missed") and step.done_at is None
    ]
    return (*gates, *owed)


def _gates(policy: Policy, facts: dict[str, Any], *acts: str) -> Iterator[GateRule]:
    for rule in policy.rules:
        if not isinstance(rule, GateRule) or rule.name not in acts:
            continue
        if rule.when is None or rule.when.test(facts) is True:
            yield rule
