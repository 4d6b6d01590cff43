"""`kept sop test`: the examples of an SOP, and the changes they notice."""

from pathlib import Path

import pytest

from tests.cli.runs import SHOP, Kept

ROOT = Path(__file__).resolve().parents[2]


def test_examples_that_hold_pass(kept: Kept, shop: Path) -> None:
    answer = kept("sop", "test", shop)
    assert answer.code == 0
    assert answer.out == f"{shop}: 3 passed, 0 failures, 0 rules untouched\n"


def test_an_example_that_does_not_hold_says_what_it_found(kept: Kept, shop: Path) -> None:
    shop.write_text(SHOP.replace("late: 1s", "late: 2s").replace("{resp: kept}", "{resp: missed}"))
    answer = kept("sop", "test", shop)
    assert answer.code == 1
    assert "FAILED shop.P1.resp: a reply on the dot is kept" in answer.out
    assert "resp: expected verdict missed, found kept" in answer.out
    assert "resp: expected late 2s, found 1s open, 1s wall" in answer.out
    told = kept("sop", "test", shop, "--json").json
    assert (told["ok"], told["tests"], told["failed"]) == (False, 3, 2)
    assert (
        told["results"][0]["line"]
        == shop.read_text().splitlines().index("- name: a reply on the dot is kept") + 1
    )


EXPECTATIONS = """
The lead hears of it, gets a page and a letter goes out. {#all}
```yaml rule
reaction: alarm
on: [note_flag]
do: [{notify: [lead]}, {page: manager}, {flag: seen}, {escalate: L2}, {send: receipt}]
```
```yaml level
levels: [{id: L1, name: First}, {id: L2, name: Second}]
```
```yaml template
{id: receipt, subject: Seen, body: We have seen it.}
```
```yaml rule
step: look
after: [note_flag]
before: closed
```
```yaml test
- name: everything
  given:
    - {at: "2025-06-02T10:00", event: created, severity: P2}
    - {at: "2025-06-02T10:01", event: note_flag, flag: hot}
    - {at: "2025-06-02T10:02", event: closed}
  expect:
    WHAT
```
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("notified: [lead]", "notified: [agent]"),
        ("paged: manager", "paged: lead"),
        ("sent: [receipt]", "sent: []"),
        ("flags: [seen]", "flags: [unseen]"),
        ("level: L2", "level: L1"),
        ("severity: P2", "severity: P1"),
        ("status: new", "status: closed"),
        ("open_steps: [look]", "open_steps: []"),
        ("refused: shop.P1.all", "refused: []"),
        ("refused: all", "refused: shop.P1.resp"),
        ("look: pending", "look: kept"),
        (
            'look: {verdict: pending, started: "2025-06-02T10:01"}',
            'look: {started: "2025-06-02T10:00"}',
        ),
        ("resp: not activated", "resp: kept"),
    ],
)
def test_everything_that_can_be_expected_is_compared(
    kept: Kept, shop: Path, right: str, wrong: str
) -> None:
    shop.write_text(
        SHOP + EXPECTATIONS.replace("WHAT", right).replace("status: new", "status: open")
    )
    assert kept("sop", "test", shop).code == 0, kept("sop", "test", shop).out
    shop.write_text(SHOP + EXPECTATIONS.replace("WHAT", wrong))
    assert kept("sop", "test", shop).code == 1


def test_an_example_may_set_parameters_and_run_on(kept: Kept, shop: Path) -> None:
    text = SHOP.replace("within 15 minutes", "in the agreed time").replace("$text", "$quick")
    text = text.replace(
        "zone: Europe/London", "zone: Europe/London\nparameters: {quick: {unit: minutes}}"
    )
    examples = text.index("```yaml test")
    shop.write_text(
        text[:examples]
        + """```yaml test
- name: half an hour
  parameters: {quick: 30}
  given: [{at: "2025-06-02T10:00", event: created, severity: P1}]
  until: "2025-06-02T10:31"
  expect: {resp: {verdict: missed, due: "2025-06-02T10:30"}}
```
"""
    )
    answer = kept("sop", "test", shop)
    assert answer.code == 0, answer.out


def test_windows_are_told_by_the_last_that_ended_or_one_by_one(kept: Kept, shop: Path) -> None:
    shop.write_text(
        SHOP
        + """
The customer hears from us every 4 hours. {#updates}
```yaml rule
window: update
start: agent_public
act: agent_public
every: $text
until: resolved
```
```yaml test
- name: one kept, one missed
  given:
    - {at: "2025-06-02T10:00", event: created, severity: P2}
    - {at: "2025-06-02T10:10", event: agent_public}
    - {at: "2025-06-02T14:00", event: agent_public}
  until: "2025-06-02T18:01"
  expect: {updates: missed, update: [kept, missed, pending]}
```
"""
    )
    answer = kept("sop", "test", shop)
    assert answer.code == 0, answer.out


def test_every_change_that_matters_is_noticed_by_good_examples(kept: Kept, shop: Path) -> None:
    told = kept("sop", "test", shop, "--mutate", "--json").json["mutants"]
    left = {(one["what"], one["before"], one["after"]) for one in told["survivors"]}
    assert left == {("role", "by human", "by any")}
    assert told["killed"] == told["total"] - 1 == 5


def test_a_change_that_no_example_notices_survives_with_its_line(kept: Kept, shop: Path) -> None:
    cut = SHOP.index("- name: a second later")
    shop.write_text(SHOP[:cut] + "```\n")
    answer = kept("sop", "test", shop, "--mutate")
    assert answer.code == 0
    assert f"{shop}:19 survives shop.P1.resp clock:first_response: figure 15 minutes -> twice" in (
        answer.out
    )
    assert "changes noticed (" in answer.out


@pytest.mark.parametrize("sop", ["care", "basic", "retail", "crm", "esc"])
def test_the_examples_of_our_sops_hold(kept: Kept, sop: str) -> None:
    answer = kept("sop", "test", ROOT / "sops" / f"{sop}.md")
    assert answer.code == 0, answer.out
