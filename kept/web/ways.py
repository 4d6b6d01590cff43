"""What would allow a refused act: the gate's needs, read as acts of this very page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kept.policy.conditions import Expr, walk
from kept.policy.rules import ApprovalRule, GateRule, Policy, StepRule

BY_FIELD = {
    "severity": "triage", "topic": "triage", "type": "triage", "resolved": "resolve",
    "status": "resolve", "confirmed": "confirm", "verified": "verify", "method": "verify",
    "team": "assign", "owner": "assign", "level": "escalate", "flags": "flag",
    "replies": "text", "template": "text",
}  # fmt: skip
"""A field of the language -> the act that fills it; `text` is the composer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An act that the page has open now: its title and its place in the address."""

    title: str
    noun: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One button of a refusal: what it says and the form that it opens."""

    words: str
    act: str
    noun: str
    step: str = ""


def ways(
    policy: Policy, clause: str, event: str, open_acts: Mapping[str, Opening]
) -> tuple[Way, ...]:
    """Return the acts that would let the refused one pass, in the clause's own order.

    `open_acts` are the page's acts by name; a step that is open is there as `step:NAME`.
    """
    found = dict.fromkeys(_named(policy, clause, event))
    return tuple(
        Way(words=open_acts[name].title, act=name, noun=open_acts[name].noun)
        for name in found
        if name in open_acts
    )


def _named(policy: Policy, clause: str, event: str) -> Iterator[str]:
    for rule in policy.rules:
        if rule.because.clause != clause:
            continue
        if isinstance(rule, StepRule) and rule.before == event:
            yield f"step:{rule.name}"
        elif isinstance(rule, ApprovalRule):
            yield "approval"
        elif isinstance(rule, GateRule) and rule.name == event and rule.needs is not None:
            yield from _of(policy, rule.needs.tree)


def _of(policy: Policy, tree: Expr | None) -> Iterator[str]:
    for node in walk(tree) if tree is not None else ():
        if node.op == "in" and node.args[1].name == "steps_done":
            yield f"step:{node.args[0].value}"
        elif node.op == "field" and node.name in policy.fields:
            yield "triage"
        elif node.op == "field" and node.name in BY_FIELD:
            yield BY_FIELD[node.name]
