"""Gates, approvals, reactions, steps, promises and tables: what the desk does by itself."""

from kept.policy.decisions import (
    AskApproval,
    Assign,
    CloseTicket,
    Escalate,
    Notify,
    OpenStep,
    Overrule,
    RaiseFlag,
    Send,
    SetField,
    SetSeverity,
    SettleApproval,
)
from kept.policy.words import Enforce, Status
from tests.policy.desk import AMIRA, BO, CHEN, clause, desk, due, owed, run, verdict

DAY = "2025-06-02T"
OPEN = (f"{DAY}10:00", "created")


def kinds(outcome: object, kind: type) -> list[object]:
    return [each for each in outcome.decisions if isinstance(each, kind)]  # type: ignore[attr-defined]  # an Outcome


# Gates ----------------------------------------------------------------------------------------

GATE = clause(
    "Close only once the customer agreed.",
    "close",
    "gate: closed\nneeds: confirmed\nsay: Ask the customer first.",
)


def test_a_blocked_act_changes_nothing_and_says_what_would_allow_it() -> None:
    refused = run(desk(GATE), OPEN, (f"{DAY}11:00", "closed"))
    assert refused.state.status is Status.NEW
    assert refused.refused is not None
    assert (refused.refused.say, refused.refused.needs) == ("Ask the customer first.", "confirmed")
    assert refused.refused.because.clause == "d.close"
    closed = run(desk(GATE), OPEN, (f"{DAY}11:00", "confirmed"), (f"{DAY}11:01", "closed"))
    assert closed.state.status is Status.CLOSED


def test_a_required_gate_passes_with_a_reason_and_is_counted() -> None:
    policy = desk(GATE.replace("needs:", "enforce: require\nneeds:"))
    assert run(policy, OPEN, (f"{DAY}11:00", "closed")).refused is not None
    passed = run(policy, OPEN, (f"{DAY}11:00", "closed", {"override": "reason-7"}))
    assert passed.state.status is Status.CLOSED
    [noted] = kinds(passed, Overrule)
    assert (noted.enforce, noted.reason) == (Enforce.REQUIRE, "reason-7")  # type: ignore[attr-defined]  # an Overrule


def test_softer_gates_only_note() -> None:
    for enforce in ("warn", "observe"):
        policy = desk(GATE.replace("needs:", f"enforce: {enforce}\nneeds:"))
        passed = run(policy, OPEN, (f"{DAY}11:00", "closed"))
        assert passed.state.status is Status.CLOSED
        assert len(kinds(passed, Overrule)) == 1


def test_a_need_nobody_knows_is_not_met() -> None:
    policy = desk(
        clause(
            "Only low impact is closed at once.", "close", 'gate: closed\nneeds: impact == "low"'
        )
    )
    assert run(policy, OPEN, (f"{DAY}11:00", "closed")).refused is not None
    told = (f"{DAY}10:30", "triaged", {"impact": "low"})
    assert run(policy, OPEN, told, (f"{DAY}11:00", "closed")).refused is None


def test_a_gate_sees_what_the_act_itself_tells() -> None:
    policy = desk(clause("Triage names a topic.", "tag", "gate: triaged\nneeds: known(topic)"))
    assert run(policy, OPEN, (f"{DAY}11:00", "triaged", {"severity": "P1"})).refused is not None
    assert run(policy, OPEN, (f"{DAY}11:00", "triaged", {"topic": "billing"})).refused is None


def test_lowering_a_severity_can_be_gated_and_raising_it_not() -> None:
    policy = desk(
        clause(
            "Lowering needs a lead.",
            "low",
            'gate: severity_changed\nwhen: lowered\nneeds: by_role == "lead"',
        )
    )
    begun = (f"{DAY}10:00", "created", {"severity": "P1"})
    assert run(
        policy, begun, (f"{DAY}11:00", "severity_changed", {"to": "P3", "by": AMIRA})
    ).refused
    assert not run(
        policy, begun, (f"{DAY}11:00", "severity_changed", {"to": "P3", "by": BO})
    ).refused
    low = (f"{DAY}10:00", "created", {"severity": "P3"})
    assert not run(
        policy, low, (f"{DAY}11:00", "severity_changed", {"to": "P1", "by": AMIRA})
    ).refused


# Steps ----------------------------------------------------------------------------------------

STEP = clause(
    "The incident is written up within 2 hours before we resolve.",
    "write",
    'step: write_up\nafter: triaged\nwhen: severity == "P1"\n'
    "role: agent\nwithin: $text\nbefore: resolved",
)


def test_a_step_gates_until_it_is_done() -> None:
    begun = (OPEN, (f"{DAY}10:10", "triaged", {"severity": "P1"}))
    refused = run(desk(STEP), *begun, (f"{DAY}11:00", "resolved"))
    assert refused.refused is not None and refused.refused.needs == "step:write_up"
    [opened] = kinds(refused, OpenStep)
    assert (opened.step, opened.role) == ("write_up", "agent")  # type: ignore[attr-defined]  # an OpenStep
    done = run(
        desk(STEP),
        *begun,
        (f"{DAY}11:00", "step_done", {"step": "write_up"}),
        (f"{DAY}11:01", "resolved"),
    )
    assert verdict(done.state, "write") == "kept"
    assert done.state.status is Status.RESOLVED


def test_a_step_that_is_not_owed_gates_nothing() -> None:
    state = run(
        desk(STEP),
        OPEN,
        (f"{DAY}10:10", "triaged", {"severity": "P3"}),
        (f"{DAY}11:00", "resolved"),
    ).state
    assert state.status is Status.RESOLVED and not state.commitments


def test_a_step_done_late_is_missed_and_done() -> None:
    state = run(
        desk(STEP),
        OPEN,
        (f"{DAY}10:10", "triaged", {"severity": "P1"}),
        (f"{DAY}13:00", "step_done", {"step": "write_up"}),
    ).state
    assert verdict(state, "write") == "missed"
    assert owed(state, "write").late_wall == 50 * 60_000_000
    assert state.facts["steps_done"] == ("write_up",)


def test_an_event_can_itself_be_the_evidence() -> None:
    policy = desk(
        clause("The first answer acknowledges.", "ack", "step: ack\nauto: [agent_public]")
    )
    assert (
        verdict(run(policy, OPEN, (f"{DAY}10:01", "agent_public", {"by": "system"})).state, "ack")
        == "pending"
    )
    assert verdict(run(policy, OPEN, (f"{DAY}10:01", "agent_public")).state, "ack") == "kept"


# Reactions ------------------------------------------------------------------------------------

ALARM = clause(
    "Words of alarm send it up.",
    "alarm",
    "reaction: alarm\non: [created, customer_message]\n"
    'when: text has ["outage"]\n'
    "do: [{escalate: +1}, {flag: alarm}, {send: calm}, {notify: [lead], by: [email]}]",
)


def test_a_reaction_acts_with_its_citation() -> None:
    outcome = run(desk(ALARM), (f"{DAY}10:00", "created", {"text": "An OUTAGE!"}))
    assert {type(each) for each in outcome.decisions} == {Escalate, RaiseFlag, Send, Notify}
    assert {each.because.clause for each in outcome.decisions} == {"d.alarm"}
    assert outcome.state.facts["level"] == "L2"
    assert outcome.state.facts["flags"] == ("alarm",)
    assert not run(desk(ALARM), (f"{DAY}10:00", "created", {"text": "outages"})).decisions


def test_a_step_up_keeps_quiet_until_the_last_one_is_accepted() -> None:
    again = (f"{DAY}10:30", "customer_message", {"text": "outage"})
    begun = (f"{DAY}10:00", "created", {"text": "outage"})
    assert run(desk(ALARM), begun, again).state.facts["level"] == "L2"
    accepted = (f"{DAY}10:20", "accepted", {"by": BO})
    assert run(desk(ALARM), begun, accepted, again).state.facts["level"] == "L3"


def test_at_the_top_something_else_is_done_and_nothing_ever_lowers_a_level() -> None:
    policy = desk(
        clause(
            "A failed attempt sends it up.",
            "up",
            "reaction: up\non: [attempt_failed]\n"
            "do: [{escalate: +1, at_top: [{notify: [manager]}]}]",
        )
        + clause(
            "Triage sends it to L1.", "down", "reaction: down\non: [triaged]\ndo: [{escalate: L1}]"
        )
    )
    top = run(
        policy,
        OPEN,
        (f"{DAY}10:10", "escalated", {"to": "L3"}),
        (f"{DAY}10:20", "attempt_failed"),
        (f"{DAY}10:30", "triaged"),
    )
    assert top.state.facts["level"] == "L3"
    assert [each.who for each in kinds(top, Notify)] == [("manager",)]  # type: ignore[attr-defined]  # Notify


def test_the_same_classification_is_one_cause() -> None:
    policy = desk(
        clause(
            "P1 goes straight up.",
            "p1",
            "reaction: p1\non: [created, triaged, severity_changed]\n"
            'when: severity == "P1"\ndo: [{notify: [lead]}]',
        )
    )
    outcome = run(
        policy,
        (f"{DAY}10:00", "created", {"severity": "P1"}),
        (f"{DAY}10:10", "triaged", {"severity": "P1", "topic": "x"}),
    )
    assert len(kinds(outcome, Notify)) == 1


def test_a_delay_acts_unless_what_it_waited_for_came() -> None:
    policy = desk(
        clause(
            "Unsolved after 48 hours it goes up.",
            "late",
            "reaction: late\nstart: created\nafter: $text\nunless: resolved\ndo: [{escalate: L2}]",
        )
    )
    assert run(policy, OPEN, until="2025-06-04T10:00").state.facts["level"] == "L2"
    solved = (f"{DAY}11:00", "resolved")
    assert run(policy, OPEN, solved, until="2025-06-09T10:00").state.facts["level"] == "L1"
    reopened = run(policy, OPEN, solved, (f"{DAY}13:00", "reopened"), until="2025-06-04T11:59:59")
    assert reopened.state.facts["level"] == "L1"
    assert (
        run(
            policy, OPEN, solved, (f"{DAY}13:00", "reopened"), until="2025-06-04T12:00"
        ).state.facts["level"]
        == "L2"
    )


def test_an_unconfirmed_ticket_is_reminded_and_then_closed_as_such() -> None:
    policy = desk(
        clause(
            "A reminder after 2 working days.",
            "r1",
            "reaction: remind\nstart: resolved\nafter: $text\n"
            "calendar: desk\nunless: confirmed\ndo: [{send: calm}]",
        )
        + clause(
            "Closed unconfirmed after 5 working days.",
            "shut",
            "reaction: shut\nstart: resolved\nafter: $text\ncalendar: desk\n"
            "unless: confirmed\ndo: [{close: closed_unconfirmed}]",
        )
    )
    silent = run(policy, OPEN, (f"{DAY}11:00", "resolved"), until="2025-06-20T10:00")
    assert silent.state.status is Status.CLOSED_UNCONFIRMED
    assert len(kinds(silent, Send)) == len(kinds(silent, CloseTicket)) == 1
    agreed = run(
        policy,
        OPEN,
        (f"{DAY}11:00", "resolved"),
        ("2025-06-03T09:00", "confirmed"),
        until="2025-06-20T10:00",
    )
    assert agreed.state.status is Status.RESOLVED and not agreed.decisions


def test_a_miss_is_an_event_that_rules_may_answer() -> None:
    policy = desk(
        clause(
            "Within 1 hour.",
            "resp",
            "clock: first_response\nstart: created\nstop: agent_public\nwithin: $text",
        )
        + clause(
            "A miss raises it.",
            "miss",
            'reaction: raise\non: [missed]\nwhen: clock == "first_response"\n'
            "do: [{set_severity: P1}, {assign: {role: lead, pick: [skill]}}]",
        )
    )
    outcome = run(policy, (f"{DAY}10:00", "created", {"severity": "P3"}), until=f"{DAY}12:00")
    assert outcome.state.facts["severity"] == "P1"
    assert len(kinds(outcome, SetSeverity)) == len(kinds(outcome, Assign)) == 1


def test_an_automatic_receipt_stops_only_clocks_that_anyone_stops() -> None:
    policy = desk(
        clause(
            "A receipt within 60 seconds.",
            "ack",
            "clock: ack\nstart: created\nstop: agent_public\nby: any\nwithin: $text",
        )
        + clause(
            "An answer within 1 hour.",
            "resp",
            "clock: resp\nstart: created\nstop: agent_public\nwithin: $text",
        )
        + clause(
            "It is sent at once.", "send", "reaction: receipt\non: [created]\ndo: [{send: calm}]"
        )
    )
    state = run(policy, OPEN).state
    assert (verdict(state, "ack"), verdict(state, "resp")) == ("kept", "pending")
    assert state.facts["replies"] == 0


# Promises, tables, ladders --------------------------------------------------------------------


def test_any_time_told_to_a_customer_is_owed() -> None:
    told = (OPEN, (f"{DAY}10:10", "promised", {"what": "reply", "by": f"{DAY}12:00"}))
    assert (
        verdict(run(desk(GATE), *told, (f"{DAY}12:00", "agent_public")).state, "promise") == "kept"
    )
    assert verdict(run(desk(GATE), *told, until=f"{DAY}12:01").state, "promise") == "missed"
    sooner = run(
        desk(GATE), *told, (f"{DAY}11:00", "promised", {"what": "reply", "by": f"{DAY}15:00"})
    ).state
    assert verdict(sooner, "promise") == "cancelled(superseded)"
    assert due(sooner, "promise", 2) == f"{DAY}15:00:00Z"
    assert sooner.facts["open_promises"] == 1


def test_a_promised_fix_is_kept_by_resolving_and_not_by_talking() -> None:
    told = (
        OPEN,
        (f"{DAY}10:10", "promised", {"what": "fix", "by": f"{DAY}12:00"}),
        (f"{DAY}11:00", "agent_public"),
    )
    assert verdict(run(desk(GATE), *told).state, "promise") == "pending"
    assert verdict(run(desk(GATE), *told, (f"{DAY}11:30", "resolved")).state, "promise") == "kept"


TABLE = """
Impact and urgency give the severity. {#t}
```yaml table
name: priority
inputs: {impact: [high, low], urgency: [high, low]}
output: severity
rows:
  - {impact: high, urgency: high, then: P1}
  - {impact: [high, low], urgency: low, then: P3}
  - {impact: low, urgency: high, then: P2}
unique: true
complete: true
```
"""


def test_a_table_proposes_and_a_person_overrules_it() -> None:
    policy = desk(TABLE)
    told = (OPEN, (f"{DAY}10:10", "triaged", {"impact": "high", "urgency": "high"}))
    outcome = run(policy, *told)
    assert outcome.state.facts["severity"] == "P1"
    [derived] = [each for each in outcome.decisions if isinstance(each, SetSeverity | SetField)]
    assert derived.because.clause == "d.t"
    overruled = run(
        policy,
        *told,
        (f"{DAY}10:20", "severity_changed", {"to": "P2"}),
        (f"{DAY}10:30", "triaged", {"urgency": "low"}),
    )
    assert overruled.state.facts["severity"] == "P2"


# Approvals ------------------------------------------------------------------------------------

APPROVAL = clause(
    "Compensation over $100.00 needs a lead.",
    "pay",
    "approval: compensation\nwhen: amount > 100.00\n"
    "by: [lead, manager]\n"
    "distinct_from: [requester, owner, payee]\n"
    "sum_over: {ticket: always, customer: 30d}\nexpires: 7d",
)
ASKED = (
    f"{DAY}10:10",
    "approval_asked",
    {"kind": "compensation", "amount": "150.00", "requester": "amira"},
)
PAID = (f"{DAY}12:00", "paid", {"kind": "compensation", "amount": "150.00", "by": AMIRA})
GRANTED = (f"{DAY}11:00", "approved", {"kind": "compensation", "by": BO})


def test_more_than_the_limit_is_not_paid_without_a_second_person() -> None:
    policy = desk(APPROVAL)
    refused = run(policy, OPEN, ASKED, PAID)
    assert refused.refused is not None and refused.refused.because.clause == "d.pay"
    [asked] = kinds(refused, AskApproval)
    assert (asked.amount, asked.roles) == (15000, ("lead", "manager"))  # type: ignore[attr-defined]  # AskApproval
    paid = run(policy, OPEN, ASKED, GRANTED, PAID)
    assert paid.refused is None and paid.state.memory.paid == {"compensation": 15000}
    assert verdict(paid.state, "pay") == "kept"
    twice = run(policy, OPEN, ASKED, GRANTED, PAID, (f"{DAY}13:00", "paid", PAID[2]))
    assert twice.refused is not None


def test_exactly_the_limit_needs_nobody() -> None:
    small = (f"{DAY}12:00", "paid", {"kind": "compensation", "amount": "100.00"})
    assert run(desk(APPROVAL), OPEN, small).refused is None
    more = (f"{DAY}13:00", "paid", {"kind": "compensation", "amount": "0.01"})
    assert run(desk(APPROVAL), OPEN, small, more).refused is not None


def test_what_the_customer_received_before_counts() -> None:
    asked = (
        f"{DAY}10:10",
        "approval_asked",
        {
            "kind": "compensation",
            "amount": "60.00",
            "requester": "amira",
            "spent_before": {"30d": "50.00"},
        },
    )
    paid = (f"{DAY}12:00", "paid", {"kind": "compensation", "amount": "60.00"})
    assert run(desk(APPROVAL), OPEN, asked, paid).refused is not None


def test_nobody_approves_their_own_request_or_beyond_role_and_limit() -> None:
    policy = desk(APPROVAL)
    own = run(policy, OPEN, (ASKED[0], ASKED[1], ASKED[2] | {"requester": "bo"}), GRANTED)
    assert own.refused is not None and own.refused.needs == "someone other than the requester"
    assert run(policy, OPEN, ASKED, (f"{DAY}11:00", "approved", {"by": AMIRA})).refused is not None
    large = (ASKED[0], ASKED[1], ASKED[2] | {"amount": "600.00"})
    assert run(policy, OPEN, large, GRANTED).refused is not None
    assert run(policy, OPEN, large, (f"{DAY}11:00", "approved", {"by": CHEN})).refused is None
    owner = (f"{DAY}10:05", "assigned", {"agent": "bo"})
    assert run(policy, OPEN, owner, ASKED, GRANTED).refused is not None


def test_raising_the_amount_voids_what_was_approved() -> None:
    raised = (f"{DAY}11:30", "approval_asked", ASKED[2] | {"amount": "151.00"})
    outcome = run(desk(APPROVAL), OPEN, ASKED, GRANTED, raised, PAID)
    assert [each.result for each in kinds(outcome, SettleApproval)] == ["approved", "void"]  # type: ignore[attr-defined]  # SettleApproval
    assert outcome.refused is not None


def test_an_approval_lapses() -> None:
    late = ("2025-06-09T11:00:01", "paid", PAID[2])
    outcome = run(desk(APPROVAL), OPEN, ASKED, GRANTED, late)
    assert outcome.refused is not None
    assert kinds(outcome, SettleApproval)[-1].result == "expired"  # type: ignore[attr-defined]  # SettleApproval
    on_the_dot = ("2025-06-09T11:00:00", "paid", PAID[2])
    assert run(desk(APPROVAL), OPEN, ASKED, GRANTED, on_the_dot).refused is None


def test_a_rejected_request_pays_nothing() -> None:
    rejected = (f"{DAY}11:00", "rejected", {"kind": "compensation", "by": BO})
    assert run(desk(APPROVAL), OPEN, ASKED, rejected, PAID).refused is not None


def test_a_delayed_reaction_may_wait_for_an_event_that_prevents_it() -> None:
    chase = desk(
        clause(
            "After 48 hours of silence we ask again.",
            "chase",
            "reaction: chase\nstart: waiting_on\nafter: $text\nunless: customer_message\n"
            "do: [{flag: chased}]",
        )
    )
    asked = (
        OPEN,
        (f"{DAY}10:10", "agent_public"),
        (f"{DAY}10:20", "waiting_on", {"who": "customer"}),
    )
    later = "2025-06-05T00:00"
    assert kinds(run(chase, *asked, until=later), RaiseFlag)
    answered = (f"{DAY}11:00", "customer_message")
    assert not kinds(run(chase, *asked, answered, until=later), RaiseFlag)
