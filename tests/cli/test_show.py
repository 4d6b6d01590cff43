"""`kept sop show`: what our five SOPs say is what the documents they carry out say."""

from pathlib import Path

import pytest
import yaml

from kept.policy import compile_sop
from kept.policy.sop.show import show
from tests.cli.keys import differences
from tests.cli.runs import SHOP, Kept

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("sop", ["care", "basic", "retail", "crm", "esc"])
def test_our_sops_say_what_the_documents_say(kept: Kept, sop: str) -> None:
    key = yaml.safe_load((ROOT / "tests" / "seed_keys" / f"{sop}.yaml").read_text())
    answer = kept("sop", "show", ROOT / "sops" / f"{sop}.md", "--json")
    assert answer.code == 0, answer.err
    assert list(differences(key, answer.json)) == []


def test_every_clause_is_shown_with_what_hangs_on_it(kept: Kept, shop: Path) -> None:
    clauses = {one["id"]: one for one in kept("sop", "show", shop, "--json").json["clauses"]}
    assert clauses["shop.P1.resp"] == {
        "id": "shop.P1.resp",
        "line": 17,
        "text": "We respond within 15 minutes.",
        "kinds": ["clock"],
        "enforce": "block",
    }


def facts_of(text: str) -> dict[str, object]:
    compiled = compile_sop(text)
    assert compiled.policy is not None, compiled.problems
    return show(compiled.policy)


def test_figures_are_derived_without_a_word_from_the_author() -> None:
    facts = facts_of(SHOP)
    assert facts["severities"] == [
        {
            "code": "P1",
            "name": "Critical",
            "response_min": 15,
            "resolution_min": None,
            "bound": "le",
            "clock": "unstated",
            "definition": ["the shop is down"],
        },
        {"code": "P2", "name": "Normal", "response_min": None, "resolution_min": None},
    ]
    assert facts["counts"] == {"severities": 2}


def test_the_figure_shown_moves_with_the_sentence() -> None:
    facts = facts_of(SHOP.replace("15 minutes", "20 minutes"))
    assert facts["severities"][0]["response_min"] == 20  # type: ignore[index]  # a list of mappings


def test_a_figure_of_ours_is_not_shown_as_the_documents() -> None:
    ours = SHOP.replace("within 15 minutes", "in time").replace("$text", "$quick")
    ours = ours.replace(
        "zone: Europe/London",
        "zone: Europe/London\nparameters: {quick: {value: 15, unit: minutes, why: ours}}",
    )
    assert facts_of(ours)["severities"][0]["response_min"] is None  # type: ignore[index]  # as above


def test_working_days_are_days_and_strict_is_less_than() -> None:
    text = SHOP.replace("within 15 minutes", "in less than 5 working days").replace(
        "within:", "under:"
    )
    text = text.replace("stop: agent_public", "stop: resolved\ncalendar: desk")
    text = text[: text.index("```yaml test")].replace(
        "```yaml scale",
        '```yaml calendar\nname: desk\nopen: {mon-fri: ["09:00-17:00"]}\n```\n```yaml scale',
    )
    severity = facts_of(text)["severities"][0]  # type: ignore[index]  # a list of mappings
    assert severity["resolution"] == {"business_days": 5}
    assert (severity["bound"], severity["clock"]) == ("lt", "business")


def test_a_key_that_differs_is_told_where() -> None:
    key = {"severities": [{"name": "Critical", "response_min": 10}], "hours": None}
    told = {"severities": [{"name": "Critical", "response_min": 15}], "hours": "9-5"}
    assert list(differences(key, told)) == [
        "severities[0].response_min: expected 10, told 15",
        "hours: the document states none, told '9-5'",
    ]
