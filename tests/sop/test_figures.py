"""Figures: what a sentence says, and what may be made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.policy.rules import TargetUnit
from kept.policy.sop.figures import Kind, Part, quantities
from kept.policy.sop.params import read_figure
from kept.policy.words import DAY, HOUR, MINUTE, SECOND

TIME, DAYS = TargetUnit.TIME, TargetUnit.WORKING_DAYS


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("90s", TIME, 90 * SECOND), ("5m", TIME, 5 * MINUTE), ("4h", TIME, 4 * HOUR),
        ("2h30m", TIME, 150 * MINUTE), ("90 seconds", TIME, 90 * SECOND),
        ("15 minutes", TIME, 15 * MINUTE), ("15 mins", TIME, 15 * MINUTE),
        ("1 hour", TIME, HOUR), ("one hour", TIME, HOUR), ("Twenty minutes", TIME, 20 * MINUTE),
        ("1.5 hours", TIME, 90 * MINUTE), ("half an hour", TIME, 30 * MINUTE),
        ("2 hours 30 minutes", TIME, 150 * MINUTE), ("24h", TIME, DAY), ("30-day", TIME, 30 * DAY),
        ("5 working days", DAYS, 5), ("5 business days", DAYS, 5), ("1 working day", DAYS, 1),
        ("1 month", TargetUnit.MONTHS, 1), ("1y", TargetUnit.YEARS, 1),
        ("twenty-four hours", TIME, DAY), ("seventy two hours", TIME, 3 * DAY),
        ("a quarter of an hour", TIME, 15 * MINUTE), ("five (5) business days", DAYS, 5),
        ("24 (twenty-four) hours", TIME, DAY),
        ("two weeks", TIME, 14 * DAY), ("2 business hours", TIME, 2 * HOUR),
        ("one hundred and twenty minutes", TIME, 2 * HOUR), ("a hundred hours", TIME, 100 * HOUR),
        ("one thousand two hundred and five hours", TIME, 1205 * HOUR),
        ("three quarters of an hour", TIME, 45 * MINUTE), ("2½ hours", TIME, 150 * MINUTE),
        ("one and a half hours", TIME, 90 * MINUTE), ("1 hour and a half", TIME, 90 * MINUTE),
        ("an hour and a quarter", TIME, 75 * MINUTE), ("15\u00a0minutes", TIME, 15 * MINUTE),
        ("12 calendar days", TIME, 12 * DAY), ("2 calendar months", TargetUnit.MONTHS, 2),
    ],
)  # fmt: skip
def test_a_duration_is_read_alike_in_rules_and_in_prose(
    text: str, unit: TargetUnit, amount: int
) -> None:
    in_rule = read_figure(text, Kind.DURATION)
    (in_prose,) = quantities(f"We do it within {text}, always.")
    assert in_rule is not None
    assert (in_rule.unit, in_rule.amount) == (unit, amount)
    assert in_prose.value == in_rule.value


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("over $100", Kind.MONEY, 10_000), ("over $1,000.50", Kind.MONEY, 100_050),
        ("100 USD", Kind.MONEY, 10_000), ("£20", Kind.MONEY, 2_000),
        ("Rs 500", Kind.MONEY, 50_000), ("100 €", Kind.MONEY, 10_000),
        ("$1.5k", Kind.MONEY, 150_000), ("over $2 million", Kind.MONEY, 200_000_000),
        ("a thousand dollars", Kind.MONEY, 100_000),
        ("15%", Kind.PERCENT, 150), ("12.5 percent", Kind.PERCENT, 125),
        ("90 per cent", Kind.PERCENT, 900), ("above 4.5", Kind.SCORE, 4_500),
        ("> 4.5/5.0", Kind.SCORE, 4_500), ("4 out of 5", Kind.SCORE, 4_000),
        ("after 2 attempts", Kind.COUNT, 2), ("after three attempts", Kind.COUNT, 3),
    ],
)  # fmt: skip
def test_other_figures_are_exact(text: str, kind: Kind, amount: int) -> None:
    (one,) = quantities(text)
    assert (one.kind, one.amount) == (kind, amount)


@pytest.mark.parametrize(
    "text", ["3-5 business days", "3–5 business days", "3 to 5 business days"]
)
def test_a_range_has_two_ends(text: str) -> None:
    low, high = quantities(f"Replaced within {text}.")
    assert (low.part, low.amount, low.unit) == (Part.MIN, 3, DAYS)
    assert (high.part, high.amount, high.unit) == (Part.MAX, 5, DAYS)


@pytest.mark.parametrize("text", ["P1 and L2", "see 4.2.1 and v1.2.3", "soon", "tenant, someone"])
def test_names_and_words_are_no_durations(text: str) -> None:
    assert [one for one in quantities(text) if one.kind is Kind.DURATION] == []


@pytest.mark.parametrize("text", ["monthly", "every month", "each month", "once per month"])
def test_a_repetition_is_a_figure_too(text: str) -> None:
    (one,) = quantities(f"We review complaints {text}.")
    assert one.every
    assert (one.unit, one.amount) == (TargetUnit.MONTHS, 1)


def test_two_times_are_two_figures_and_lie_where_they_are_said() -> None:
    text = "Within 4 hours, or 24 hours at night."
    assert [text[one.start : one.end] for one in quantities(text)] == ["4 hours", "24 hours"]


@given(st.text(max_size=300))
def test_any_text_has_figures_or_none(text: str) -> None:
    for one in quantities(text):
        assert 0 <= one.start < one.end <= len(text)


def test_hostile_text_is_read_in_a_moment() -> None:
    for text in ("1 " * 10_000, "9" * 20_000, "1-" * 10_000, "$" * 20_000, "every " * 4_000):
        quantities(text)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("between one hundred and two hundred hours", (100 * HOUR, 200 * HOUR)),
        ("$50-$100k", (5_000, 10_000_000)), ("$1-2 million", (100_000_000, 200_000_000)),
    ],
)  # fmt: skip
def test_both_ends_of_a_range_keep_their_size(text: str, amounts: tuple[int, int]) -> None:
    low, high = quantities(text)
    assert (low.amount, high.amount) == amounts
    assert (low.part, high.part) == (Part.MIN, Part.MAX)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("over $100 and 3 attempts", [(Kind.MONEY, Part.ONLY), (Kind.COUNT, Part.ONLY)]),
        ("$100 and $50", [(Kind.MONEY, Part.ONLY)] * 2),
        ("between $50 and 100", [(Kind.MONEY, Part.MIN), (Kind.MONEY, Part.MAX)]),
        ("$50 to 3 days", [(Kind.MONEY, Part.ONLY), (Kind.DURATION, Part.ONLY)]),
    ],
)
def test_an_amount_takes_no_figure_that_follows_it(
    text: str, kinds: list[tuple[Kind, Part]]
) -> None:
    assert [(one.kind, one.part) for one in quantities(text)] == kinds
