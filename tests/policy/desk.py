"""A small desk to try clauses on: SOP text in, verdicts out, times as people write them."""

from functools import cache
from typing import Any

from kept.policy import Outcome, Policy, TicketState, advance, compile_sop, replay, start, step
from kept.policy.facts import Actor, ActorKind, Fact
from kept.policy.state import Commitment
from kept.policy.wire import fact_from_wire, instant_from_wire, instant_to_wire

AMIRA = Actor(id="amira", roles=("agent",), level="L1")
BO = Actor(id="bo", roles=("lead",), level="L2")
CHEN = Actor(id="chen", roles=("manager",), level="L3")
ROBOT = Actor(kind=ActorKind.SYSTEM)

HEAD = """---
sop: d
title: A desk
version: 1.0.0
zone: {zone}
currency: USD
fields:
  bought: {{type: date}}
  impact: {{type: choice, values: [high, low]}}
  urgency: {{type: choice, values: [high, low]}}
---
# A desk

```yaml calendar
name: desk
zone: {zone}
open: {hours}
holidays: {holidays}
```
```yaml scale
severities:
  - {{id: P1, name: Critical}}
  - {{id: P2, name: High}}
  - {{id: P3, name: Low}}
```
```yaml level
levels:
  - {{id: L1, name: Front line}}
  - {{id: L2, name: Specialists}}
  - {{id: L3, name: Engineering}}
```
```yaml role
roles:
  - {{id: agent, name: Agent, level: L1}}
  - {{id: lead, name: Lead, level: L2, limit: 500.00}}
  - {{id: manager, name: Manager, level: L3}}
```
```yaml template
id: calm
title: We heard
subject: We heard
body: We have your message.
```
"""

LONDON = {
    "zone": "Europe/London",
    "hours": '{mon-fri: ["09:00-17:00"]}',
    "holidays": "{country: GB, subdivision: ENG}",
}
NEW_YORK = {
    "zone": "America/New_York",
    "hours": '{mon-sun: ["22:00-06:00"]}',
    "holidays": "{}",
}
UTC = {"zone": "UTC", "hours": '{mon-fri: ["09:00-17:00"]}', "holidays": "{}"}


@cache
def desk(
    clauses: str, zone: str = "UTC", hours: str = UTC["hours"], holidays: str = "{}"
) -> Policy:
    """Compile a desk of these clauses."""
    text = HEAD.format(zone=zone, hours=hours, holidays=holidays) + clauses
    compiled = compile_sop(text, name="d.md")
    assert compiled.policy is not None, "\n".join(map(str, compiled.problems))
    return compiled.policy


def clause(sentence: str, anchor: str, rule: str) -> str:
    """Write one clause with its rule, one key a line."""
    return f"\n{sentence} {{#{anchor}}}\n```yaml rule\n{rule.strip()}\n```\n"


def fact(policy: Policy, at: str, event: str, **keys: Any) -> Fact:
    """Return a fact told as in a test block; `by` may be a person of the cast."""
    by = keys.pop("by", None)
    if isinstance(by, Actor):
        keys["by"] = {"id": by.id, "kind": by.kind, "roles": by.roles, "level": by.level}
    elif by is not None:
        keys["by"] = by
    return fact_from_wire(policy, {"at": at, "event": event, **keys})


def run(policy: Policy, *told: tuple[Any, ...], until: str | None = None) -> Outcome:
    """Run facts given as (at, event, keys) one by one, then the timers up to `until`."""
    state, decisions, refused = start(), [], None
    for at, event, *keys in told:
        outcome = step(policy, state, fact(policy, at, event, **(keys[0] if keys else {})))
        state, refused = outcome.state, outcome.refused or refused
        decisions.extend(outcome.decisions)
    facts = [fact(policy, at, event, **(keys[0] if keys else {})) for at, event, *keys in told]
    last = None if until is None else instant_from_wire(policy, until)
    if last is not None:
        outcome = advance(policy, state, last)
        state = outcome.state
        decisions.extend(outcome.decisions)
    batch = replay(policy, facts, until=last)
    assert batch.state == state, "step by step and all at once differ"
    return Outcome(state=state, decisions=tuple(decisions), refused=refused)


def owed(state: TicketState, name: str, number: int = 1) -> Commitment:
    """Return a commitment by the end of its clause id, or by its name, and its number."""
    found = [
        each
        for each in state.commitments.values()
        if each.because.clause.rpartition(".")[2] == name or each.name == name
    ]
    assert len(found) >= number, f"no {name} {number} in {list(state.commitments)}"
    return found[number - 1]


def due(state: TicketState, name: str, number: int = 1) -> str | None:
    at = owed(state, name, number).due_at
    return None if at is None else instant_to_wire(at)


def verdict(state: TicketState, name: str, number: int = 1) -> str:
    each = owed(state, name, number)
    return each.verdict.value + (f"({each.reason})" if each.reason else "")
