"""Conditions: typed, three-valued, and never evaluated as code."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.policy.condition_types import Checker
from kept.policy.conditions import (
    ConditionError,
    FieldType,
    Test,
    Type,
    compile_tree,
    parse,
    walk,
)
from kept.policy.phrases import phrases_in
from kept.policy.words import Value

FIELDS = {
    "severity": FieldType(type=Type.CHOICE, values=("P1", "P2")),
    "level": FieldType(type=Type.CHOICE, values=("L1", "L2", "L10"), ordered=True),
    "topic": FieldType(type=Type.CHOICE),
    "verified": FieldType(type=Type.BOOL),
    "confirmed": FieldType(type=Type.BOOL),
    "amount": FieldType(type=Type.MONEY),
    "score": FieldType(type=Type.SCORE),
    "tries": FieldType(type=Type.COUNT),
    "replies": FieldType(type=Type.COUNT),
    "bought": FieldType(type=Type.DATE),
    "flags": FieldType(type=Type.LIST),
    "text": FieldType(type=Type.TEXT),
    "claim.value": FieldType(type=Type.MONEY),
}
PARAMETERS: Mapping[str, Value] = {"limit": 5_000, "unset": None}


def checked(source: str) -> Checker:
    checker = Checker(FIELDS, lambda name, kind, offset: PARAMETERS[name])
    checker.truth(parse(source))
    return checker


def test_of(source: str) -> Test:
    checker = Checker(FIELDS, lambda name, kind, offset: PARAMETERS[name])
    tree = checker.truth(parse(source))
    assert checker.problems == []
    return compile_tree(tree, FIELDS)


test_of.__test__ = False  # type: ignore[attr-defined]  # a maker of tests, not one


@pytest.mark.parametrize(
    ("source", "scope", "truth"),
    [
        ('severity == "P1"', {"severity": "P1"}, True),
        ('severity == "P1"', {"severity": "P2"}, False),
        ('severity == "P1"', {}, None),
        ('severity != "P1"', {}, None),
        ('"P1" == severity', {"severity": "P1"}, True),
        ('severity in ["P1", "P2"]', {"severity": "P2"}, True),
        ('level >= "L2"', {"level": "L10"}, True),
        ('level < "L2"', {"level": "L1"}, True),
        ('level >= "L2"', {}, None),
        ("amount > 100.00", {"amount": 10_000}, False),
        ("amount > 100", {"amount": 10_001}, True),
        ("100.00 < amount", {"amount": 10_001}, True),
        ("amount > $limit", {"amount": 5_001}, True),
        ("amount > $unset", {"amount": 5_001}, None),
        ("score < 4.5", {"score": 4_499}, True),
        ("tries >= 2", {"tries": 2}, True),
        ("tries > replies", {"tries": 2, "replies": 1}, True),
        ("tries > replies", {"tries": 2}, None),
        ('bought >= "2025-01-01"', {"bought": "2025-01-02"}, True),
        ("claim.value >= 500.00", {"claim.value": 50_000}, True),
        ("verified", {"verified": True}, True),
        ("verified == false", {"verified": False}, True),
        ("!verified", {}, None),
        ("known(verified)", {}, False),
        ("known(verified)", {"verified": False}, True),
        ('"vip" in flags', {"flags": ("vip",)}, True),
        ('"vip" in flags', {"flags": ()}, False),
        ('"vip" in flags', {}, None),
        ("verified && confirmed", {"verified": False}, False),
        ("verified && confirmed", {"confirmed": False}, False),
        ("verified && confirmed", {"verified": True}, None),
        ("verified || confirmed", {"confirmed": True}, True),
        ("verified || confirmed", {"confirmed": False}, None),
        ("!(verified || confirmed) && true", {"verified": False, "confirmed": False}, True),
        ('verified || confirmed && topic == "x"', {"verified": True}, True),
        ('text has ["outage"]', {"text": "An OUTAGE!"}, True),
        ('text has ["outage"]', {"text": "outages"}, False),
        ('text has ["is down"]', {"text": "it is\n down."}, True),
        ('text has ["down"]', {"text": "shutdown"}, False),
        ('text has ["down"]', {"phrases": ("down",)}, True),
        ('text has ["down"]', {"phrases": (), "text": "down"}, False),
        ('text has ["down"]', {}, None),
        ('text has ["STRASSE"]', {"text": "die Straße"}, True),
    ],
)  # fmt: skip
def test_a_condition_is_true_false_or_unknown(
    source: str, scope: dict[str, Value], truth: bool | None
) -> None:
    assert test_of(source)(scope) is truth


@pytest.mark.parametrize(
    ("source", "code", "offset"),
    [
        ('severty == "P1"', "E105", 0), ('severity == "P9"', "E107", 12),
        ("amount", "E301", 0), ('amount > "x"', "E301", 9), ("tries == true", "E301", 9),
        ("severity == P1", "E105", 12), ("5 > 4", "E302", 2), ('severity in []', "E302", 12),
        ('severity > "P1"', "E303", 0), ('text == "x"', "E303", 0), ('flags == "x"', "E303", 0),
        ('topic has ["x"]', "E303", 0), ("amount > 1.001", "E304", 9), ("tries > 1.5", "E304", 8),
        ("known(nothing)", "E105", 0), ('bought > "soon"', "E301", 9),
        ('level > verified', "E301", 6),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_at_its_place(source: str, code: str, offset: int) -> None:
    problem = checked(source).problems[0]
    assert (problem.code, problem.offset) == (code, offset)


@pytest.mark.parametrize(
    "source",
    ["", "   ", "verified &&", "(verified", "verified)", "verified = true", "a.b.c", "'open",
     "known(", "known(1)", "[", "verified and confirmed", "__import__('os')", "verified ; x",
     "(" * 500, "!" * 500, " && ".join(["verified"] * 33 + ["confirmed"])],
)  # fmt: skip
def test_what_is_no_condition_is_refused(source: str) -> None:
    with pytest.raises(ConditionError):
        parse(source)


def test_all_problems_of_a_condition_are_told() -> None:
    codes = [problem.code for problem in checked('nobody == "x" && amount > "y"').problems]
    assert codes == ["E105", "E301"]


def test_sixty_four_parts_are_the_most() -> None:
    assert len(list(walk(parse(" || ".join(["verified"] * 32))))) == 63
    with pytest.raises(ConditionError) as error:
        parse(" || ".join(["verified"] * 33))
    assert error.value.problem.code == "E904"


@given(st.text(max_size=80))
def test_any_text_is_a_condition_or_a_problem(source: str) -> None:
    try:
        tree = parse(source)
    except ConditionError:
        return
    checker = Checker(FIELDS, lambda name, kind, offset: None)
    checker.truth(tree)


NAMES = st.sampled_from(["verified", "confirmed"])
TREES = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
            lambda three: f"({three[0]} {three[1]} {three[2]})"
        ),
    ),
    max_leaves=8,
)


@given(TREES, st.sampled_from([True, False]), st.sampled_from([True, False]))
def test_learning_a_fact_never_turns_a_known_answer(source: str, one: bool, other: bool) -> None:
    holds = test_of(source)
    whole = holds({"verified": one, "confirmed": other})
    for partial in ({}, {"verified": one}, {"confirmed": other}):
        assert holds(partial) in (None, whole)
    assert whole is not None


WORDS = st.text(st.characters(exclude_characters=">-"), max_size=60)
"""Text without quotations and signatures."""


@given(st.lists(st.sampled_from(["down", "is down", "out age", "x"])), WORDS)
def test_phrases_are_found_with_any_text_around(phrases: list[str], text: str) -> None:
    found = phrases_in(text + " is   DOWN " + text, tuple(phrases))
    assert ("is down" in phrases) == ("is down" in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("> it is down\nIt works again", ()),
        ("Thanks.\n-- \nThe team that is never down", ()),
        ("On 2 June 2025, Amira wrote:\n> down", ()),
        ("It is down.\n> Is it up?", ("down",)),
        ("We see this:\n> no answer\nAll is down", ("down",)),
    ],
)
def test_quotations_and_signatures_are_not_what_the_customer_says(
    text: str, found: tuple[str, ...]
) -> None:
    assert phrases_in(text, ("down",)) == found
