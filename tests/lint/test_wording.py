"""Vague words, clauses that do nothing, blanks, perverse measures, figures from nowhere."""

import pytest

from tests.lint.sops import codes, found, only


def test_a_blank_that_nothing_fills_is_told() -> None:
    body = """
    A receipt goes out. {#receipt}
    ```yaml template
    id: receipt
    subject: "We have it ({{ ticket.number }})"
    body: "Dear {{ customer.name }}, {{ order_id }} is known."
    FIELDS
    ```
    """
    assert "order_id" in only("E610", body.replace("FIELDS", "")).message
    filled = body.replace("FIELDS", "fields: [{id: order_id, label: Order}]")
    assert "E610" not in codes(filled)


def test_a_clause_that_nothing_carries_out_is_a_wish() -> None:
    assert only("W701", "We are kind. {#kind}").clause == "shop.kind"


@pytest.mark.parametrize(
    "block",
    [
        "```yaml note\ninformative\n```",
        "```yaml note\nwhy: Judged by people.\nevidence: sampled review\n```",
        "```yaml rule\nmeasure: kindness\nof: mean(score)\n```",
        "```yaml test\n- name: nothing is owed\n"
        '  given: [{at: "2025-06-02T10:00", event: created}]\n'
        "  expect: {status: new}\n```",
    ],
)
def test_a_rule_a_check_or_a_note_is_enough(block: str) -> None:
    assert [p.code for p in found(f"We are kind. {{#kind}}\n{block}\n")] == []


def test_a_sentence_that_only_leads_into_a_list_is_no_wish() -> None:
    listed = "We always:\n\n- greet. {#a}\n```yaml note\ninformative\n```\n"
    assert [p.code for p in found(listed)] == []


VAGUE = """
    Customers are told WORD. {#tell}
    ```yaml rule
    BLOCK
    ```
    """


@pytest.mark.parametrize(
    "word", ["immediately", "promptly", "regularly", "as soon as possible", "in a timely manner"]
)
def test_a_vague_word_without_a_figure_is_told(word: str) -> None:
    body = VAGUE.replace("WORD", word).replace("BLOCK", "step: tell")
    assert only("W710", body).clause == "shop.tell"


def test_a_vague_word_may_get_its_figure_from_the_words_or_the_rule() -> None:
    step = VAGUE.replace("BLOCK", "step: tell")
    meaning = "words: {promptly: 1h}\n"
    assert "W710" not in codes(step.replace("WORD", "promptly"), front=meaning)
    assert "W710" in codes(step.replace("WORD", "regularly"), front=meaning)
    at_once = "reaction: tell\n    on: [created]\n    do: [{notify: [agent]}]"
    assert "W710" not in codes(VAGUE.replace("WORD", "immediately").replace("BLOCK", at_once))


def test_a_word_inside_another_is_not_vague() -> None:
    body = VAGUE.replace("WORD", "how soon, and irregularly").replace("BLOCK", "step: tell")
    assert codes(body) == []


MEASURE = """
    Customers may ask for more. {#up}
    ```yaml rule
    reaction: up
    on: [attempt_failed]
    do: [{escalate: L2}]
    ```
    Fewer than 5% are escalated. {#rate}
    ```yaml rule
    measure: escalation_rate
    of: OF
    target: "TARGET"
    split: [SPLIT]
    ```
    """


def measure(of: str, target: str = "< 5%", split: str = "channel") -> list[str]:
    return codes(MEASURE.replace("OF", of).replace("TARGET", target).replace("SPLIT", split))


def test_a_ceiling_on_what_the_sop_demands_is_perverse() -> None:
    assert "W709" in measure("count(escalated) / count(created)")


def test_a_ceiling_on_voluntary_ones_is_not() -> None:
    assert "W709" not in measure("count(escalated_voluntary) / count(created)")


def test_a_floor_is_not_perverse() -> None:
    assert "W709" not in measure("count(escalated) / count(created)", target="> 5%")


def test_a_figure_in_a_fact_must_stand_in_the_sentence() -> None:
    body = """
    Returns are taken for 30 days. {#returns}
    ```yaml rule
    clock: returns
    start: created
    stop: resolved
    within: $text
    fact: {key: policy_facts.window_days, value: VALUE}
    ```
    """
    assert "E621" in codes(body.replace("VALUE", "45"))
    assert codes(body.replace("VALUE", "30")) == []
    assert codes(body.replace("VALUE", "$figure")) == []


def test_a_parameter_without_value_makes_a_draft() -> None:
    body = """
    It is answered within the time we agreed. {#answer}
    ```yaml rule
    clock: answer
    start: created
    stop: agent_public
    within: $hours
    ```
    """
    front = "parameters:\n  hours: {unit: hours, why: not agreed yet}\n"
    assert only("W714", body, front=front).severity == "warning"


def test_a_sound_sop_has_nothing_to_tell() -> None:
    assert (
        codes("""
    Somebody answers within 1 hour. {#answer}
    ```yaml rule
    clock: answer
    start: created
    stop: agent_public
    within: $text
    ```
    """)
        == []
    )


def test_blanks_and_facts_are_told_in_their_own_line() -> None:
    body = """
    What we write. {#w}
    ```yaml template
    id: receipt
    title: Receipt
    body: |
      Hello,
      dear {{ customer.nme }}.
    ```
    ```yaml note
    informative: true
    facts:
      answer_days: 45
    ```
    """
    blank, fact = only("E610", body), only("E621", body)
    assert blank.source_line == "  dear {{ customer.nme }}."
    assert blank.advice == 'did you mean "customer.name"?'
    assert fact.source_line == "  answer_days: 45"
