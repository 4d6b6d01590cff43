"""The handbook of complaints, tickets and the CRM: carried, equal to its seed, and at work."""

import pytest

from kept.policy.rules import ClockRule, Target, TargetUnit
from tests.sops import handbook

SOP, CLAUSES = "crm", 26
HOURS = 3_600_000_000


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
    assert handbook.unnoticed(SOP) == set()


def _target(clause: str) -> Target:
    clock = next(
        rule for rule in handbook.policy(SOP).rules
        if isinstance(rule, ClockRule) and rule.because.clause == f"crm.C.4.{clause}"
    )  # fmt: skip
    assert clock.target is not None
    assert clock.stop == ("resolved",)
    return clock.target


@pytest.mark.parametrize(("clause", "hours"), [("crit", 24), ("high", 48), ("med", 72)])
def test_three_classes_are_solved_in_hours_of_the_wall(clause: str, hours: int) -> None:
    assert (_target(clause).unit, _target(clause).amount) == (TargetUnit.TIME, hours * HOURS)


def test_the_lowest_class_is_solved_in_working_days() -> None:
    assert (_target("low").unit, _target("low").amount) == (TargetUnit.WORKING_DAYS, 5)
