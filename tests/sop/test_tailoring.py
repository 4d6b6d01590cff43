"""Tailoring: what a child may change of its parent, and how its mistakes are told."""

from kept.policy.errors import Compiled, Problem
from kept.policy.sop.lower import compile_sop

PARENT = """\
---
sop: esc
title: Parent
version: 2.1.0
zone: Europe/London
parameters:
  first: {value: 2, unit: hours, why: it is agreed}
  second: {unit: hours, why: it is not agreed}
---
# Parent
```yaml scale
severities: [{id: P1, name: One}]
```
The agreed time holds. {#a}
```yaml rule
clock: answer
stop: agent_public
within: $first
locked: true
```
Closed only when agreed, and solved within 8 hours. {#b}
```yaml rule
- gate: closed
  needs: confirmed
- clock: solve
  stop: resolved
  within: $text
```
"""


def child(body: str = "", front: str = "extends: esc@2") -> Compiled:
    text = f"---\nsop: night\ntitle: N\nversion: 1.0.0\nzone: Europe/London\n{front}\n---\n# N\n"
    return compile_sop(text + body, name="night.md", parents={"esc": PARENT})


def rule(body: str, sentence: str = "It is within 1 hour.") -> str:
    return f"{sentence} {{#x}}\n```yaml rule\n{body}\n```\n"


def told(compiled: Compiled, code: str) -> Problem:
    (found,) = [one for one in compiled.problems if one.code == code]
    return found


def test_a_parameter_of_a_locked_rule_may_not_be_loosened() -> None:
    loose = child(front="extends: esc@2\nset: {first: 3}")
    assert "3 hours instead of 2 hours" in told(loose, "E505").message
    assert "line 16 of esc" in told(loose, "E505").advice
    assert child(front="extends: esc@2\nset: {first: 1}").policy is not None


def test_a_clause_that_changes_the_parent_is_not_without_effect() -> None:
    compiled = child(rule("set: esc.b\nrule: solve\nwithin: $text"))
    assert compiled.policy is not None
    assert "W701" not in [one.code for one in compiled.problems]
    assert compiled.policy.clauses["night.x"].kinds == ("set",)


def test_an_open_parameter_of_the_parent_is_told_where_it_is_extended() -> None:
    assert (told(child(), "W714").line, told(child(), "W714").source_line) == (6, "extends: esc@2")


def test_what_there_is_to_choose_from_is_told_by_its_whole_name() -> None:
    for which in ("", "\nrule: solved"):
        problem = told(child(rule(f"set: esc.b{which}\nwithin: $text")), "E504")
        assert problem.advice == "choose with rule: gate:closed or clock:solve"


def test_an_id_of_the_parent_is_not_given_again() -> None:
    problem = told(child("Another. {#esc.a}\n"), "E405")
    assert (problem.line, problem.advice) == (9, "line 14 of esc has it; choose another")


def test_a_name_declared_by_the_parent_is_told_with_its_file() -> None:
    twice = child("```yaml scale\nseverities: [{id: P1, name: X}]\n```\n")
    assert told(twice, "E420").advice == "line 12 of esc has the first"
    assert told(twice, "E420").other_line is None


def test_each_mistake_of_a_parameter_is_told_once() -> None:
    told(child(front="extends: esc@2\nset: {first: many}"), "E301")


def test_without_a_parent_its_changes_are_told_and_nothing_else() -> None:
    missing = child(rule("set: esc.a\nwithin: $text"), front="extends: other@1")
    assert [one.code for one in missing.problems if one.severity == "error"] == ["E502"]
    alone = child(rule("set: esc.a\nwithin: $text"), front="currency: USD")
    assert [one.code for one in alone.problems if one.severity == "error"] == ["E501"]
