"""Measures that show nothing, and targets in another unit than their formula."""

import pytest

from tests.lint.sops import codes, only


def measure(of: str, target: str) -> str:
    return f"""
    We watch it, and it is {target} in all. {{#watched}}
    ```yaml rule
    measure: watched
    of: {of}
    target: "{target}"
    ```
    """


@pytest.mark.parametrize(
    ("of", "target"),
    [
        ("share(score >= 4)", "> 90%"), ("rate(watched)", ">= 80%"), ("mean(score)", "> 4.5"),
        ("avg(score)", "> 4"), ("count(refused:shop.watched)", "< 3"), ("sum(amount)", "< $100"),
        ("count(survey_answered) / count(tickets)", "> 50%"), ("time(created, resolved)", "< 2h"),
        ("mean(escalations)", "< 2"), ("p90(time(created, agent_public))", "<= 3 hours"),
        ("kept / (kept + missed)", "> 95%"),
    ],
)  # fmt: skip
def test_a_sound_measure_is_left_alone(of: str, target: str) -> None:
    assert set(codes(measure(of, target))) <= {"W709"}


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ("nonsense(((", '"nonsense(((" is no formula'),
        ("share(survey >= 4)", 'unknown field "survey"'),
        ("rate(wached)", 'nothing is called "wached"'),
        ("time(created, resovled)", 'nothing is called "resovled"'),
    ],
)
def test_a_formula_is_read_when_it_is_written(of: str, said: str) -> None:
    assert said in only("W715", measure(of, "> 4")).message


@pytest.mark.parametrize(
    ("of", "target", "advice"),
    [
        ("mean(score)", "> 90%", '"> 4.5"'), ("share(resolved)", "> 0.9", '"> 90%"'),
        ("time(created, resolved)", "< 3", '"<= 2 hours"'), ("count(tickets)", "< 3h", '"< 3"'),
    ],
)  # fmt: skip
def test_a_target_is_in_the_unit_of_its_formula(of: str, target: str, advice: str) -> None:
    assert only("E305", measure(of, target)).advice == f"write it as in {advice}"
