"""The pure core: due times, replays with full citations, and compilation.

Processor time of the best of several runs, also as passes of an empty loop: both move together
when neighbours share the machine, so their ratio is the figure to compare.
"""

import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from bench.figures import Figure
from kept.policy import Policy, compile_sop, replay
from kept.policy.calendars import add_open
from kept.policy.sop.calendar import CalendarSpec, lower_calendar
from kept.policy.wire import facts_from_wire
from kept.policy.words import HOUR

ROOT = Path(__file__).resolve().parent.parent
STORY = (
    ("2025-06-02T09:00", {"event": "created", "channel": "email", "text": "It is slow"}),
    ("2025-06-02T09:00:02", {"event": "agent_public", "by": "system"}),
    ("2025-06-02T09:20", {"event": "triaged", "severity": "P3", "type": "technical"}),
    ("2025-06-02T09:21", {"event": "assigned", "agent": "amira"}),
    ("2025-06-02T10:00", {"event": "agent_public", "by": "amira"}),
    ("2025-06-02T10:01", {"event": "waiting_on", "who": "customer"}),
    ("2025-06-02T13:30", {"event": "customer_message", "text": "Here you are"}),
    ("2025-06-02T14:00", {"event": "attempt_failed"}),
    ("2025-06-02T14:05", {"event": "escalated", "to": "L2"}),
    ("2025-06-02T14:15", {"event": "accepted", "by": "bo", "level": "L2"}),
    ("2025-06-02T15:40", {"event": "agent_public", "by": "bo"}),
    ("2025-06-02T15:45", {"event": "resolved"}),
)
PLAIN = """---
sop: plain
title: A plain desk
version: 1.0.0
effective: "2025-01-01T00:00"
updated: "2025-01-01"
zone: Europe/London
---
# A plain desk

```yaml calendar
name: desk
open: {mon-fri: ["09:00-17:00"]}
```

We answer within 4 hours. {#answer}

```yaml rule
clock: first_response
start: created
stop: agent_public
within: $text
```

We solve it within 3 working days. {#solve}

```yaml rule
clock: resolution
start: created
stop: resolved
within: $text
```

We write at least every 24 hours. {#update}

```yaml rule
clock: update
start: customer_message
stop: agent_public
within: $text
```
"""


def best(act: Callable[[], object], rounds: int = 5) -> float:
    """Return the shortest of several runs, in seconds of the processor."""
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        act()
        times.append(time.process_time() - begun)
    return min(times)


@cache
def pass_seconds() -> float:
    """Return what one pass of an empty loop costs here: the yardstick."""

    def run() -> None:
        for _ in range(1_000_000):
            pass

    return best(run) / 1_000_000


def passes(seconds: float) -> str:
    return f"{seconds / pass_seconds():,.0f} passes of an empty loop"


def due() -> Iterator[Figure]:
    """One due time on a ten-year calendar."""
    spec = CalendarSpec(
        name="desk", zone="Europe/London", open={"mon-fri": ("09:00-17:00",)}, country="GB",
        subdivision="ENG", from_year=2020, until_year=2030,
    )  # fmt: skip
    calendar = lower_calendar(spec)
    start = calendar.opens[1000]
    seconds = best(lambda: [add_open(calendar, start, 30 * HOUR) for _ in range(10_000)]) / 10_000
    yield Figure(
        name="due time, ten-year calendar", value=seconds * 1e6, unit="us", at_most=2,
        beside=passes(seconds),
    )  # fmt: skip


def replays() -> Iterator[Figure]:
    """Whole histories with full citations, under a plain SOP and under the largest one."""
    esc = (ROOT / "sops" / "esc.md").read_text()
    for name, text in (("a plain SOP", PLAIN), ("sops/esc.md", esc)):
        policy = compiled(text)
        rate = events_a_second(policy, tickets=300)
        yield Figure(
            name=f"replay, {name}, {len(policy.rules)} rules", value=rate, unit="events/s",
            at_least=50_000, beside=f"{passes(1 / rate)} an event",
        )  # fmt: skip


def compiled(text: str) -> Policy:
    made = compile_sop(text)
    assert made.policy is not None, made.problems
    return made.policy


def events_a_second(policy: Policy, tickets: int) -> float:
    """Return how many events a replay takes in per second on one core."""
    told = [{"at": at, "id": f"f{n}", **keys} for n, (at, keys) in enumerate(STORY)]
    facts = facts_from_wire(policy, told)

    def run() -> None:
        for _ in range(tickets):
            replay(policy, facts)

    return tickets * len(facts) / best(run, 3)


def compiling() -> Iterator[Figure]:
    """An SOP of 300 clauses: with a calendar seen before, and with one never seen."""
    known = [of_clauses(300)] * 5
    fresh = [of_clauses(300, closed=f"2026-07-{day:02}") for day in (6, 7, 8)]
    compiled(known[0])
    for name, texts in (("warm", known), ("cold calendar", fresh)):
        seconds = min(best(partial(compiled, text), 1) for text in texts)
        yield Figure(
            name=f"compile 300 clauses, {name}", value=seconds, unit="s", at_most=0.5,
            beside=passes(seconds),
        )  # fmt: skip


def of_clauses(count: int, closed: str = "2026-12-24") -> str:
    """Return an SOP of so many clauses of several kinds, each with its rule, many with a test."""
    head = HEAD.replace("CLOSED", closed)
    return head + "".join(KINDS[n % len(KINDS)].replace("NN", str(n)) for n in range(count))


HEAD = """---
sop: large
title: A large desk
version: 1.0.0
effective: "2025-01-01T00:00"
updated: "2025-01-01"
zone: Europe/London
fields:
  risk: {type: count}
---
# A large desk

```yaml calendar
name: desk
open: {mon-fri: ["09:00-17:00"]}
holidays: {country: GB, subdivision: ENG, also: ["CLOSED"]}
```
"""
KINDS = (
    """
Where the risk is NN, we answer within 4 hours. {#cNN}

```yaml rule
clock: answer_NN
when: risk == NN
start: created
stop: agent_public
within: $text
warn: [50%, 80%]
```
```yaml test
- name: answered at the last second
  given:
    - {at: "2025-06-02T10:00", event: created, risk: NN}
    - {at: "2025-06-02T14:00", event: agent_public}
  expect: {cNN: {verdict: kept, due: "2025-06-02T14:00"}}
```
""",
    """
It is solved within 3 working days, for a risk of NN. {#cNN}

```yaml rule
clock: solve_NN
when: risk == NN
start: created
stop: resolved
within: $text
on_miss: [{flag: late_NN}]
```
""",
    """
Paper NN is filled in before the ticket is closed. {#cNN}

```yaml rule
step: paper_NN
when: risk == NN
after: triaged
before: closed
form: paper_NN
enforce: warn
```
```yaml form
id: paper_NN
title: Paper NN
fields:
  - {id: found, label: What was found, type: long, required: true}
  - {id: seen_at, label: When, type: time}
```
""",
    """
A word of danger NN marks the ticket. {#cNN}

```yaml rule
reaction: mark_NN
on: [created, customer_message]
when: text has ["danger NN", "harm NN"]
do: [{flag: danger_NN}]
once: per ticket
```
```yaml test
- name: the word marks it
  given:
    - {at: "2025-06-02T10:00", event: created, text: "there is danger NN here"}
  expect: {flags: [danger_NN]}
```
""",
    """
We are kind, in the NNth way. {#cNN}

```yaml note
informative: true
why: attitude
```
""",
)
