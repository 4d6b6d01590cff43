"""Events that name what was reached: a level, a flag; and calls that nobody waited for."""

from tests.policy.desk import clause, desk, run, verdict

DAY = "2025-06-02T"
OPEN = (f"{DAY}10:00", "created")

ON_ENGINEERING = clause(
    "It is with engineering within 2 hours.",
    "there",
    "clock: there\nstart: created\nstop: escalated:L3\nby: any\nwithin: $text",
)
DANGER = clause(
    "A danger is reported within 1 hour.",
    "danger",
    "clock: danger\nstart: note_flag:danger\nstop: agent_note\nwithin: $text",
)
RING = clause(
    "The telephone is answered within 20 seconds.",
    "ring",
    "clock: ring\nstart: call_offered\nstop: call_answered\nwithin: $text",
)


def test_a_lower_level_is_not_yet_the_one_that_was_promised() -> None:
    out = run(desk(ON_ENGINEERING), OPEN, (f"{DAY}11:00", "escalated", {"to": "L2"}))
    assert verdict(out.state, "there") == "pending"


def test_reaching_the_level_at_once_or_by_steps_keeps_the_promise() -> None:
    for way in (["L3"], ["L2", "L3"], ["+1", "+1"]):
        moves = [(f"{DAY}11:0{n}", "escalated", {"to": to}) for n, to in enumerate(way)]
        out = run(desk(ON_ENGINEERING), OPEN, *moves)
        assert verdict(out.state, "there") == "kept"


def test_a_clock_starts_with_its_own_flag_and_not_with_another() -> None:
    other = (f"{DAY}10:30", "note_flag", {"flag": "delay"})
    assert run(desk(DANGER), OPEN, other).state.commitments == {}
    danger = (f"{DAY}15:00", "note_flag", {"flag": "danger"})
    late = run(desk(DANGER), OPEN, other, danger, (f"{DAY}16:00", "agent_note"))
    assert verdict(late.state, "danger") == "kept"


def test_a_caller_who_hangs_up_in_time_is_nobody_s_miss() -> None:
    offered = (f"{DAY}10:00:00", "call_offered")
    early = run(desk(RING), offered, (f"{DAY}10:00:20", "call_abandoned"))
    assert verdict(early.state, "ring") == "abandoned"
    late = run(desk(RING), offered, (f"{DAY}10:00:21", "call_abandoned"))
    assert verdict(late.state, "ring") == "missed"
