"""What a compiled policy holds: rules, figures, declarations, and a hash of what binds."""

from pathlib import Path

import msgspec

from kept.policy.rules import (
    ApprovalRule,
    CadenceRule,
    ClockRule,
    EntitlementRule,
    EscalateAction,
    GateRule,
    MeasureRule,
    Policy,
    ReactionRule,
    StepRule,
    TableRule,
    TargetUnit,
    WindowRule,
)
from kept.policy.sop.lower import compile_sop
from kept.policy.words import HOUR, MINUTE, Enforce

GOOD = Path(__file__).parent.parent / "sops" / "good"


def policy(name: str, **parameters: str) -> Policy:
    compiled = compile_sop((GOOD / f"{name}.md").read_text(), parameters=parameters)
    assert compiled.policy is not None
    return compiled.policy


def changed(name: str, old: str, new: str) -> Policy:
    text = (GOOD / f"{name}.md").read_text()
    assert old in text
    compiled = compile_sop(text.replace(old, new))
    assert compiled.policy is not None, compiled.problems
    return compiled.policy


def test_the_handbook_example_becomes_one_clock() -> None:
    (rule,) = policy("handbook").rules
    assert isinstance(rule, ClockRule)
    assert (rule.because.clause, rule.because.rule) == ("esc.P.P2.resp", "clock:first_response")
    assert (rule.start, rule.stop) == (("created",), ("agent_public",))
    assert rule.target is not None
    assert (rule.target.amount, rule.target.text) == (HOUR, "1 hour")
    assert (rule.strict, rule.by.kind, rule.warn, rule.pause) == (False, "human", (500, 800), ())
    assert rule.on_miss[0] == EscalateAction(by=1)
    assert rule.when is not None
    assert rule.when.test({"severity": "P2"}) is True
    assert rule.when.test({}) is None


def test_every_kind_of_rule_is_compiled() -> None:
    kinds = {type(rule) for rule in policy("every_kind").rules}
    assert kinds == {
        ClockRule, WindowRule, StepRule, ReactionRule, GateRule, ApprovalRule, EntitlementRule,
        CadenceRule, MeasureRule, TableRule,
    }  # fmt: skip


def test_figures_come_from_the_sentence_or_a_named_parameter() -> None:
    rules = {rule.because.rule: rule for rule in policy("every_kind").rules}
    window, quiet = rules["window:updates"], rules["reaction:quiet"]
    warranty, gift = rules["entitlement:warranty"], rules["approval:gift"]
    assert isinstance(window, WindowRule)
    assert window.every is not None
    assert window.every.amount == 4 * HOUR
    assert window.pause == ("waiting_on_customer",)
    assert isinstance(quiet, ReactionRule)
    assert quiet.after is not None
    assert (quiet.after.amount, quiet.after.param) == (4 * HOUR, "update")
    assert isinstance(warranty, EntitlementRule)
    assert warranty.lasts is not None
    assert (warranty.lasts.amount, warranty.lasts.unit) == (12, TargetUnit.MONTHS)
    assert warranty.fee_permille == 150
    assert isinstance(gift, ApprovalRule)
    assert gift.sum_over == (("ticket", "always"), ("customer", "30d"))


def test_working_days_count_on_the_desk_calendar_where_a_rule_names_none() -> None:
    low = next(rule for rule in policy("every_kind").rules if rule.because.clause == "kinds.low")
    assert isinstance(low, ClockRule)
    assert low.calendar == "desk"
    assert low.target is not None
    assert (low.target.amount, low.target.unit) == (2, TargetUnit.WORKING_DAYS)


def test_the_top_of_the_ladder_has_its_own_actions() -> None:
    rules = {rule.because.rule: rule for rule in policy("every_kind").rules}
    tries = rules["reaction:tries"]
    assert isinstance(tries, ReactionRule)
    assert isinstance(tries.do[0], EscalateAction)
    assert len(tries.do[0].at_top) == 1


def test_the_upper_end_of_a_range_is_the_duty() -> None:
    rule = policy("figures").rules[0]
    assert isinstance(rule, ClockRule)
    assert rule.target is not None
    assert (rule.target.amount, rule.calendar) == (5, "shop")


def test_a_draft_compiles_and_names_what_is_unset() -> None:
    draft = policy("draft")
    assert draft.unset == ("hours", "csat")
    clock, measure = draft.rules
    assert isinstance(clock, ClockRule)
    assert clock.target is None
    assert isinstance(measure, MeasureRule)
    assert (measure.op, measure.goal) == (">", None)


def test_setting_the_parameters_makes_a_draft_whole() -> None:
    whole = policy("draft", hours="4", csat="4.5")
    clock, measure = whole.rules
    assert whole.unset == ()
    assert isinstance(clock, ClockRule)
    assert clock.target is not None
    assert clock.target.amount == 4 * HOUR
    assert isinstance(measure, MeasureRule)
    assert measure.goal == "4.5"


def test_a_clause_knows_its_rules_and_how_hard_it_holds() -> None:
    clauses = policy("every_kind").clauses
    assert clauses["kinds.answer"].kinds == ("clock",)
    assert clauses["kinds.answer"].enforce is Enforce.WARN
    assert clauses["kinds.kind"].informative
    assert clauses["kinds.answer"].parent == "kinds"


def test_lines_and_tests_do_not_change_the_hash() -> None:
    first = policy("every_kind").hash
    assert changed("every_kind", "# All kinds\n", "\n\n# All kinds\n\n").hash == first
    assert changed("every_kind", "name: it starts", "name: it has begun").hash == first


def test_rules_declarations_and_words_of_clauses_change_the_hash() -> None:
    first = policy("every_kind").hash
    assert changed("every_kind", "less than 1 hour", "less than 2 hours").hash != first
    assert changed("every_kind", "name: Experts, team", "name: Wise, team").hash != first
    assert changed("every_kind", "Be kind.", "Be very kind.").hash != first
    assert changed("every_kind", "amount > 100.00", "amount >= 100.00").hash != first


def test_a_policy_can_be_kept_as_json_but_for_its_closures() -> None:
    whole = policy("every_kind")
    assert msgspec.json.encode(whole, enc_hook=lambda closure: None)


MANUAL = """---
sop: mini
title: Mini
version: 1.0.0
zone: Europe/London
extends: esc@2
{front}---
# Mini

We answer high ones within {time}. {{#fast}}
```yaml rule
{rule}
```
"""
SET = "set: esc.P.P2.resp\nwithin: $text"


def child(
    time: str = "30 minutes", rule: str = SET, front: str = "", lock: bool = False
) -> tuple[Policy | None, list[str]]:
    parent = (GOOD / "handbook.md").read_text()
    if lock:
        parent = parent.replace("stop: agent_public\n", "stop: agent_public\nlocked: true\n")
    compiled = compile_sop(
        MANUAL.format(front=front, time=time, rule=rule), parents={"esc@2": parent}
    )
    return compiled.policy, [p.code for p in compiled.problems if p.severity == "error"]


def test_a_child_sets_a_figure_of_its_parent_from_its_own_sentence() -> None:
    made, _ = child()
    assert made is not None
    (rule,) = made.rules
    assert isinstance(rule, ClockRule)
    assert rule.target is not None
    assert (rule.because.clause, rule.target.amount) == ("esc.P.P2.resp", 30 * MINUTE)
    assert made.extends == "esc@2"


def test_a_literal_of_a_child_is_held_against_the_childs_sentence() -> None:
    assert child(rule="set: esc.P.P2.resp\nwithin: 1h")[1] == ["E210"]


def test_a_child_sets_a_parameter() -> None:
    made, _ = child(front="set: {failed_attempts: 3}\n")
    assert made is not None
    assert made.parameters["failed_attempts"].value == "3"


def test_a_child_removes_a_clause_with_a_reason() -> None:
    made, codes = child(rule="remove: esc.P.P2.resp\nreason: another team answers")
    assert codes == []
    assert made is not None
    assert made.rules == ()
    assert child(rule="remove: esc.P.P2.resp")[1] == ["E430"]


def test_a_child_adds_a_rule_and_an_exception() -> None:
    made, _ = child(
        rule="clock: quick\nstop: agent_public\nwithin: $text\nexception_to: esc.P.P2.resp"
    )
    assert made is not None
    assert [rule.because.clause for rule in made.rules] == ["esc.P.P2.resp", "mini.fast"]
    assert made.rules[1].exception_to == ("esc.P.P2.resp",)


def test_a_locked_clause_gets_only_tighter() -> None:
    assert child(lock=True)[1] == []
    assert child(lock=True, time="2 hours")[1] == ["E505"]
    assert child(lock=True, rule="remove: esc.P.P2.resp\nreason: no")[1] == ["E505"]
    assert child(lock=True, rule="set: esc.P.P2.resp\nenforce: observe")[1] == ["E505"]
    assert child(lock=True, rule="set: esc.P.P2.resp\nby: any")[1] == ["E505"]
    assert child(
        lock=True,
        rule="clock: quick\nstop: agent_public\nwithin: $text\nexception_to: esc.P.P2.resp",
    )[1] == ["E505"]


def test_a_parent_must_be_there_in_the_version_that_is_meant() -> None:
    text = MANUAL.format(front="", time="30 minutes", rule=SET)
    parent = (GOOD / "handbook.md").read_text()
    assert compile_sop(text).problems[0].code == "E502"
    old = parent.replace("version: 2.1.0", "version: 1.9.0")
    assert "E503" in [p.code for p in compile_sop(text, parents={"esc": old}).problems]


EVENTS = """---
sop: mini
title: Mini
version: 1.0.0
zone: UTC
---
# Mini

```yaml level
levels: [{{id: L1, name: One}}, {{id: L2, name: Two}}]
```

A lead approves gifts. {{#gift}}
```yaml rule
approval: gift
by: lead
```

We call within 1 hour. {{#call}}
```yaml rule
- step: call
  after: created
- clock: called
  stop: "{event}"
  within: $text
```
"""


def test_rules_may_wait_for_a_level_a_step_an_approval_or_a_flag() -> None:
    for event in ("escalated:L2", "step:call", "call", "approved:gift", "note_flag:vip"):
        assert compile_sop(EVENTS.format(event=event)).policy is not None, event


def test_an_event_that_never_comes_is_told() -> None:
    for event, code in (
        ("escalated:L9", "E101"), ("step:cal", "E111"), ("approved:gits", "E106"),
        ("rejected:gift", "E106"), ("sop_event", "E106"),
    ):  # fmt: skip
        assert compile_sop(EVENTS.format(event=event)).problems[0].code == code


def test_a_locked_clause_may_warn_more_and_not_less() -> None:
    assert child(lock=True, rule="set: esc.P.P2.resp\nwarn: [25%, 50%, 80%]")[1] == []
    assert child(lock=True, rule="set: esc.P.P2.resp\nwarn: [80%]")[1] == ["E505"]
    assert child(lock=True, rule="set: esc.P.P2.resp\non_miss: []")[1] == ["E505"]
