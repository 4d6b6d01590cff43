"""The basic handbook: a draft until its open figures are filled in, and sound once they are."""

import pytest

from kept.policy import compile_sop
from kept.policy.rules import ClockRule
from tests.sops import handbook

SOP, CLAUSES = "basic", 26
OPEN = {"response_hours", "escalate_after", "resolution_hours", "last_updated"}
FILLED_IN = {
    "response_hours": "4", "escalate_after": "8h", "resolution_hours": "72",
    "last_updated": "2025-01-02",
}  # fmt: skip


def test_no_clause_of_the_list_is_lost() -> None:
    assert len(handbook.rows(SOP)) == CLAUSES
    carried = handbook.policy(SOP).clauses
    assert [row.clause for row in handbook.rows(SOP) if row.clause not in carried] == []


def test_each_clause_is_enforced_as_it_should_be() -> None:
    assert handbook.uncarried(SOP) == []


def test_the_facts_are_those_of_the_seed() -> None:
    assert handbook.unlike(SOP) == []


def test_the_open_figures_stay_open() -> None:
    policy = handbook.policy(SOP)
    assert set(policy.unset) == OPEN
    assert all(policy.parameters[name].value is None for name in OPEN)


def test_once_filled_in_it_is_no_draft() -> None:
    compiled = compile_sop(handbook.text(SOP), name="basic.md", parameters=FILLED_IN)
    assert compiled.policy is not None
    assert compiled.policy.unset == ()


@pytest.mark.parametrize("name", handbook.examples(SOP))
def test_an_example_of_the_handbook_holds(name: str) -> None:
    assert handbook.failures(SOP, name) == []


def test_each_measure_can_be_computed() -> None:
    assert handbook.measures(SOP)


def test_every_rule_is_shown_at_work() -> None:
    assert handbook.never_shown(SOP) == []


def test_a_change_of_any_rule_is_noticed_by_an_example() -> None:
    """The receipt leaves in the same turn as the message comes in: its minute never runs."""
    assert handbook.unnoticed(SOP) == {"basic.1.a clock:receipt"}


@pytest.mark.parametrize(
    ("clause", "minutes"), [("crit", 15), ("high", 120), ("med", 1440), ("low", 2880)]
)
def test_each_row_of_the_table_has_its_time_and_beats_the_standard(
    clause: str, minutes: int
) -> None:
    clock = next(
        rule for rule in handbook.policy(SOP).rules
        if isinstance(rule, ClockRule) and rule.because.clause == f"basic.E.{clause}"
    )  # fmt: skip
    assert clock.target is not None
    assert clock.target.amount == minutes * 60_000_000
    assert not clock.strict
    assert "basic.2.sla" in clock.exception_to
