"""Who can do it, what waits for what, and where it goes round."""

from tests.lint.sops import codes, only


def test_levels_that_send_a_ticket_back_and_forth_go_round() -> None:
    problem = only(
        "E604",
        """
    The first line passes on what it cannot do. {#up}
    ```yaml rule
    reaction: up
    on: [attempt_failed]
    when: level == "L1"
    do: [{escalate: L2}]
    ```
    Specialists pass on as well. {#down}
    ```yaml rule
    reaction: down
    on: [attempt_failed]
    when: level == "L2"
    do: [{escalate: L1}]
    ```
    """,
    )
    assert "L1 -> L2 -> L1" in problem.message


def test_an_escalation_that_causes_the_next_goes_round() -> None:
    body = """
    Whoever escalates, escalates. {#up}
    ```yaml rule
    reaction: up
    on: [escalated]
    do: [{escalate: +1}]
    ```
    """
    assert "E604" in codes(body)
    assert "E604" not in codes(
        body.replace("on: [escalated]", 'on: [escalated]\n    when: to == "L2"')
    )


def test_a_ladder_that_only_climbs_does_not_go_round() -> None:
    assert (
        codes("""
    The first line passes on. {#one}
    ```yaml rule
    reaction: one
    on: [attempt_failed]
    when: level == "L1"
    do: [{escalate: L2}]
    ```
    Specialists pass on. {#two}
    ```yaml rule
    reaction: two
    on: [attempt_failed]
    when: level == "L2"
    do: [{escalate: L3}]
    ```
    Critical tickets go to the engineers. {#three}
    ```yaml rule
    reaction: three
    on: [created]
    when: severity == "P1"
    do: [{escalate: L3}]
    ```
    """)
        == []
    )


CLOCK = """
    Somebody takes it on within 10 minutes. {#take}
    ```yaml rule
    clock: take
    start: escalated
    stop: accepted
    by: BY
    within: $text
    ```
    """
LIMITED = """
    ```yaml role
    roles:
      - {id: agent, name: Agent, may: [reply, note]}
      - {id: lead, name: Lead, may: [MAY]}
    ```
    """


def roles(may: str) -> str:
    from textwrap import dedent

    return "\n" + dedent(LIMITED).replace("MAY", may)


def test_a_clock_that_no_role_may_stop_is_lost_from_the_start() -> None:
    problem = only("E607", CLOCK.replace("BY", "human"), roles=roles("approve"))
    assert "accepted" in problem.message


def test_one_role_that_may_is_enough() -> None:
    assert "E607" not in codes(CLOCK.replace("BY", "human"), roles=roles("accept"))
    assert "E607" not in codes(CLOCK.replace("BY", "role:lead"), roles=roles("accepted"))


def test_the_role_that_must_act_has_to_be_allowed_to() -> None:
    assert "E607" in codes(CLOCK.replace("BY", "role:agent"), roles=roles("accept"))


def test_an_act_of_the_level_needs_somebody_on_a_level() -> None:
    nobody = "\n```yaml role\nroles: [{id: agent, name: Agent}]\n```\n"
    assert "E607" in codes(CLOCK.replace("BY", "level"), roles=nobody)
    assert "E607" not in codes(CLOCK.replace("BY", "level"))


def test_gates_that_wait_for_each_other_never_open() -> None:
    problem = only(
        "E608",
        """
    Solved only once the customer agrees. {#a}
    ```yaml rule
    gate: resolved
    needs: confirmed
    say: Ask first.
    ```
    Nobody agrees before it is solved. {#b}
    ```yaml rule
    gate: confirmed
    needs: resolved
    say: Solve first.
    ```
    """,
    )
    assert "resolved -> confirmed -> resolved" in problem.message


def test_a_step_that_can_only_follow_the_act_it_gates_never_opens_it() -> None:
    body = """
    The record is written after solving, and before. {#a}
    ```yaml rule
    step: record
    after: [AFTER]
    before: resolved
    ```
    """
    assert "E608" in codes(body.replace("AFTER", "resolved"))
    assert codes(body.replace("AFTER", "created")) == []


def test_a_gate_for_a_step_that_waits_for_the_gated_act_never_opens() -> None:
    assert "E608" in codes("""
    Closing needs the survey. {#a}
    ```yaml rule
    gate: closed
    needs: '"survey" in steps_done'
    say: Do the survey.
    ```
    The survey follows closing. {#b}
    ```yaml rule
    step: survey
    after: [closed]
    ```
    """)


def test_an_approval_that_needs_what_it_allows_never_comes() -> None:
    assert "E608" in codes("""
    A lead approves payments. {#a}
    ```yaml rule
    approval: refund
    by: lead
    acts: [resolved]
    ```
    Nothing is asked for before it is solved. {#b}
    ```yaml rule
    gate: approval_asked
    needs: resolved
    say: Solve first.
    ```
    """)


def test_gates_for_different_tickets_do_not_wait_for_each_other() -> None:
    assert (
        codes("""
    Critical ones are solved once the customer agrees. {#a}
    ```yaml rule
    gate: resolved
    when: severity == "P1"
    needs: confirmed
    say: Ask first.
    ```
    For others nobody agrees before it is solved. {#b}
    ```yaml rule
    gate: confirmed
    when: severity == "P2"
    needs: resolved
    say: Solve first.
    ```
    """)
        == []
    )


def test_a_prohibition_is_no_deadlock() -> None:
    assert (
        codes("""
    Secrets are not solved by mail. {#a}
    ```yaml rule
    gate: resolved
    when: topic == "secret"
    needs: topic != "secret"
    say: Use another way.
    ```
    """)
        == []
    )


def approval(by: str, distinct: str, limit: str, more: str = "") -> list[str]:
    declared = f"""
    ```yaml role
    roles:
      - {{id: agent, name: Agent, may: [reply]}}
      - {{id: lead, name: Lead, limit: {limit}}}
    ```
    """
    from textwrap import dedent

    return codes(
        f"""
    Refunds over $100 need a lead. {{#pay}}
    ```yaml rule
    approval: refund
    when: amount > 100.00
    by: {by}
    distinct_from: [{distinct}]
    {more}
    ```
    """,
        roles="\n" + dedent(declared),
    )


def test_a_limit_below_the_amounts_asked_for_leaves_nobody() -> None:
    assert "E609" in approval("lead", "requester", "100.00")
    assert "E609" in approval("lead", "requester", "50.00")


def test_a_role_that_may_not_approve_leaves_nobody() -> None:
    assert "E609" in approval("agent", "requester", "500.00")


def test_a_limit_above_only_leaves_the_larger_amounts() -> None:
    assert approval("lead", "requester", "500.00") == ["W713"]
    assert approval("lead", "requester", "~") == []


def test_where_no_role_is_declared_people_of_any_level_can_answer() -> None:
    body = """
    The level in charge answers within 1 hour. {#resp}
    ```yaml rule
    clock: resp
    start: created
    stop: agent_public
    by: level
    within: $text
    ```
    """
    assert "E607" not in codes(body, roles="")


def test_a_gate_that_no_ticket_opens_is_told_and_a_ban_is_not() -> None:
    gate = """
    It is never closed so. {{#ban}}
    ```yaml rule
    gate: closed
    needs: {needs}
    ```
    """
    never = only("E608", gate.format(needs="""'severity == "P1" && severity == "P2"'"""))
    assert "no ticket meets" in never.message
    assert "E608" not in codes(gate.format(needs="false"))
    assert "E608" not in codes(gate.format(needs="""'severity == "P1"'"""))
