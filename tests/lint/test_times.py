"""Calendars, dues, rosters, and clocks that contradict each other."""

from tests.lint.sops import codes, found, only

DESK = """
    We are there on weekdays. {#hours}
    ```yaml calendar
    name: desk
    open: {mon-fri: ["09:00-17:00"]}
    HOLIDAYS
    ```
    """


def desk(holidays: str = "") -> str:
    return DESK.replace("HOLIDAYS", holidays)


def clock(target: str, *, stop: str = "agent_public", more: str = "", name: str = "answer") -> str:
    return f"""
    It is done within {target}. {{#{name}}}
    ```yaml rule
    clock: {name}
    start: created
    stop: {stop}
    within: $text
    {more}
    ```
    """


def test_a_calendar_without_open_time_is_told_at_its_block() -> None:
    problem = only(
        "E605",
        """
    We are never there. {#hours}
    ```yaml calendar
    name: desk
    dates: {"2026-12-02": []}
    ```
    """,
    )
    assert "desk" in problem.message and problem.clause == "shop.hours"


def test_a_time_longer_than_all_open_time_left_is_never_due() -> None:
    short = """
    We are there for one morning. {#hours}
    ```yaml calendar
    name: desk
    dates: {"2026-12-02": ["09:00-12:00"]}
    ```
    """
    assert "E606" in codes(short + clock("4 hours", more="calendar: desk"))
    assert "E606" not in codes(short + clock("3 hours", more="calendar: desk"))
    assert "E606" in codes(short + clock("2 working days", more="calendar: desk"))


def test_nothing_happens_in_under_no_time() -> None:
    assert "E606" in codes("""
    It is answered in under 0 minutes. {#now}
    ```yaml rule
    clock: now
    start: created
    stop: agent_public
    under: $text
    ```
    """)


def test_dues_of_the_day_that_fall_into_the_night_are_counted() -> None:
    problem = only(
        "W705", desk() + clock("12 hours", more="on_warn: [{page: lead}]\n    warn: [50%]")
    )
    assert "%" in problem.message
    assert "W705" not in codes(
        desk() + clock("24 hours", more="warn: [50%]\n    on_warn: [{page: lead}]")
    )


def test_a_duty_by_night_needs_somebody_who_is_paged() -> None:
    assert "W706" in codes(desk() + clock("15 minutes"))
    assert "W706" not in codes(desk() + clock("15 minutes", more="on_miss: [{page: lead}]"))
    assert "W706" not in codes(desk() + clock("15 minutes", more="calendar: desk"))
    assert "W706" not in codes(desk() + clock("15 minutes", more="by: any"))
    assert "W706" not in codes(clock("15 minutes"))


def test_a_page_for_other_tickets_is_no_roster() -> None:
    page = """
    Critical tickets are called out. {#page}
    ```yaml rule
    reaction: call_out
    on: [created]
    when: severity == "P1"
    do: [{page: lead}]
    ```
    """
    assert "W706" in codes(desk() + page + clock("15 minutes", more='when: severity == "P2"'))
    assert "W706" not in codes(desk() + page + clock("15 minutes", more='when: severity == "P1"'))


def escalation(after: str) -> str:
    return f"""
    Unsolved, it goes up after {after}. {{#up}}
    ```yaml rule
    reaction: up
    start: created
    after: $text
    unless: resolved
    do: [{{escalate: L2}}]
    ```
    """


def test_an_escalation_after_the_clock_it_serves_comes_too_late() -> None:
    solve = clock("24 hours", stop="resolved", name="solve")
    problem = only("W707", solve + escalation("48 hours"))
    assert problem.clause == "shop.up"
    assert "W707" not in codes(solve + escalation("8 hours"))


def test_an_escalation_may_come_after_a_clock_it_does_not_serve() -> None:
    assert "W707" not in codes(clock("4 hours") + escalation("24 hours"))


def test_an_answer_later_than_the_solution_is_told() -> None:
    late = clock("8 hours") + clock("4 hours", stop="resolved", name="solve")
    assert only("W708", late).clause == "shop.answer"
    fine = clock("4 hours") + clock("8 hours", stop="resolved", name="solve")
    assert "W708" not in codes(fine)


def test_times_of_different_calendars_are_not_compared() -> None:
    body = desk() + clock("24 hours", more="warn: [50%]\n    on_warn: [{page: lead}]")
    assert "W708" not in codes(
        body + clock("20 hours", stop="resolved", name="solve", more="calendar: desk")
    )


def test_holidays_that_end_soon_after_the_sop_begins_are_told() -> None:
    assert "W711" in codes(desk('holidays: {also: ["2026-12-25", "2027-01-01"]}'))
    assert "W711" not in codes(desk('holidays: {also: ["2026-12-25", "2027-12-25"]}'))
    assert "W711" not in codes(desk("holidays: {country: GB, subdivision: ENG}"))
    assert "W711" not in codes(desk())


def test_every_finding_has_its_line_and_advice() -> None:
    for problem in found(desk() + clock("15 minutes")):
        assert problem.line > 1 and problem.advice and problem.source_line


def test_what_takes_no_time_may_not_start_itself_again() -> None:
    zero = "parameters: {no_time: {value: 0, unit: minutes, why: at once}}\n"
    rule = """
    It goes on at once. {{#on}}
    ```yaml rule
    reaction: go_on
    start: {start}
    after: $no_time
    once: always
    do: [{{assign: lead}}]
    ```
    """
    assert "E606" in codes(rule.format(start="assigned"), front=zero)
    assert "E606" not in codes(rule.format(start="created"), front=zero)


def test_an_escalation_that_an_event_prevents_is_held_against_its_clock() -> None:
    up = """
    Unanswered for {after} it goes up. {{#up}}
    ```yaml rule
    reaction: go_up
    start: created
    after: $text
    unless: [agent_public]
    do: [{{escalate: +1}}]
    ```
    """
    assert "W707" in codes(up.format(after="3 hours") + clock("2 hours"))
    assert "W707" not in codes(up.format(after="1 hour") + clock("2 hours"))
    assert "W707" not in codes(up.format(after="3 hours") + clock("2 hours", stop="accepted"))
