"""R5-R9, R12, R13 and what the language leaves to us: pauses, severities, reopening, merging."""

import msgspec
import pytest

from kept.policy import TicketState, advance, start, step
from kept.policy.decisions import MissCommitment, Notify, PageRole, WarnDue
from kept.policy.ladder import MAX_REPEATS, catch_up
from kept.policy.wire import instant_from_wire
from kept.policy.words import Status
from tests.policy.desk import AMIRA, BO, CHEN, clause, desk, due, fact, owed, run, verdict

RESPONSE = clause(
    "We answer within 1 hour.",
    "resp",
    "clock: first_response\nstart: created\nstop: agent_public\nwithin: $text",
)
FIX = clause(
    "We solve it within 8 hours.",
    "fix",
    "clock: resolution\nstart: created\nstop: resolved\n"
    "within: $text\npause: [waiting_on_customer]",
)
BY_SEVERITY = "".join(
    clause(
        f"{severity} is answered within {target}.",
        severity.lower(),
        f'clock: r\nwhen: severity == "{severity}"\nstart: created\n'
        "stop: agent_public\nwithin: $text",
    )
    for severity, target in (("P1", "15 minutes"), ("P2", "1 hour"), ("P3", "4 hours"))
)
DAY = "2025-06-02T"


def test_a_note_never_answers_and_neither_does_a_machine() -> None:
    told = (
        (f"{DAY}10:00", "created"),
        (f"{DAY}10:05", "agent_note"),
        (f"{DAY}10:06", "agent_public", {"by": "system"}),
    )
    assert verdict(run(desk(RESPONSE), *told).state, "resp") == "pending"
    answered = run(desk(RESPONSE), *told, (f"{DAY}11:00", "agent_public", {"by": AMIRA}))
    assert verdict(answered.state, "resp") == "kept"


def test_under_is_strict_where_within_is_not() -> None:
    strict = desk(RESPONSE.replace("within:", "under:").replace("within 1", "in under 1"))
    state = run(strict, (f"{DAY}10:00", "created"), (f"{DAY}11:00", "agent_public")).state
    assert verdict(state, "resp") == "missed"
    assert owed(state, "resp").late_wall == 0
    state = run(
        strict, (f"{DAY}10:00", "created"), (f"{DAY}10:59:59.999999", "agent_public")
    ).state
    assert verdict(state, "resp") == "kept"


def test_only_the_role_or_level_that_is_named_counts() -> None:
    policy = desk(RESPONSE.replace("within: $text", "within: $text\nby: role:lead"))
    told = ((f"{DAY}10:00", "created"), (f"{DAY}10:10", "agent_public", {"by": AMIRA}))
    assert verdict(run(policy, *told).state, "resp") == "pending"
    assert (
        verdict(run(policy, *told, (f"{DAY}10:20", "agent_public", {"by": BO})).state, "resp")
        == "kept"
    )
    level = desk(
        clause(
            "A person of the level takes it on within 1 hour.",
            "take",
            "clock: take\nstart: escalated\nstop: accepted\nby: level\nwithin: $text",
        )
    )
    told = ((f"{DAY}10:00", "created"), (f"{DAY}10:10", "escalated", {"to": "L2"}))
    assert (
        verdict(run(level, *told, (f"{DAY}10:20", "accepted", {"by": AMIRA})).state, "take")
        == "pending"
    )
    assert (
        verdict(run(level, *told, (f"{DAY}10:20", "accepted", {"by": BO})).state, "take") == "kept"
    )
    assert (
        verdict(run(level, *told, (f"{DAY}10:20", "accepted", {"by": CHEN})).state, "take")
        == "kept"
    )


def test_waiting_on_the_customer_needs_a_question_first() -> None:
    refused = run(
        desk(FIX), (f"{DAY}10:00", "created"), (f"{DAY}10:05", "waiting_on", {"who": "customer"})
    )
    assert refused.refused is not None and refused.refused.because.rule == "R6"
    assert refused.state.facts["waiting_on"] == "nobody"
    asked_before_the_last_turn = run(
        desk(FIX),
        (f"{DAY}10:00", "created"),
        (f"{DAY}10:01", "agent_public"),
        (f"{DAY}10:02", "customer_message", {"text": "done"}),
        (f"{DAY}10:05", "waiting_on", {"who": "customer"}),
    )
    assert asked_before_the_last_turn.refused is not None


WAIT = (
    (f"{DAY}09:00", "created"),
    (f"{DAY}09:30", "agent_public"),
    (f"{DAY}10:00", "waiting_on", {"who": "customer"}),
)


def test_a_paused_clock_is_not_missed_and_a_response_clock_never_pauses() -> None:
    policy = desk(
        FIX
        + clause(
            "Every turn is answered within 1 hour.",
            "turn",
            "clock: next\nstart: customer_message\nstop: agent_public\nwithin: $text",
        )
    )
    state = run(policy, *WAIT, until="2025-06-09T09:00").state
    assert verdict(state, "fix") == "pending"
    assert state.next_at is None
    assert state.status is Status.WAITING
    back = run(policy, *WAIT, ("2025-06-09T09:00", "customer_message", {"text": "here"})).state
    assert due(back, "fix") == "2025-06-09T16:00:00Z"
    assert due(back, "turn") == "2025-06-09T10:00:00Z"
    assert back.status is Status.OPEN


def test_solving_while_paused_is_kept() -> None:
    state = run(desk(FIX), *WAIT, ("2025-06-09T09:00", "resolved")).state
    assert verdict(state, "fix") == "kept"


def test_a_clock_with_nothing_left_is_due_when_it_resumes() -> None:
    state = run(
        desk(FIX),
        (f"{DAY}09:00", "created"),
        (f"{DAY}16:30", "agent_public"),
        (f"{DAY}17:00", "waiting_on", {"who": "customer"}),
        ("2025-06-03T09:00", "waiting_on", {"who": "nobody"}),
        until="2025-06-03T09:00",
    ).state
    assert due(state, "fix") == "2025-06-03T09:00:00Z"
    assert verdict(state, "fix") == "missed"


def test_working_days_are_consumed_only_while_the_clock_runs() -> None:
    policy = desk(
        clause(
            "Within 2 working days.",
            "fix",
            "clock: resolution\nstart: created\nstop: resolved\n"
            "within: $text\n"
            "calendar: desk\npause: [waiting_on_customer]",
        )
    )
    state = run(
        policy,
        (f"{DAY}10:00", "created"),
        (f"{DAY}11:00", "agent_public"),
        ("2025-06-03T16:00", "waiting_on", {"who": "customer"}),
        ("2025-06-04T18:00", "customer_message", {"text": "x"}),
    ).state
    assert due(state, "fix") == "2025-06-06T17:00:00Z"


# Severity -------------------------------------------------------------------------------------


def test_a_ticket_triaged_late_counts_from_its_creation_and_is_known_missed() -> None:
    outcome = run(
        desk(BY_SEVERITY),
        (f"{DAY}10:00", "created"),
        (f"{DAY}10:20", "triaged", {"severity": "P1"}),
        until=f"{DAY}10:20",
    )
    assert due(outcome.state, "p1") == f"{DAY}10:15:00Z"
    assert verdict(outcome.state, "p1") == "missed"
    [missed] = [d for d in outcome.decisions if isinstance(d, MissCommitment)]
    assert missed.at == instant_from_wire(desk(BY_SEVERITY), f"{DAY}10:20")


def test_flapping_between_severities_gains_nothing() -> None:
    state = run(
        desk(BY_SEVERITY),
        (f"{DAY}10:00", "created", {"severity": "P1"}),
        (f"{DAY}10:05", "severity_changed", {"to": "P3"}),
        (f"{DAY}10:10", "severity_changed", {"to": "P1"}),
    ).state
    assert due(state, "p1") == f"{DAY}10:20:00Z"
    assert verdict(state, "p1") == "pending"
    assert verdict(state, "p3") == "cancelled(superseded)"
    assert len(state.commitments) == 2


def test_a_missed_clock_whose_severity_returns_is_not_missed_twice() -> None:
    outcome = run(
        desk(BY_SEVERITY),
        (f"{DAY}10:00", "created", {"severity": "P1"}),
        (f"{DAY}10:20", "severity_changed", {"to": "P3"}),
        (f"{DAY}10:30", "severity_changed", {"to": "P1"}),
        (f"{DAY}11:00", "agent_public"),
    )
    assert [d.commitment for d in outcome.decisions if isinstance(d, MissCommitment)] == [
        "d.p1:r:1"
    ]
    assert owed(outcome.state, "p1").late_wall == 45 * 60_000_000


def test_a_clock_nobody_could_judge_is_unknown_not_kept() -> None:
    state = run(
        desk(BY_SEVERITY), (f"{DAY}10:00", "created"), (f"{DAY}10:05", "agent_public")
    ).state
    assert {verdict(state, name) for name in ("p1", "p2", "p3")} == {"unknown(severity)"}


def test_an_exception_beats_the_default_and_the_default_returns_with_it_gone() -> None:
    policy = desk(
        clause(
            "Normally within 4 hours.",
            "std",
            "clock: r\nstart: created\nstop: agent_public\nwithin: $text",
        )
        + clause(
            "P1 within 15 minutes.",
            "p1",
            'clock: r\nwhen: severity == "P1"\nstart: created\n'
            "stop: agent_public\n"
            "within: $text\nexception_to: [d.std]",
        )
    )
    untriaged = run(policy, (f"{DAY}10:00", "created")).state
    assert due(untriaged, "std") == f"{DAY}14:00:00Z"
    critical = run(
        policy, (f"{DAY}10:00", "created"), (f"{DAY}10:10", "triaged", {"severity": "P1"})
    ).state
    assert verdict(critical, "std") == "cancelled(superseded)"
    assert due(critical, "p1") == f"{DAY}10:15:00Z"


def test_two_clocks_of_one_name_that_both_hold_both_run() -> None:
    policy = desk(
        clause(
            "L1 answers within 24 hours.",
            "l1",
            'clock: r\nwhen: level == "L1"\nstart: created\nstop: agent_public\nwithin: $text',
        )
        + clause(
            "P1 within 15 minutes.",
            "p1",
            'clock: r\nwhen: severity == "P1"\nstart: created\nstop: agent_public\nwithin: $text',
        )
    )
    state = run(policy, (f"{DAY}10:00", "created", {"severity": "P1"})).state
    assert {verdict(state, "l1"), verdict(state, "p1")} == {"pending"}
    assert state.next_at == owed(state, "p1").due_at


def test_a_level_clock_starts_on_arrival_at_its_level() -> None:
    policy = desk(
        "".join(
            clause(
                f"{level} answers within {target}.",
                level.lower(),
                f'clock: lr\nwhen: level == "{level}"\nstart: escalated\n'
                "stop: agent_public\nwithin: $text",
            )
            for level, target in (("L2", "4 hours"), ("L3", "2 hours"))
        )
    )
    state = run(
        policy,
        (f"{DAY}10:00", "created"),
        (f"{DAY}11:00", "escalated", {"to": "L2"}),
        (f"{DAY}12:00", "escalated", {"to": "L3"}),
    ).state
    assert verdict(state, "l2") == "cancelled(superseded)"
    assert due(state, "l3") == f"{DAY}14:00:00Z"


# Warnings and misses --------------------------------------------------------------------------


def test_warnings_come_at_fractions_of_the_elapsed_time() -> None:
    policy = desk(FIX.replace("pause:", "warn: [50%, 80%]\npause:"))
    outcome = run(
        policy, *WAIT, (f"{DAY}12:00", "customer_message", {"text": "x"}), until=f"{DAY}18:00"
    )
    warned = [(d.permille, d.at) for d in outcome.decisions if isinstance(d, WarnDue)]
    when = [instant_from_wire(policy, at) for at in (f"{DAY}15:00", f"{DAY}17:24")]
    assert warned == [(500, when[0]), (800, when[1])]


def test_a_late_answer_stays_missed_and_is_told_how_late() -> None:
    outcome = run(desk(RESPONSE), (f"{DAY}10:00", "created"), (f"{DAY}11:30", "agent_public"))
    answered = owed(outcome.state, "resp")
    assert (answered.verdict, answered.late_wall) == ("missed", 30 * 60_000_000)
    assert answered.settled_at is not None
    assert sum(isinstance(d, MissCommitment) for d in outcome.decisions) == 1


# Ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "keys", "reason", "status"),
    [
        ("merged", {"into": "7"}, "merged", Status.MERGED),
        ("spam", {}, "spam", Status.SPAM),
        ("withdrawn", {"reason": "duplicate"}, "duplicate", Status.CLOSED),
    ],
)
def test_a_ticket_that_ends_cancels_what_is_open(
    event: str, keys: dict[str, str], reason: str, status: Status
) -> None:
    state = run(
        desk(RESPONSE + FIX), (f"{DAY}10:00", "created"), (f"{DAY}10:10", event, keys)
    ).state
    assert verdict(state, "resp") == verdict(state, "fix") == f"cancelled({reason})"
    assert state.status is status
    assert state.next_at is None


def test_cancelling_after_a_miss_does_not_erase_it() -> None:
    state = run(desk(RESPONSE), (f"{DAY}10:00", "created"), (f"{DAY}12:00", "spam")).state
    assert verdict(state, "resp") == "missed"


def test_resolving_cancels_what_it_does_not_meet() -> None:
    state = run(
        desk(RESPONSE + FIX), (f"{DAY}10:00", "created"), (f"{DAY}10:10", "resolved")
    ).state
    assert verdict(state, "resp") == "cancelled(resolved)"
    assert verdict(state, "fix") == "kept"


AFTERWARDS = clause(
    "We ask again within 1 day of resolving.",
    "ask",
    "step: ask\nafter: resolved\nwithin: 1 day",
)


def test_what_begins_with_the_end_outlives_it_and_ends_with_reopening() -> None:
    policy = desk(AFTERWARDS.replace("1 day", "24 hours"))
    told = ((f"{DAY}10:00", "created"), (f"{DAY}11:00", "resolved"), (f"{DAY}12:00", "closed"))
    assert verdict(run(policy, *told).state, "ask") == "pending"
    again = run(policy, *told, (f"{DAY}13:00", "reopened")).state
    assert verdict(again, "ask") == "cancelled(reopened)"


def test_first_and_final_resolution_are_both_known() -> None:
    state = run(
        desk(FIX),
        (f"{DAY}09:00", "created"),
        (f"{DAY}10:00", "resolved"),
        (f"{DAY}12:00", "reopened"),
        (f"{DAY}13:00", "resolved"),
    ).state
    fix = owed(state, "fix")
    assert fix.first_settled_at == instant_from_wire(desk(FIX), f"{DAY}10:00")
    assert fix.settled_at == instant_from_wire(desk(FIX), f"{DAY}13:00")
    assert fix.used == 2 * 3_600_000_000
    assert verdict(state, "fix") == "kept"


def test_resolving_twice_or_reopening_an_open_ticket_is_no_event() -> None:
    told = ((f"{DAY}10:00", "created"), (f"{DAY}10:10", "reopened"), (f"{DAY}10:20", "resolved"))
    state = run(desk(FIX), *told, (f"{DAY}10:30", "resolved")).state
    assert state.facts["reopened"] == 0
    assert owed(state, "fix").settled_at == instant_from_wire(desk(FIX), f"{DAY}10:20")


def test_two_people_and_a_reason_take_a_miss_back() -> None:
    told = ((f"{DAY}10:00", "created"), (f"{DAY}12:00", "agent_public"))
    key = "d.resp:first_response:1"
    alone = run(
        desk(RESPONSE),
        *told,
        (
            f"{DAY}13:00",
            "miss_retracted",
            {"by": "amira", "second": "amira", "commitment": key, "reason": "r"},
        ),
    )
    assert alone.refused is not None and verdict(alone.state, "resp") == "missed"
    both = run(
        desk(RESPONSE),
        *told,
        (
            f"{DAY}13:00",
            "miss_retracted",
            {"by": "amira", "second": "bo", "commitment": key, "reason": "outage"},
        ),
    )
    assert verdict(both.state, "resp") == "cancelled(outage)"
    waived = run(
        desk(RESPONSE),
        (f"{DAY}10:00", "created"),
        (
            f"{DAY}10:30",
            "waived",
            {"by": "amira", "second": "bo", "commitment": key, "reason": "test"},
        ),
        until=f"{DAY}12:00",
    )
    assert verdict(waived.state, "resp") == "waived(test)"


# Merge and split ------------------------------------------------------------------------------


def test_the_survivor_takes_the_earlier_due_and_the_higher_severity() -> None:
    absorbed = (
        f"{DAY}10:10",
        "absorbed",
        {"ticket": "8", "dues": {"r": f"{DAY}10:30"}, "severity": "P2"},
    )
    told = ((f"{DAY}10:00", "created", {"severity": "P3"}), absorbed)
    state = run(desk(BY_SEVERITY), *told).state
    assert state.facts["severity"] == "P2"
    assert due(state, "p2") == f"{DAY}10:30:00Z"
    back = run(desk(BY_SEVERITY), *told, (f"{DAY}10:20", "unmerged", {"ticket": "8"})).state
    assert back.facts["severity"] == "P3"
    assert due(back, "p3") == f"{DAY}14:00:00Z"


def test_a_past_due_of_the_other_ticket_stays_with_it() -> None:
    state = run(
        desk(RESPONSE),
        (f"{DAY}10:00", "created"),
        (f"{DAY}10:10", "absorbed", {"ticket": "8", "dues": {"first_response": f"{DAY}10:05"}}),
    ).state
    assert due(state, "resp") == f"{DAY}11:00:00Z"


def test_a_ticket_that_is_unmerged_goes_on_as_if_it_never_was() -> None:
    state = run(
        desk(RESPONSE),
        (f"{DAY}10:00", "created"),
        (f"{DAY}10:10", "merged", {"into": "7"}),
        (f"{DAY}10:30", "unmerged"),
    ).state
    assert (verdict(state, "resp"), due(state, "resp")) == ("pending", f"{DAY}11:00:00Z")


def test_a_split_ticket_keeps_the_start_it_came_from() -> None:
    state = run(
        desk(RESPONSE),
        (f"{DAY}10:40", "created"),
        (f"{DAY}10:40", "split_off", {"ticket": "7", "starts": {"first_response": f"{DAY}10:00"}}),
    ).state
    assert due(state, "resp") == f"{DAY}11:00:00Z"


# Catching up and keeping ----------------------------------------------------------------------


def test_timers_fire_in_nominal_order_however_late_the_worker_is() -> None:
    policy = desk(RESPONSE + FIX)
    opened = step(policy, start(), fact(policy, f"{DAY}10:00", "created")).state
    late = advance(policy, opened, instant_from_wire(policy, "2025-06-05T10:00"))
    missed = [(d.commitment, d.at) for d in late.decisions if isinstance(d, MissCommitment)]
    assert missed == [
        ("d.resp:first_response:1", instant_from_wire(policy, f"{DAY}11:00")),
        ("d.fix:resolution:1", instant_from_wire(policy, f"{DAY}18:00")),
    ]


PAGING = clause(
    "P1 pages the lead within 5 minutes, again and again.",
    "page",
    'reaction: page\non: [created]\nwhen: severity == "P1"\ndo: [{page: {role: lead, every: 5m}}]',
)


def test_a_call_repeats_until_someone_accepts() -> None:
    policy = desk(PAGING)
    told = (
        (f"{DAY}10:00", "created", {"severity": "P1"}),
        (f"{DAY}10:12", "accepted", {"by": BO}),
    )
    outcome = run(policy, *told, until=f"{DAY}11:00")
    assert [d.repeat for d in outcome.decisions if isinstance(d, PageRole)] == [0, 1, 2]
    unheard = run(policy, told[0], until="2025-06-09T10:00")
    assert sum(isinstance(d, PageRole) for d in unheard.decisions) == MAX_REPEATS + 1
    assert unheard.state.next_at is None


def test_after_a_downtime_each_person_gets_one_bundle() -> None:
    policy = desk(PAGING)
    outcome = run(policy, (f"{DAY}10:00", "created", {"severity": "P1"}), until=f"{DAY}11:00")
    notice = Notify(
        at=0, because=outcome.decisions[0].because, who=("lead", "owner"), by=("email",)
    )
    lead, owner = catch_up((*outcome.decisions, notice), fired_at=99)
    assert (lead.who, lead.count, lead.fired_at) == ("lead", 14, 99)
    assert (owner.who, owner.last) == ("owner", notice)


def test_a_second_delivery_of_a_fact_changes_nothing() -> None:
    policy = desk(RESPONSE)
    first = fact(policy, f"{DAY}10:00", "created", id="m1")
    once = step(policy, start(), first).state
    again = step(policy, once, first)
    assert again.decisions == () and again.state == once


def test_a_state_survives_being_written_down_at_any_point() -> None:
    policy = desk(RESPONSE + FIX + BY_SEVERITY + PAGING)
    told = (
        ("09:00", "created", {"severity": "P2"}),
        ("09:10", "agent_public", {}),
        ("09:20", "waiting_on", {"who": "customer"}),
        ("09:30", "severity_changed", {"to": "P1"}),
        ("09:50", "customer_message", {"text": "x"}),
        ("10:00", "promised", {"what": "fix", "by": f"{DAY}12:00"}),
        ("10:30", "resolved", {}),
        ("11:00", "reopened", {}),
    )
    kept = start()
    restarted = start()
    for hour, event, keys in told:
        one = fact(policy, DAY + hour, event, **keys)
        kept = step(policy, kept, one).state
        written = msgspec.json.encode(step(policy, restarted, one).state)
        restarted = msgspec.json.decode(written, type=TicketState)
        assert msgspec.json.encode(restarted) == written == msgspec.json.encode(kept)


def test_a_ticket_the_policy_closed_can_be_reopened_like_any_other() -> None:
    policy = desk(
        FIX
        + clause(
            "Silent for 2 hours: closed.",
            "shut",
            "reaction: shut\nstart: created\nafter: $text\ndo: [{close: closed_unconfirmed}]",
        )
    )
    told = ((f"{DAY}09:00", "created"), (f"{DAY}12:00", "reopened"))
    state = run(policy, *told).state
    assert state.status is Status.OPEN
    assert due(state, "fix") == f"{DAY}18:00:00Z"


def test_a_source_whose_clock_runs_ahead_counts_from_ours_and_is_flagged() -> None:
    policy = desk(RESPONSE)
    ahead = {"received_at": f"{DAY}10:00"}
    near = step(policy, start(), fact(policy, f"{DAY}10:02", "created", **ahead))
    assert due(near.state, "resp") == f"{DAY}11:00:00Z" and near.state.facts["flags"] == ()
    far = step(policy, start(), fact(policy, f"{DAY}10:02:01", "created", **ahead))
    assert far.state.facts["flags"] == ("clock_skew",)
    assert far.decisions[0].because.rule == "R11"
