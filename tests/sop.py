"""A small SOP with one of each: the desk of the services' tests."""

from typing import Final

SMALL: Final = """---
sop: small
title: The small desk
version: 1.0.0
zone: Europe/London
currency: USD
fields: {device: {type: text}, vip: {type: bool}}
---
# The small desk

```yaml scale
severities:
  - {id: P1, name: Critical}
  - {id: P2, name: Normal}
```

```yaml level
levels:
  - {id: L1, name: First line}
  - {id: L2, name: Second line}
```

```yaml role
roles:
  - {id: agent, name: Agent, level: L1}
  - {id: lead, name: Lead, level: L2}
  - {id: manager, name: Manager, level: L2}
```

```yaml team
teams:
  - {id: front, name: Front, level: L1, roles: [agent]}
```

```yaml template
id: receipt
title: Receipt
subject: "We have your request {{ ticket.number }}"
body: "Hello {{ customer.name }}, we have your request {{ ticket.number }}."
```

```yaml template
id: parts
title: Parts
subject: "Parts for {{ ticket.number }}"
body: "The part is {{ part }}."
fields: [{id: part, label: Part}]
```

```yaml form
id: handoff
title: Hand-off
fields:
  - {id: tried, label: What was tried, type: long}
  - {id: urgent, label: Urgent, type: yes_no, required: false}
```

## Receipt {#receipt}
Each new request gets a receipt at once. {#send}
```yaml rule
reaction: receipt
on: [created]
do: [{send: receipt}]
```

## Response {#resp}
We answer within 1 hour. {#first}
```yaml rule
clock: first_response
start: created
stop: agent_public
within: $text
warn: [50%]
on_miss: [{escalate: L2}, {page: {role: lead, every: 5m}}, {notify: [lead, owner], by: [email]}]
```

Critical requests are solved within 4 hours. {#solve}
```yaml rule
clock: resolution
when: severity == "P1"
start: created
stop: resolved
within: $text
pause: [waiting_on_customer]
```

## Routing {#routing}
Requests about an outage go to the front team. {#outage}
```yaml rule
reaction: outage
on: [created]
when: text has ["outage"]
do: [{assign: {team: front, pick: [workload]}}, {flag: outage}]
```

## Money {#money}
A refund above 100 dollars needs a manager. {#refund}
```yaml rule
approval: refund
when: amount > 100.00
by: manager
distinct_from: [requester]
```

## Ending {#ending}
A ticket is closed only once it is resolved. {#close}
```yaml rule
gate: closed
needs: resolved
say: Resolve the ticket first.
```
"""
