"""The escalation handbook: every clause carried, every figure the seed's, every example kept."""

from datetime import UTC, datetime

import pytest

from kept.policy import replay
from kept.policy.formulas import read_formula
from kept.policy.rules import ClockRule, MeasureRule, ReactionRule, WindowRule
from kept.policy.state import TicketState
from kept.policy.wire import facts_from_wire, instant_from_wire, instant_to_wire
from kept.policy.words import HOUR, MINUTE
from tests.sops import handbook

SOP, CLAUSES = "esc", 100


def lived(*events: dict[str, str], until: str) -> TicketState:
    """Return the ticket after these events."""
    policy = handbook.policy(SOP)
    facts = facts_from_wire(policy, events)
    return replay(policy, facts, until=instant_from_wire(policy, until)).state


def clock_of(clause: str) -> ClockRule:
    rules = handbook.policy(SOP).rules
    return next(
        rule for rule in rules if isinstance(rule, ClockRule) and rule.because.clause == clause
    )


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


def test_every_measure_can_be_read() -> None:
    policy = handbook.policy(SOP)
    for rule in policy.rules:
        if isinstance(rule, MeasureRule):
            read_formula(policy, rule.of)


def test_every_rule_is_shown_at_work() -> None:
    assert handbook.never_shown(SOP) == []


def test_a_change_of_any_rule_is_noticed_by_an_example() -> None:
    """Five rules survive: a receipt that leaves in the same turn has no end to be late at, the top
    of the ladder has no second rung, and a team is given again by the level it belongs to."""
    assert handbook.unnoticed(SOP) == {
        "esc.C.c1 clock:receipt",
        "esc.C.i4 clock:escalation_decided",
        "esc.L1.1 clock:acknowledge_l1",
        "esc.L3.4 reaction:beyond_level_3",
        "esc.S4.2 reaction:team_of_level_2",
    }


@pytest.mark.parametrize(
    ("clause", "minutes", "counts"),
    [
        ("P1.resp", 15, "human"), ("P2.resp", 60, "human"),
        ("P3.resp", 240, "human"), ("P4.resp", 1440, "human"),
        ("P2.esc", 120, "any"), ("P3.esc", 1440, "any"),
        ("L1.resp", 1440, "human"), ("L2.resp", 240, "human"),
        ("L3.resp", 120, "human"), ("L4.resp", 60, "human"),
        ("L1.1", 120, "any"), ("L2.1", 60, "level"), ("L3.1", 5, "level"),
        ("C.c1", 1, "any"), ("P1.comm", 5, "level"),
    ],
)  # fmt: skip
def test_each_clock_has_its_time_day_and_night(clause: str, minutes: int, counts: str) -> None:
    clock = clock_of(f"esc.{clause}")
    assert clock.target is not None
    assert clock.target.amount == minutes * MINUTE
    assert not clock.strict
    assert clock.calendar == "24x7"
    assert clock.by.kind == counts


def test_updates_run_day_and_night_only_for_what_is_urgent() -> None:
    windows = [rule for rule in handbook.policy(SOP).rules if isinstance(rule, WindowRule)]
    assert [window.calendar for window in windows] == ["24x7", "desk"]
    assert {window.every.amount for window in windows if window.every} == {4 * HOUR}
    assert {window.pause for window in windows} == {("waiting_on_customer",)}


def test_a_medium_ticket_of_monday_nine_owes_four_things_and_moves_on_tuesday() -> None:
    state = lived(
        {"at": "2025-12-01T09:00:00Z", "event": "created", "severity": "P3"},
        {"at": "2025-12-01T12:00:00Z", "event": "agent_public", "by": "agent"},
        until="2025-12-02T09:00:00Z",
    )
    owed = {one.because.clause: one for one in state.commitments.values()}
    dues = {
        "esc.L1.1": "2025-12-01T11:00:00Z",
        "esc.P3.resp": "2025-12-01T13:00:00Z",
        "esc.L1.resp": "2025-12-02T09:00:00Z",
        "esc.P3.esc": "2025-12-02T09:00:00Z",
    }
    for clause, due in dues.items():
        due_at = owed[clause].due_at
        assert due_at is not None
        assert (instant_to_wire(due_at), owed[clause].verdict.value) == (due, "kept"), clause
    assert state.facts["level"] == "L2"


def test_the_move_stands_before_the_clock_it_serves() -> None:
    rules = handbook.policy(SOP).rules
    for clause in ("esc.P2.esc", "esc.P3.esc"):
        move = next(
            rule for rule in rules
            if isinstance(rule, ReactionRule) and rule.because.clause == clause
        )  # fmt: skip
        assert move.order < clock_of(clause).order


def test_no_rule_moves_a_low_ticket_by_time_alone() -> None:
    state = lived(
        {"at": "2025-12-01T09:00:00Z", "event": "created", "severity": "P4"},
        {"at": "2025-12-01T10:00:00Z", "event": "agent_public"},
        until="2026-03-01T00:00:00Z",
    )
    assert state.facts["level"] == "L1"


@pytest.mark.parametrize("word", ["outage", "down", "broken"])
@pytest.mark.parametrize(
    ("written", "moves"),
    [("{}!", True), ("Is it {}?", True), ("un{}s", False), ("{}load", False), ("> {}", False)],
)
def test_words_of_alarm_are_whole_words(word: str, written: str, moves: bool) -> None:
    at = datetime(2025, 6, 2, 10, tzinfo=UTC).isoformat()
    text = written.format(word)
    state = lived(
        {"at": at, "event": "created", "severity": "P4", "text": text}, until="2025-06-02T10:30Z"
    )
    assert state.facts["level"] == ("L2" if moves else "L1")


def test_nothing_automatic_ever_lowers_a_level() -> None:
    types = ["password", "api", "outage", "vulnerability", "feature_request"]
    state = lived(
        {"at": "2025-06-02T10:00", "event": "created", "severity": "P1"},
        *({"at": f"2025-06-02T10:0{n + 1}", "event": "triaged", "severity": "P4", "type": each}
          for n, each in enumerate(types)),
        until="2025-06-02T10:30",
    )  # fmt: skip
    assert state.facts["level"] == "L4"
