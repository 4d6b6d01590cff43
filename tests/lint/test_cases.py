"""Exceptions, tables, and rules that never apply or add nothing."""

from tests.lint.sops import codes, only

EXCEPTIONS = """
    Tickets are answered within 4 hours. {#all}
    ```yaml rule
    clock: first_response
    start: created
    stop: agent_public
    within: $text
    ```
    Critical ones within 15 minutes. {#critical}
    ```yaml rule
    clock: first_response
    when: severity == "P1"
    start: created
    stop: agent_public
    within: $text
    exception_to: [shop.all]
    ```
    Gold customers within 1 hour. {#gold}
    ```yaml rule
    clock: first_response
    when: tier == "gold"
    start: created
    stop: agent_public
    within: $text
    exception_to: [EXCEPTED]
    ```
    """


def test_two_exceptions_that_hold_for_one_ticket_are_told_with_that_ticket() -> None:
    problem = only("E601", EXCEPTIONS.replace("EXCEPTED", "shop.all"))
    assert "severity P1, tier gold" in problem.message
    assert problem.clause == "shop.gold"
    assert problem.other_line is not None and problem.other_line < problem.line


def test_an_exception_to_the_other_exception_settles_it() -> None:
    assert "E601" not in codes(EXCEPTIONS.replace("EXCEPTED", "shop.all, shop.critical"))


def test_exceptions_for_different_tickets_do_not_meet() -> None:
    apart = EXCEPTIONS.replace("EXCEPTED", "shop.all").replace(
        'tier == "gold"', 'tier == "gold" && severity in ["P2", "P3"]'
    )
    assert "E601" not in codes(apart)


TABLE = """
    Impact and urgency give the severity. {#table}
    ```yaml table
    name: triage
    inputs: {impact: [high, low], urgency: [high, low]}
    output: severity
    unique: UNIQUE
    complete: true
    rows:
      - {impact: high, then: P1}
      - {impact: [OTHER], urgency: high, then: P2}
      - {impact: low, urgency: low, then: P3}
    ```
    """


def test_rows_of_a_unique_table_that_overlap_name_the_case() -> None:
    problem = only("E602", TABLE.replace("UNIQUE", "true").replace("OTHER", "high, low"))
    assert "impact high, urgency high" in problem.message


def test_a_gap_in_a_complete_table_names_the_case() -> None:
    body = TABLE.replace("UNIQUE", "true").replace("[OTHER]", "low")
    problem = only("E603", body.replace("      - {impact: low, urgency: low, then: P3}\n", ""))
    assert "impact low, urgency low" in problem.message


def test_a_table_without_overlap_and_gap_is_sound() -> None:
    assert codes(TABLE.replace("UNIQUE", "true").replace("OTHER", "low")) == []


def test_rows_may_overlap_where_the_first_one_counts() -> None:
    assert codes(TABLE.replace("UNIQUE", "false").replace("OTHER", "high, low")) == []


def test_a_row_behind_rows_that_take_all_its_cases_is_never_reached() -> None:
    body = (
        TABLE.replace("UNIQUE", "false")
        .replace("OTHER", "high, low")
        .replace("low, urgency: low, then: P3", "[high, low], then: P3")
        .replace(
            "- {impact: [high, low], then: P3}", "- {then: P3}\n      - {impact: low, then: P2}"
        )
    )
    assert "W702" in codes(body)


def rule(when: str, more: str = "") -> str:
    return f"""
    Somebody looks within 1 hour. {{#look}}
    ```yaml rule
    clock: look
    when: {when}
    start: created
    stop: agent_public
    within: $text
    {more}
    ```
    """


def test_a_condition_that_contradicts_itself_is_never_met() -> None:
    assert "W702" in codes(rule('severity == "P1" && severity == "P2"'))
    assert "W702" in codes(rule("failed_attempts > 2 && failed_attempts < 3"))
    assert "W702" in codes(rule('level > "L3"'))
    assert "W702" in codes(rule('severity == "P1" && !(severity in ["P1", "P2"])'))
    assert "W702" in codes(rule('\'"x" in flags && !("x" in flags)\''))


def test_a_narrow_condition_is_met_by_somebody() -> None:
    assert codes(rule('failed_attempts > 2 && failed_attempts < 4 && level >= "L3"')) == []
    assert codes(rule("'!known(severity) && tier != \"gold\"'")) == []
    assert codes(rule('text has ["outage", "down"] && !(text has ["download"])')) == []


def test_a_reaction_whose_exception_is_its_condition_never_acts() -> None:
    body = """
    Critical tickets are flagged. {#flag}
    ```yaml rule
    reaction: flag
    on: [created]
    when: severity == "P1"
    unless: severity in ["P1", "P2"]
    do: [{flag: urgent}]
    ```
    """
    assert "W702" in codes(body)


IMPLIED = """
    Everybody gets a word within 1 hour. {#all}
    ```yaml rule
    clock: word
    start: created
    stop: agent_public
    within: $text
    ```
    Critical customers get an answer within AMOUNT. {#critical}
    ```yaml rule
    clock: answer
    when: severity == "P1"
    start: created
    stop: agent_public
    within: $text
    ```
    """


def test_a_clock_that_a_tighter_one_always_covers_is_implied() -> None:
    problem = only("W703", IMPLIED.replace("AMOUNT", "4 hours"))
    assert problem.clause == "shop.critical" and "shop.all" in problem.message


def test_a_tighter_clock_for_some_is_not_implied() -> None:
    assert codes(IMPLIED.replace("AMOUNT", "30 minutes")) == []


def test_a_condition_with_too_many_cases_is_not_judged() -> None:
    words = " && ".join(f'text has ["w{n}"]' for n in range(12))
    assert "W799" in codes(rule(words))
