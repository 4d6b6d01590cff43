"""A filled template reads as a mail: no break where only the source line was full."""

from itertools import pairwise
from pathlib import Path

import pytest

from kept.policy import Policy, compile_sop
from kept.policy.rules import Template
from kept.services.filling import fill
from kept.services.reflowing import reflowed

SOPS = Path(__file__).parent.parent.parent / "sops"
WIDE = """Hello Dana,

we treat your problem as critical. Our engineers have been called, and we will
ring you as well. You will hear from us again by noon.

Support
www.example.com"""


@pytest.fixture(scope="module", params=["basic", "care", "crm", "esc", "retail"])
def policy(request: pytest.FixtureRequest) -> Policy:
    compiled = compile_sop((SOPS / f"{request.param}.md").read_text()).policy
    assert compiled is not None
    return compiled


def test_a_paragraph_wrapped_by_width_is_one_line() -> None:
    assert reflowed(WIDE).splitlines() == [
        "Hello Dana,", "",
        "we treat your problem as critical. Our engineers have been called, and we will ring you"
        " as well. You will hear from us again by noon.", "",
        "Support", "www.example.com",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "meant",
    [
        "First do this.\nThen do that.\nCall us if it stays dark.",
        "- take the plug out of the wall, count slowly to thirty, and put it back in\n- wait",
        "1. take the plug out of the wall, count slowly to thirty, and put it back in\n2. wait",
        "Issue: the export stops half-way since today, on all machines that we have\nUrgency: P1",
        "Please tell us here whether it is solved for you, with one click, yes or no:\nhttps://x.y",
        "> a line of a quoted mail that is as wide as the program of its writer made it\n> again",
    ],
)
def test_breaks_that_somebody_meant_stay(meant: str) -> None:
    assert reflowed(meant) == meant


def test_an_item_goes_on_under_its_own_indent() -> None:
    item = "- take the plug out of the wall, count slowly to thirty, and put it back\n  in again"
    assert reflowed(item) == item.replace("\n  ", " ")


def test_no_template_of_ours_loses_a_word_or_a_short_line(policy: Policy) -> None:
    for template in policy.templates.values():
        made = reflowed(template.body)
        assert made.split() == template.body.split(), template.id
        short = [line for line in template.body.splitlines() if len(line) < 40]
        starts = {line.split(" ")[0] for line in short if line}
        assert starts, template.id
        assert made.count("\n\n") == template.body.rstrip("\n").count("\n\n"), template.id


def test_no_template_of_ours_breaks_inside_a_sentence(policy: Policy) -> None:
    for template in policy.templates.values():
        for line, after in pairwise(reflowed(template.body).split("\n")):
            inside = line[-1:].isalpha() and after[:1].islower()
            assert not inside, (template.id, line, after)


def test_what_fills_a_blank_keeps_its_own_lines() -> None:
    template = Template(id="t", title="T", subject="S", body="What to do: {{ steps }}")
    assert fill(template, {"steps": "one\ntwo"}).body == "What to do: one\ntwo"
