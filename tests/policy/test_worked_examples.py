"""Every worked example of the language page, one test each."""

from kept.policy.words import MINUTE, SECOND
from tests.policy.desk import LONDON, NEW_YORK, clause, desk, due, owed, run, verdict


def clock(target: str, name: str = "resolution", **keys: str) -> str:
    lines = {"clock": name, "start": "created", "stop": "agent_public", "within": "$text"}
    lines |= keys
    told = "\n".join(f"{key}: {value}" for key, value in lines.items() if value)
    return clause(f"We do it within {target}.", keys.get("anchor", "it"), told)


def london(target: str, **keys: str) -> object:
    return desk(clock(target, calendar="desk", **keys), **LONDON)


Z_RAISE = clause(
    "P1 within 15 minutes.",
    "p1",
    'clock: r\nwhen: severity == "P1"\nstart: created\nstop: agent_public\nwithin: $text',
) + clause(
    "Others within 4 hours.",
    "p3",
    'clock: r\nwhen: severity != "P1"\nstart: created\nstop: agent_public\nwithin: $text',
)


def test_two_hours_from_friday_afternoon_cross_a_weekend_and_the_end_of_summer_time() -> None:
    state = run(london("2 hours"), ("2025-10-24T16:30", "created")).state
    assert due(state, "it") == "2025-10-27T10:30:00Z"


def test_a_night_that_springs_forward_is_an_hour_short() -> None:
    policy = desk(clock("6h30m", calendar="desk"), **NEW_YORK)
    state = run(policy, ("2025-03-08T23:00", "created")).state
    assert due(state, "it") == "2025-03-10T02:30:00Z"


def test_eight_hours_end_at_closing_time_not_at_the_next_opening() -> None:
    policy = london("8 hours")
    for reply, expected, late_open, late_wall in (
        ("2025-06-02T17:00", "kept", 0, 0),
        ("2025-06-02T17:30", "missed", 0, 30 * MINUTE),
        ("2025-06-03T09:30", "missed", 30 * MINUTE, 16 * 60 * MINUTE + 30 * MINUTE),
    ):
        state = run(policy, ("2025-06-02T09:00", "created"), (reply, "agent_public")).state
        assert due(state, "it") == "2025-06-02T16:00:00Z"
        assert verdict(state, "it") == expected
        assert owed(state, "it").late_open == late_open
        assert owed(state, "it").late_wall == late_wall


def test_five_working_days_skip_easter_and_end_at_the_last_close() -> None:
    policy = london("5 working days")
    for begun, expected in (
        ("2025-04-17T10:00", "2025-04-28T16:00:00Z"),
        ("2025-04-19T12:00", "2025-04-28T16:00:00Z"),
        ("2025-06-02T20:00", "2025-06-09T16:00:00Z"),
    ):
        assert due(run(policy, (begun, "created")).state, "it") == expected


def test_pauses_move_the_due_by_the_open_time_that_stood_still() -> None:
    policy = london("8 hours", stop="resolved", pause="[waiting_on_customer]")
    for paused, resumed, expected in (
        ("2025-06-02T12:00", "2025-06-03T10:00", "2025-06-03T14:00:00Z"),
        ("2025-06-02T16:00", "2025-06-05T10:00", "2025-06-05T10:00:00Z"),
    ):
        state = run(
            policy,
            ("2025-06-02T09:00", "created"),
            ("2025-06-02T09:30", "agent_public"),
            (paused, "waiting_on", {"who": "customer"}),
            (resumed, "customer_message", {"text": "here"}),
        ).state
        assert due(state, "it") == expected


def test_two_short_pauses_are_counted_to_the_second() -> None:
    policy = london("1 hour", stop="resolved", pause="[waiting_on_customer]")
    state = run(
        policy,
        ("2025-06-02T09:00:00", "created"),
        ("2025-06-02T09:05:00", "agent_public"),
        ("2025-06-02T09:10:10", "waiting_on", {"who": "customer"}),
        ("2025-06-02T09:10:40", "waiting_on", {"who": "nobody"}),
        ("2025-06-02T09:20:05", "waiting_on", {"who": "customer"}),
        ("2025-06-02T09:20:20", "waiting_on", {"who": "nobody"}),
    ).state
    assert due(state, "it") == "2025-06-02T09:00:45Z"


def test_raising_takes_the_earlier_of_the_old_due_and_the_new_target() -> None:
    policy = desk(Z_RAISE)
    for raised, expected in (
        ("2025-06-02T12:00", "2025-06-02T12:15:00Z"),
        ("2025-06-02T13:55", "2025-06-02T14:00:00Z"),
    ):
        state = run(
            policy,
            ("2025-06-02T10:00", "created", {"severity": "P3"}),
            (raised, "severity_changed", {"to": "P1"}),
        ).state
        assert due(state, "p1") == expected
        assert verdict(state, "p3") == "cancelled(superseded)"


def test_lowering_counts_from_the_original_start_and_a_miss_stays() -> None:
    policy = desk(Z_RAISE)
    for lowered, verdict_of_p1 in (
        ("2025-06-02T10:05", "cancelled(superseded)"),
        ("2025-06-02T10:20", "missed"),
    ):
        state = run(
            policy,
            ("2025-06-02T10:00", "created", {"severity": "P1"}),
            (lowered, "severity_changed", {"to": "P3"}),
        ).state
        assert due(state, "p3") == "2025-06-02T14:00:00Z"
        assert verdict(state, "p1") == verdict_of_p1
        assert due(state, "p1") == "2025-06-02T10:15:00Z"


def test_a_reopened_ticket_goes_on_inside_the_confirm_window_and_begins_anew_after_it() -> None:
    policy = desk(clock("24 hours", stop="resolved"), zone="Europe/London")
    begun = (("2025-06-02T09:00", "created"), ("2025-06-02T20:00", "resolved"))
    state = run(policy, *begun, ("2025-06-03T08:00", "reopened")).state
    assert due(state, "it") == "2025-06-03T20:00:00Z"
    assert verdict(state, "it") == "pending"
    later = run(policy, *begun, ("2025-06-06T08:00", "reopened")).state
    assert verdict(later, "it") == "kept"
    assert due(later, "it", 2) == "2025-06-07T07:00:00Z"


def test_each_window_without_the_act_is_one_miss() -> None:
    policy = desk(
        clause(
            "An update every 4 hours.",
            "news",
            "window: news\nstart: agent_public\nact: agent_public\nevery: $text\nuntil: resolved",
        )
    )
    state = run(
        policy,
        ("2025-06-02T09:00", "created"),
        ("2025-06-02T10:00", "agent_public"),
        ("2025-06-02T13:59", "agent_public"),
        ("2025-06-02T23:30", "agent_public"),
    ).state
    assert [verdict(state, "news", n) for n in (1, 2, 3, 4, 5)] == [
        "kept",
        "missed",
        "missed",
        "kept",
        "pending",
    ]
    assert due(state, "news", 2) == "2025-06-02T17:59:00Z"
    assert due(state, "news", 3) == "2025-06-02T21:59:00Z"
    assert due(state, "news", 5) == "2025-06-03T03:30:00Z"


def test_esc_p3_on_level_one_keeps_all_its_times_and_then_moves_up() -> None:
    policy = desk(
        clause(
            "Acknowledged within 2 hours.",
            "L1ack",
            'clock: ack\nwhen: level == "L1"\nstart: created\n'
            "stop: agent_public\nby: any\nwithin: $text",
        )
        + clause(
            "Response within 24 hours.",
            "L1resp",
            'clock: level_response\nwhen: level == "L1"\nstart: created\n'
            "stop: agent_public\nwithin: $text",
        )
        + clause(
            "P3 within 4 hours.",
            "P3resp",
            'clock: first_response\nwhen: severity == "P3"\n'
            "start: created\nstop: agent_public\nwithin: $text",
        )
        + clause(
            "Unsolved it moves up within 24 hours.",
            "P3move",
            'reaction: move\nwhen: severity == "P3"\nstart: created\n'
            "after: $text\nunless: resolved\ndo: [{escalate: L2}]",
        )
        + clause(
            "That happens within 24 hours.",
            "P3esc",
            'clock: escalation\nwhen: severity == "P3"\nstart: created\n'
            "stop: escalated\nwithin: $text",
        )
    )
    state = run(
        policy,
        ("2025-06-02T09:00", "created", {"severity": "P3"}),
        ("2025-06-02T09:00:02", "agent_public", {"by": "system"}),
        ("2025-06-02T12:00", "agent_public"),
        until="2025-06-04T09:00",
    ).state
    assert due(state, "L1ack") == "2025-06-02T11:00:00Z"
    assert due(state, "P3resp") == "2025-06-02T13:00:00Z"
    assert due(state, "L1resp") == due(state, "P3esc") == "2025-06-03T09:00:00Z"
    assert {verdict(state, n) for n in ("L1ack", "P3resp", "L1resp", "P3esc")} == {"kept"}
    assert state.facts["level"] == "L2"
    assert owed(state, "P3esc").settled_at == owed(state, "P3esc").due_at
    assert owed(state, "L1ack").settled_at == owed(state, "L1ack").started_at + 2 * SECOND
