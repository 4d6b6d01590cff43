"""How fast the pure core is: due times, replays with full citations, and compilation.

Processor time, also as passes of an empty loop here: `python -m bench.policy_speed`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from kept.policy import Policy, compile_sop, replay
from kept.policy.calendars import add_open
from kept.policy.facts import Fact
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


def best(act: Callable[[], object], rounds: int = 5) -> float:
    """Return the shortest of several runs, in seconds."""
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        act()
        times.append(time.process_time() - begun)
    return min(times)


def due_microseconds() -> float:
    """Return what one due time costs on a ten-year calendar."""
    calendar = lower_calendar(
        CalendarSpec(
            name="desk", zone="Europe/London", open={"mon-fri": ("09:00-17:00",)},
            country="GB", subdivision="ENG", from_year=2020, until_year=2030,
        )
    )  # fmt: skip
    start = calendar.opens[1000]
    return best(lambda: [add_open(calendar, start, 30 * HOUR) for _ in range(10_000)]) * 100


def story(policy: Policy) -> tuple[Fact, ...]:
    """Return twelve facts of one ordinary ticket."""
    told = [{"at": at, "id": f"f{n}", **keys} for n, (at, keys) in enumerate(STORY)]
    return facts_from_wire(policy, told)


def events_a_second(policy: Policy, tickets: int = 500) -> float:
    """Return how many events a replay takes in per second on one core."""
    facts = story(policy)

    def run() -> None:
        for _ in range(tickets):
            replay(policy, facts)

    return tickets * len(facts) / best(run, 3)


def empty_loop_seconds(passes: int = 1_000_000) -> float:
    """Return what one pass of an empty loop costs here: the yardstick for the other figures."""

    def run() -> None:
        for _ in range(passes):
            pass

    return best(run) / passes


def main() -> None:
    loop = empty_loop_seconds()
    due = due_microseconds()
    print(f"empty loop                        {loop * 1e9:.0f} ns a pass")
    print(f"due time on a ten-year calendar   {due:.2f} us = {due / loop / 1e6:.0f} passes")
    for name in ("basic", "crm", "care", "retail", "esc"):
        text = (ROOT / "sops" / f"{name}.md").read_text()
        policy = compile_sop(text, name=f"{name}.md").policy
        assert policy is not None, name
        rate = events_a_second(policy, 200)
        size, passes = f"{len(policy.rules)} rules", 1 / rate / loop
        print(f"replay under {name:7} {size:>10}   {rate:,.0f} events/s = {passes:.0f} passes")


if __name__ == "__main__":
    main()
