"""`kept sop diff`: what a new version means differently."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.runs import SHOP, Kept

MORE = """
Refunds over $100 need a lead. {#pay}
```yaml rule
approval: refund
when: amount > 100.00
by: [lead, manager]
distinct_from: [requester]
expires: 7d
```
The customer hears from us every 4 hours. {#updates}
```yaml rule
window: update
start: agent_public
act: agent_public
every: 4 hours
until: resolved
pause: [waiting_on_customer]
```
Nothing is closed unconfirmed. {#agree}
```yaml rule
gate: closed
needs: confirmed
enforce: require
say: Ask first.
```
More than 90% are satisfied. {#csat}
```yaml rule
measure: satisfaction
of: share(score >= 4)
target: "> 90%"
```
Unsolved, a ticket goes up after 2 hours. {#up}
```yaml rule
reaction: up
start: created
after: 2 hours
unless: resolved
do: [{notify: [lead]}]
```
"""
OLD = SHOP + MORE.replace("expires: 7d", "")


def differ(kept: Kept, tmp_path: Path, new: str, old: str = OLD) -> dict[str, Any]:
    before, after = tmp_path / "old.md", tmp_path / "new.md"
    before.write_text(old)
    after.write_text(new)
    answer = kept("sop", "diff", before, after, "--json")
    assert answer.code == 0, answer.err
    return {one["clause"]: one for one in answer.json["clauses"]}


@pytest.mark.parametrize(
    ("was", "becomes", "verdict"),
    [
        ("15 minutes", "10 minutes", "tighter"),
        ("15 minutes", "20 minutes", "looser"),
        ("within: $text", "under: $text", "tighter"),
        (
            "start: created\nstop: agent_public",
            "start: created\nstop: agent_public\nby: any",
            "looser",
        ),
        ("stop: agent_public", "stop: [agent_public, agent_note]", "looser"),
        ('severity == "P1"', 'severity in ["P1", "P2"]', "tighter"),
        ('severity == "P1"', 'severity == "P1" && tier == "gold"', "looser"),
        ('severity == "P1"', 'severity == "P2"', "changed"),
        ("amount > 100.00", "amount >= 100.00", "tighter"),
        ("by: [lead, manager]", "by: [lead]", "tighter"),
        ("distinct_from: [requester]", "distinct_from: [requester, owner]", "tighter"),
        ("every 4 hours. {#updates}", "every 2 hours. {#updates}", "tighter"),
        ("pause: [waiting_on_customer]", "pause: none", "tighter"),
        ("enforce: require", "enforce: block", "tighter"),
        ("needs: confirmed", "needs: confirmed || resolved", "looser"),
        ("90%", "95%", "tighter"),
        ("90%", "80%", "looser"),
        ("after 2 hours", "after 1 hour", "tighter"),
        ("unless: resolved", "unless: resolved || confirmed", "looser"),
        ("do: [{notify: [lead]}]", "do: [{notify: [lead]}, {flag: late}]", "tighter"),
        ("within 15 minutes", "within 15 minutes and no more", "text only"),
        ('severity == "P1"', "'!(severity == \"P2\")'", None),
        ("within: $text", "within: 15m", None),
    ],
)
def test_a_change_is_told_by_what_it_means(
    kept: Kept, tmp_path: Path, was: str, becomes: str, verdict: str | None
) -> None:
    assert was in OLD
    new = OLD.replace(was, becomes)
    if "every 2 hours" in becomes:
        new = new.replace("every: 4 hours", "every: 2 hours")
    if becomes == "after 1 hour":
        new = new.replace("after: 2 hours", "after: 1 hour")
    if becomes.endswith("%"):
        new = new.replace(was, becomes)
    found = differ(kept, tmp_path, new)
    assert [one["verdict"] for one in found.values()] == ([verdict] if verdict else [])


def test_a_condition_that_changed_names_a_ticket_that_fares_differently(
    kept: Kept, tmp_path: Path
) -> None:
    found = differ(kept, tmp_path, OLD.replace("amount > 100.00", "amount > 150.00")
                   .replace("$100", "$150"))  # fmt: skip
    change = found["shop.P1.pay"]["changes"][0]
    assert change["weight"] == "looser" and change["sample"] == "amount 100.01"


def test_clauses_come_and_go(kept: Kept, tmp_path: Path) -> None:
    gone = OLD[: OLD.index("Nothing is closed")] + OLD[OLD.index("More than 90%") :]
    found = differ(kept, tmp_path, gone)
    assert {name: one["verdict"] for name, one in found.items()} == {"shop.P1.agree": "removed"}
    back = differ(kept, tmp_path, OLD, old=gone)
    assert {name: one["verdict"] for name, one in back.items()} == {"shop.P1.agree": "added"}
    assert back["shop.P1.agree"]["changes"][0]["weight"] == "tighter"


def test_a_version_is_no_different_from_itself(kept: Kept, tmp_path: Path) -> None:
    assert differ(kept, tmp_path, OLD) == {}
    again = kept("sop", "diff", tmp_path / "old.md", tmp_path / "new.md")
    assert again.out == "no difference in meaning\n"


def test_the_difference_reads_as_sentences(kept: Kept, tmp_path: Path) -> None:
    differ(kept, tmp_path, OLD.replace("15 minutes", "10 minutes"))
    answer = kept("sop", "diff", tmp_path / "old.md", tmp_path / "new.md")
    assert "tighter shop.P1.resp" in answer.out
    assert "clock:first_response target: 15 minutes -> 10 minutes (for severity P1)" in answer.out
    assert answer.out.endswith("\n1 clause differs\n")


def test_shares_and_amounts_are_told_as_people_write_them(
    kept: Kept, shop: Path, tmp_path: Path
) -> None:
    roles = "```yaml role\nroles: [{id: lead, name: Lead, limit: 500.00}]\n```\n## Critical"
    shop.write_text(
        shop.read_text().replace("## Critical", roles).replace("$text", "$text\nwarn: [50%]")
    )
    new = tmp_path / "new.md"
    new.write_text(shop.read_text().replace("[50%]", "[50%, 80%]").replace("500.00", "900.50"))
    told = kept("sop", "diff", shop, new).out
    assert "warn: 50% -> 50%, 80%" in told
    assert "limit 500.00 -> id lead, name Lead, limit 900.50" in told
