"""The care handbook: every clause carried, every figure the seed's, every example kept."""

import pytest

from kept.policy.rules import ClockRule
from tests.sops import handbook

SOP, CLAUSES = "care", 35


def test_no_clause_of_the_list_is_lost() -> None:
    assert len(handbook.rows(SOP)) == CLAUSES
    carried = handbook.policy(SOP).clauses
    assert [row.clause for row in handbook.rows(SOP) if row.clause not in carried] == []


def test_each_clause_is_enforced_as_it_should_be() -> None:
    assert handbook.uncarried(SOP) == []


def test_the_facts_are_those_of_the_seed() -> None:
    assert handbook.unlike(SOP) == []


def test_nothing_is_left_open() -> None:
    assert handbook.policy(SOP).unset == ()


@pytest.mark.parametrize("name", handbook.examples(SOP))
def test_an_example_of_the_handbook_holds(name: str) -> None:
    assert handbook.failures(SOP, name) == []


def test_each_measure_can_be_computed() -> None:
    assert handbook.measures(SOP)


def test_every_rule_is_shown_at_work() -> None:
    assert handbook.never_shown(SOP) == []


def test_a_change_of_any_rule_is_noticed_by_an_example() -> None:
    """The receipt leaves in the same turn as the message comes in: its minute never runs."""
    assert handbook.unnoticed(SOP) == {"care.3.P45.1 clock:receipt"}


@pytest.mark.parametrize(
    ("clause", "minutes"),
    [("P1", 5), ("P2", 30), ("P3", 240), ("P4", 1440), ("P5", 2880)],
)
def test_each_urgency_is_answered_strictly_under_its_time_day_and_night(
    clause: str, minutes: int
) -> None:
    rules = handbook.policy(SOP).rules
    clock = next(
        rule for rule in rules
        if isinstance(rule, ClockRule) and rule.because.clause == f"care.2.{clause}"
    )  # fmt: skip
    assert clock.target is not None
    assert clock.target.amount == minutes * 60_000_000
    assert clock.strict
    assert clock.calendar == "24x7"
    assert clock.by.kind == "human"
