"""The retail handbook: every clause carried, every figure the seed's, every example kept."""

import pytest

from kept.policy import replay
from kept.policy.formulas import read_formula
from kept.policy.rules import (
    ApprovalRule,
    ClockRule,
    EntitlementRule,
    MeasureRule,
    OnChange,
    TargetUnit,
    WindowRule,
)
from kept.policy.sop.show import show
from kept.policy.wire import facts_from_wire
from kept.policy.words import DAY, HOUR, MINUTE, SECOND
from tests.sops import handbook

SOP, CLAUSES = "retail", 96


def clock_of(clause: str, name: str = "") -> ClockRule:
    rules = handbook.policy(SOP).rules
    return next(
        rule for rule in rules
        if isinstance(rule, ClockRule) and rule.because.clause == clause and name in rule.name
    )  # fmt: skip


def test_no_clause_of_the_list_is_lost() -> None:
    assert len(handbook.rows(SOP)) == CLAUSES
    carried = handbook.policy(SOP).clauses
    assert [row.clause for row in handbook.rows(SOP) if row.clause not in carried] == []


def test_each_clause_is_enforced_as_it_should_be() -> None:
    assert handbook.uncarried(SOP) == []


def test_the_facts_are_those_of_the_seed() -> None:
    assert handbook.unlike(SOP) == []


def test_our_mark_of_urgency_is_not_told_as_the_seeds() -> None:
    assert show(handbook.policy(SOP))["severities"] == []
    assert len(handbook.policy(SOP).severities) == 2


def test_nothing_is_left_open() -> None:
    assert handbook.policy(SOP).unset == ()


@pytest.mark.parametrize("name", handbook.examples(SOP))
def test_an_example_of_the_handbook_holds(name: str) -> None:
    assert handbook.failures(SOP, name) == []


def test_every_measure_can_be_read() -> None:
    policy = handbook.policy(SOP)
    for rule in policy.rules:
        if isinstance(rule, MeasureRule):
            read_formula(policy, rule.of)


def test_every_rule_is_shown_at_work() -> None:
    assert handbook.never_shown(SOP) == []


def test_a_change_of_any_rule_is_noticed_by_an_example() -> None:
    assert handbook.unnoticed(SOP) == set()


@pytest.mark.parametrize(
    ("clause", "time", "calendar", "counts"),
    [
        ("1.2.a", 20 * SECOND, "24x7", "human"),
        ("1.2.b", 2 * HOUR, "desk", "human"),
        ("1.2.c", 30 * SECOND, "24x7", "human"),
        ("1.2.d", HOUR, "desk", "human"),
        ("1.2.e", 15 * MINUTE, "24x7", "level"),
        ("3.3.d", 24 * HOUR, "24x7", "human"),
        ("8.1.e", HOUR, "24x7", "human"),
    ],
)
def test_each_clock_has_its_time_and_its_hours(
    clause: str, time: int, calendar: str, counts: str
) -> None:
    clock = clock_of(f"retail.{clause}")
    assert clock.target is not None
    assert (clock.target.amount, clock.target.unit) == (time, TargetUnit.TIME)
    assert (clock.calendar, clock.by.kind, clock.strict) == (calendar, counts, False)


@pytest.mark.parametrize(("clause", "days"), [("2.2.e", 5), ("2.3.d", 7)])
def test_of_a_range_of_days_the_longer_one_is_owed(clause: str, days: int) -> None:
    target = clock_of(f"retail.{clause}").target
    assert target is not None
    assert (target.amount, target.unit) == (days, TargetUnit.WORKING_DAYS)


def test_what_the_warranty_and_the_returns_give() -> None:
    given = {
        rule.because.clause: rule
        for rule in handbook.policy(SOP).rules
        if isinstance(rule, EntitlementRule)
    }
    lasting = {
        clause: (rule.lasts.amount, rule.lasts.unit)
        for clause, rule in given.items()
        if rule.lasts is not None
    }
    assert lasting["retail.2.1.a"] == (1, TargetUnit.YEARS)
    assert lasting["retail.2.1.b"] == (3, TargetUnit.YEARS)
    assert lasting["retail.2.1.e"] == (90 * DAY, TargetUnit.TIME)
    assert lasting["retail.2.3.a"] == (30 * DAY, TargetUnit.TIME)
    assert given["retail.2.3.c"].fee_permille == 150
    assert given["retail.2.1.e"].exception_to == ("retail.2.1.a",)


@pytest.mark.parametrize(
    ("opened", "electronics", "cause", "charged"),
    [
        ("true", "true", "changed_mind", True),
        ("false", "true", "changed_mind", False),
        ("true", "false", "changed_mind", False),
        ("true", "true", "defect", False),
        ("true", "true", "hardware", False),
    ],
)
def test_the_restocking_fee_is_waived_for_what_is_defective(
    opened: str, electronics: str, cause: str, charged: bool
) -> None:
    policy = handbook.policy(SOP)
    fee = next(
        rule for rule in policy.rules
        if isinstance(rule, EntitlementRule) and rule.fee_permille
    )  # fmt: skip
    told = {"opened": opened, "electronics": electronics, "cause": cause}
    facts = facts_from_wire(policy, [{"at": "2025-06-02T10:00", "event": "created", **told}])
    assert fee.fee_when is not None
    assert (fee.fee_when.test(replay(policy, facts).state.facts) is True) is charged


@pytest.mark.parametrize(
    ("cause", "payer"),
    [("defect", "us"), ("hardware", "us"), ("changed_mind", "customer"), ("accident", "customer")],
)
def test_the_cause_decides_who_pays_the_way_back(cause: str, payer: str) -> None:
    policy = handbook.policy(SOP)
    event = {"at": "2025-06-02T10:00", "event": "created", "cause": cause}
    state = replay(policy, facts_from_wire(policy, [event])).state
    assert state.facts["return_shipping"] == payer


def test_compensation_is_summed_split_and_lapses() -> None:
    rule = next(
        rule for rule in handbook.policy(SOP).rules
        if isinstance(rule, ApprovalRule) and rule.name == "compensation"
    )  # fmt: skip
    assert rule.distinct_from == ("requester", "owner", "payee")
    assert rule.sum_over == (("ticket", "always"), ("customer", "30d"))
    assert rule.expires is not None
    assert rule.expires.amount == 7 * DAY


def test_a_new_version_counts_running_clocks_anew() -> None:
    rules = handbook.policy(SOP).rules
    running = [rule for rule in rules if isinstance(rule, ClockRule | WindowRule)]
    assert {rule.on_change for rule in running} == {OnChange.REBASE}


def test_the_front_line_stands_below_the_first_level() -> None:
    assert [level.id for level in handbook.policy(SOP).levels] == ["L0", "L1", "L2", "L3", "L4"]
    told = show(handbook.policy(SOP))["levels"]
    assert told[0]["name"] == "Senior Support Agent"
