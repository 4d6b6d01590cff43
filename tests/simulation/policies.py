"""Small SOPs made from a seed: calendars, targets, ladders and gates that vary together."""

from functools import lru_cache
from random import Random

from kept.policy import Policy, compile_sop

CALENDARS = (
    ("Europe/London", '{mon-fri: ["09:00-17:00"]}', "{country: GB, subdivision: ENG}"),
    ("America/New_York", '{mon-sun: ["22:00-06:00"]}', "{}"),
    ("Asia/Kolkata", '{mon-sat: ["09:30-13:00", "14:00-18:30"]}', "{country: IN}"),
    ("Australia/Lord_Howe", '{mon-fri: ["08:00-12:00", "12:30-16:30"]}', "{}"),
)
TARGETS = ("15 minutes", "1 hour", "4 hours", "26 hours")
VARIANTS = 48

TEXT = """---
sop: sim
title: A simulated desk
version: 1.0.0
zone: {zone}
currency: USD
fields:
  impact: {{type: choice, values: [high, low]}}
  urgency: {{type: choice, values: [high, low]}}
---
# A simulated desk

```yaml calendar
name: desk
open: {hours}
holidays: {holidays}
```

## Urgency {{#P}}

```yaml scale
severities:
  - {{id: P1, name: Critical}}
  - {{id: P2, name: High}}
  - {{id: P3, name: Low}}
```

## Levels {{#L}}

```yaml level
levels:
  - {{id: L1, name: Front line}}
  - {{id: L2, name: Specialists}}
  - {{id: L3, name: Engineering}}
```
```yaml role
roles:
  - {{id: agent, name: Agent}}
  - {{id: lead, name: Lead, limit: 500.00}}
```

Impact and urgency propose how urgent a matter is. {{#table}}
```yaml table
name: urgency_of
inputs: {{impact: [high, low], urgency: [high, low]}}
output: severity
unique: true
complete: true
rows:
  - {{impact: high, urgency: high, then: P1}}
  - {{impact: high, urgency: low, then: P2}}
  - {{impact: low, then: P3}}
```

P1 is answered within {p1}. {{#p1}}
```yaml rule
clock: first_response
when: severity == "P1"
start: created
stop: agent_public
within: $text
warn: [50%, 80%]
on_miss: [{{escalate: +1}}, {{notify: [owner, lead], by: [email]}}]
```

P2 is answered within {p2}. {{#p2}}
```yaml rule
clock: first_response
when: severity == "P2"
start: created
stop: agent_public
within: $text
calendar: {cal2}
```

P3 is answered in under {p3}. {{#p3}}
```yaml rule
clock: first_response
when: severity == "P3"
start: created
stop: agent_public
under: $text
calendar: desk
on_miss: [{{flag: slow}}]
```

Every turn of a customer is answered within {p3}. {{#turn}}
```yaml rule
clock: next_response
start: customer_message
stop: agent_public
within: $text
calendar: {cal2}
```

A matter is settled within {days} working days. {{#fix}}
```yaml rule
clock: resolution
start: created
stop: resolved
within: $text
calendar: desk
pause: [waiting_on_customer]
on_miss: [{{escalate: L3}}]
```

Customers hear from us every {every}. {{#news}}
```yaml rule
window: update
start: agent_public
act: agent_public
every: $text
until: resolved
pause: [waiting_on_customer]
```

Unsolved after {after}, a ticket goes to the specialists. {{#up}}
```yaml rule
reaction: too_long
start: created
after: $text
unless: resolved
do: [{{escalate: L2}}]
```

Whoever receives an escalated ticket takes it on within 15 minutes. {{#take}}
```yaml rule
clock: acceptance
start: escalated
stop: accepted
within: $text
on_miss: [{{escalate: +1}}]
```

A ticket is closed only once the customer agreed. {{#close}}
```yaml rule
gate: closed
needs: confirmed
say: Ask the customer first.
```

Whoever passes a ticket on writes down what was tried within {p3}. {{#handoff}}
```yaml rule
step: handoff
after: escalated
within: $text
before: resolved
enforce: {enforce}
on_miss: [{{flag: undocumented}}]
```

Refunds over $100 need a lead, for 7 days. {{#refund}}
```yaml rule
approval: refund
when: amount > 100.00
by: lead
distinct_from: [requester]
sum_over: {{ticket: always}}
expires: 7d
```

Two attempts that failed send a ticket up. {{#attempts}}
```yaml rule
reaction: attempts
on: [attempt_failed]
when: failed_attempts >= 2
do: [{{escalate: +1}}, {{open: handoff}}]
```

A customer who is silent for {after} is asked again. {{#chase}}
```yaml rule
reaction: chase
start: waiting_on
after: $text
unless: [customer_message, resolved]
do: [{{send: calm}}]
```

Words of alarm send a ticket up. {{#alarm}}
```yaml rule
reaction: alarm
on: [created, customer_message]
when: text has ["outage", "down"]
do: [{{escalate: +1}}, {{send: calm}}]
```
```yaml template
id: calm
title: We heard
subject: We are on it
body: We have read your message and are looking into it.
```
"""


def settings(seed: int) -> dict[str, str]:
    """Return the figures of a seed's SOP, before they are written into the text."""
    rng = Random(seed)
    zone, hours, holidays = rng.choice(CALENDARS)
    first = sorted(rng.sample(range(len(TARGETS)), 3))
    return {
        "zone": zone,
        "hours": hours,
        "holidays": holidays,
        "p1": TARGETS[first[0]],
        "p2": TARGETS[first[1]],
        "p3": TARGETS[first[2]],
        "cal2": rng.choice(("24x7", "desk")),
        "days": rng.choice(("1", "2", "5")),
        "every": rng.choice(("2 hours", "4 hours", "1 day")),
        "enforce": rng.choice(("warn", "block")),
        "after": rng.choice(("3 hours", "24 hours", "48 hours")),
    }


@lru_cache(maxsize=512)
def compiled(text: str) -> Policy:
    found = compile_sop(text, name="sim.md")
    assert found.policy is not None, found.problems
    return found.policy


def policy_for(seed: int) -> Policy:
    """Return the seed's policy; seeds share a bounded number of them."""
    return compiled(TEXT.format(**settings(seed % VARIANTS)))


def tightened(seed: int) -> tuple[Policy, str]:
    """Return the seed's policy with one target halved, and the clause it belongs to."""
    chosen = settings(seed % VARIANTS)
    key = Random(seed).choice(("p1", "p2"))
    halves = {
        "15 minutes": "7 minutes",
        "1 hour": "30 minutes",
        "4 hours": "2 hours",
        "26 hours": "13 hours",
    }
    chosen[key] = halves[chosen[key]]
    return compiled(TEXT.format(**chosen)), f"sim.L.{key}"
