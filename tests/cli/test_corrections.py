"""`kept sop corrections`: a forgotten holiday, shown beside what was judged."""

import json
from pathlib import Path

from kept.policy.facts import Absorbed
from kept.policy.wire import fact_of_line, fact_to_wire, line_of
from tests.cli.runs import Kept
from tests.policy.desk import desk

SOP = """---
sop: shop
title: A shop
version: 1.0.0
zone: UTC
---
# A shop

```yaml calendar
name: desk
zone: UTC
open: {mon-fri: ["09:00-17:00"]}
holidays: {also: [%s]}
```
```yaml scale
severities:
  - {id: P1, name: Critical}
```
We answer within 2 hours. {#first}
```yaml rule
clock: first_response
start: created
stop: agent_public
within: $text
calendar: desk
```
"""
LOG = (
    {"desk": "shop", "ticket": 7, "seq": 1, "policy": "h", "refused": False,
     "event": "created", "at": "2025-06-02T09:00:00Z"},
    {"desk": "shop", "ticket": 7, "seq": 2, "policy": "h", "refused": True,
     "event": "closed", "at": "2025-06-02T09:30:00Z"},
    {"desk": "shop", "ticket": 7, "seq": 3, "policy": "h", "refused": False,
     "event": "agent_public", "at": "2025-06-03T10:00:00Z"},
)  # fmt: skip


def files(folder: Path) -> tuple[Path, Path, Path]:
    known, corrected, log = (folder / name for name in ("known.md", "corrected.md", "log.jsonl"))
    known.write_text(SOP % "")
    corrected.write_text(SOP % '"2025-06-02"')
    log.write_text("\n".join(json.dumps(line) for line in LOG))
    return known, corrected, log


def test_both_readings_stand_side_by_side(kept: Kept, tmp_path: Path) -> None:
    known, corrected, log = files(tmp_path)

    answer = kept("sop", "corrections", known, corrected, "--log", log, "--json")

    assert answer.code == 0, answer.err
    assert answer.json["tickets"] == 1
    (one,) = answer.json["revisions"]
    assert (one["ticket"], one["clause"], one["reversed"]) == ("7", "shop.first", True)
    assert one["as_known"] == {"verdict": "missed", "due_at": "2025-06-02T11:00:00Z"}
    assert one["as_corrected"] == {"verdict": "kept", "due_at": "2025-06-03T11:00:00Z"}


def test_people_read_it_in_words(kept: Kept, tmp_path: Path) -> None:
    known, corrected, log = files(tmp_path)

    answer = kept("sop", "corrections", known, corrected, "--log", log)
    assert "as known:     missed, due 2025-06-02T11:00:00Z" in answer.out
    assert "1 ticket: 1 due moved, 1 judged otherwise" in answer.out
    same = kept("sop", "corrections", known, known, "--log", log)
    assert "0 dues moved, 0 judged otherwise" in same.out


def test_a_fact_that_names_another_ticket_stays_with_its_own() -> None:
    policy = desk("")
    fact = Absorbed(at=0, ticket="9")
    line = line_of({"desk": "d", "ticket": 7, "seq": 2}, fact_to_wire(policy, fact))
    assert (line["ticket"], line["other_ticket"]) == (7, "9")
    assert fact_of_line(policy, line) == fact
