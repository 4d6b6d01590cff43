"""States are values: what comes later never changes one that was given, settled parts included."""

from typing import Any

import msgspec
import pytest

from kept.policy import TicketState, replay, step
from kept.policy.wire import facts_from_wire
from tests.policy.desk import desk

UPDATES = """
Customers hear from us every 4 hours. {#news}
```yaml rule
window: update
start: agent_public
act: agent_public
every: $text
until: resolved
```

A matter is settled within 8 hours. {#fix}
```yaml rule
clock: resolution
start: created
stop: resolved
within: $text
```
"""
DAY = "2025-06-02T"
BEFORE: list[dict[str, Any]] = [
    {"at": f"{DAY}09:00", "event": "created", "id": "a"},
    {"at": f"{DAY}09:10", "event": "agent_public", "id": "b"},
    {"at": f"{DAY}10:00", "event": "agent_public", "id": "c"},
]


@pytest.mark.parametrize(
    ("end", "later"),
    [
        ({"event": "resolved"}, {"event": "reopened"}),
        ({"event": "merged", "into": "9"}, {"event": "unmerged", "ticket": "9"}),
        (
            {"event": "resolved"},
            {
                "event": "waived", "commitment": "d.fix:resolution:1", "reason": "r1",
                "by": {"id": "amira"}, "second": {"id": "bo"},
            },
        ),
    ],
)  # fmt: skip
def test_what_comes_back_leaves_the_earlier_state_as_it_was(
    end: dict[str, Any], later: dict[str, Any]
) -> None:
    policy = desk(UPDATES)
    told = [
        *BEFORE,
        {"at": f"{DAY}11:00", "id": "d", **end},
        {"at": f"{DAY}12:00", "id": "e", **later},
    ]
    *before, last = facts_from_wire(policy, told)
    state = replay(policy, before).state
    written = msgspec.json.encode(state)
    after = step(policy, state, last).state
    assert msgspec.json.encode(state) == written
    assert after == replay(policy, [*before, last]).state != state
    assert after == step(policy, msgspec.json.decode(written, type=TicketState), last).state
