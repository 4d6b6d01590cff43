"""Events as JSON: read, written back, traced."""

import json
from typing import Any

import msgspec
import pytest

from kept.policy import NotAFact, start, step
from kept.policy.facts import CustomerReplied, StepDone, TicketCreated
from kept.policy.wire import (
    fact_from_wire,
    fact_to_wire,
    for_journal,
    instant_to_wire,
    money_from_wire,
    trace_to_wire,
)
from tests.policy.desk import clause, desk, run

POLICY = desk(
    clause(
        "Within 1 hour.", "resp", "clock: resp\nstart: created\nstop: agent_public\nwithin: $text"
    )
    + clause("It is checked.", "check", "step: check\nafter: triaged")
    + clause(
        "Alarm.",
        "alarm",
        'reaction: a\non: [created]\nwhen: text has ["outage", "not working"]\ndo: [{flag: x}]',
    ),
    zone="Europe/London",
)
EVENTS: tuple[dict[str, Any], ...] = (
    {
        "at": "2025-06-02T10:00",
        "event": "created",
        "severity": "P2",
        "impact": "high",
        "text": "x",
    },
    {
        "at": "2025-06-02T10:00:00.000001Z",
        "event": "customer_message",
        "text": "hello",
        "channel": "email",
    },
    {
        "at": "2025-06-02T10:00+05:30",
        "event": "promised",
        "what": "reply",
        "by": "2025-06-02T12:00",
    },
    {"at": "2025-06-02T10:00", "event": "paid", "amount": "1,234.5", "by": "lead"},
    {"at": "2025-06-02T10:00", "event": "survey_answered", "score": 4.5},
    {
        "at": "2025-06-02T10:00",
        "event": "absorbed",
        "ticket": "7",
        "dues": {"resp": "2025-06-02T11:00"},
    },
    {
        "at": "2025-06-02T10:00",
        "event": "approval_asked",
        "kind": "k",
        "amount": 5,
        "spent_before": {"30d": "2.50"},
    },
    {
        "at": "2025-06-02T10:00",
        "event": "waived",
        "commitment": "c",
        "reason": "r",
        "by": "amira",
        "second": "bo",
    },
    {
        "at": "2025-06-02T10:00",
        "event": "triaged",
        "fields": {"urgency": "low"},
        "override": "r1",
        "id": "f",
    },
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["event"])
def test_what_is_read_is_written_back_and_read_again(event: dict[str, Any]) -> None:
    fact = fact_from_wire(POLICY, event)
    written = json.loads(json.dumps(fact_to_wire(POLICY, fact)))
    assert fact_from_wire(POLICY, written) == fact


def test_a_wall_time_is_local_to_the_sop() -> None:
    assert instant_to_wire(fact_from_wire(POLICY, EVENTS[0]).at) == "2025-06-02T09:00:00Z"
    assert instant_to_wire(fact_from_wire(POLICY, EVENTS[1]).at) == "2025-06-02T10:00:00.000001Z"


def test_who_acted_is_a_role_a_level_or_a_person() -> None:
    def by(**keys: Any) -> tuple[Any, ...]:
        actor = fact_from_wire(POLICY, {"at": "2025-06-02T10:00", "event": "accepted", **keys}).by
        return actor.id, actor.roles, actor.level, actor.kind.value

    assert by() == ("", (), None, "human")
    assert by(by="lead") == ("lead", ("lead",), "L2", "human")
    assert by(by="amira", role="agent", level="L1") == ("amira", ("agent",), "L1", "human")
    assert by(by="system")[3] == "system"


def test_a_step_of_the_sop_is_an_event_by_its_name() -> None:
    fact = fact_from_wire(POLICY, {"at": "2025-06-02T10:00", "event": "check"})
    assert isinstance(fact, StepDone) and fact.step == "check"


@pytest.mark.parametrize(
    "event",
    [
        {"at": "2025-06-02T10:00", "event": "danced"},
        {"event": "created"},
        {"at": "yesterday", "event": "created"},
        {"at": "2025-06-02T10:00", "event": "paid", "amount": "much"},
        {"at": "2025-06-02T10:00", "event": "escalated"},
        {"at": "2025-06-02T10:00", "event": "promised", "what": "reply"},
    ],
)
def test_what_is_no_fact_says_so(event: dict[str, Any]) -> None:
    with pytest.raises(NotAFact):
        fact_from_wire(POLICY, event)


@pytest.mark.parametrize(("written", "cents"), [("100", 10000), ("$1,200.005", 120001), (0.1, 10)])
def test_money_is_whole_cents(written: object, cents: int) -> None:
    assert money_from_wire(written) == cents


def test_the_journal_keeps_phrases_and_never_the_text() -> None:
    fact = CustomerReplied(at=1, text="It is NOT  working, dear Dana")
    kept = for_journal(POLICY, fact)
    assert isinstance(kept, CustomerReplied)
    assert (kept.text, kept.phrases) == ("", ("not working",))
    assert for_journal(POLICY, kept) is kept
    assert b"Dana" not in msgspec.json.encode(kept)


def test_a_replay_of_the_journal_decides_as_the_text_did() -> None:
    fact = TicketCreated(at=1, text="An outage")
    live = step(POLICY, start(), fact)
    again = step(POLICY, start(), for_journal(POLICY, fact))
    assert live.state == again.state and live.decisions == again.decisions


def test_a_trace_has_the_form_that_others_read() -> None:
    outcome = run(
        POLICY,
        ("2025-06-02T10:00", "created", {"severity": "P2"}),
        ("2025-06-02T10:05", "waiting_on", {"who": "customer"}),
        ("2025-06-02T11:30", "agent_public"),
    )
    trace = json.loads(json.dumps(trace_to_wire(outcome.state, outcome.decisions)))
    assert trace["commitments"] == [
        {
            "clause": "d.resp",
            "name": "resp",
            "started_at": "2025-06-02T09:00:00Z",
            "due_at": "2025-06-02T10:00:00Z",
            "verdict": "missed",
            "reason": "",
            "settled_at": "2025-06-02T10:30:00Z",
            "late_open_s": 1800,
            "late_wall_s": 1800,
        }
    ]
    assert [each["kind"] for each in trace["decisions"]] == ["start", "miss", "settle"]
    assert all({"at", "kind", "clause", "line"} <= set(each) for each in trace["decisions"])
    assert [each["rule"] for each in trace["refusals"]] == ["R6"]
    assert trace["state"]["severity"] == "P2" and trace["state"]["status"] == "open"
