"""`kept sop check` and `kept sop fmt`."""

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.cli.runs import SHOP, Kept


def test_a_sound_sop_passes(kept: Kept, shop: Path) -> None:
    answer = kept("sop", "check", shop)
    assert answer.code == 0
    assert answer.out == f"{shop}: ok, 0 errors, 0 warnings\n"
    assert kept("sop", "check", shop, "--json").json == {"ok": True, "problems": []}


def test_every_problem_is_told_with_its_place_its_line_and_a_caret(kept: Kept, shop: Path) -> None:
    shop.write_text(SHOP.replace("severity ==", "severty ==").replace("stop: agent", "stop: agnt"))
    answer = kept("sop", "check", shop)
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[0].startswith(f"{shop}:20:7 E105 ")
    assert 'did you mean "severity"?' in lines[0]
    assert lines[1:3] == ['    when: severty == "P1"', "          ^"]
    assert any("E106" in line for line in lines)
    assert lines[-1] == f"{shop}: fails, 2 errors, 0 warnings"


def test_problems_as_json_have_the_agreed_keys(kept: Kept, shop: Path) -> None:
    shop.write_text(SHOP.replace("within: $text", "within: 1h"))
    answer = kept("sop", "check", shop, "--json")
    assert answer.code == 1 and answer.json["ok"] is False
    problem = answer.json["problems"][0]
    agreed = {"file", "line", "column", "code", "severity", "message", "clause"}
    assert agreed <= problem.keys()
    assert problem["code"] == "E210" and problem["clause"] == "shop.P1.resp"


def test_a_rule_that_no_example_touches_is_a_warning(kept: Kept, shop: Path) -> None:
    untested = SHOP + "\nIt is solved within 1 day. {#solve}\n```yaml rule\nclock: solve\n"
    untested += 'start: created\nstop: resolved\nwithin: $text\nwhen: severity == "P3"\n```\n'
    shop.write_text(
        untested.replace(
            "{id: P2, name: Normal}", "{id: P2, name: Normal}\n  - {id: P3, name: Low}"
        )
    )
    answer = kept("sop", "check", shop)
    assert answer.code == 0
    assert "W704 no test touches clock:solve in shop.P1.solve" in answer.out


def test_an_sop_without_examples_is_told_once(kept: Kept, shop: Path) -> None:
    shop.write_text(SHOP[: SHOP.index("```yaml test")])
    codes = [one["code"] for one in kept("sop", "check", shop, "--json").json["problems"]]
    assert codes == ["W704"]


def test_a_draft_is_a_draft_until_its_parameters_have_values(kept: Kept, shop: Path) -> None:
    draft = SHOP.replace(
        "zone: Europe/London", "zone: Europe/London\nparameters:\n  quick: {unit: minutes}"
    )
    draft = draft.replace("within 15 minutes", "in the agreed time").replace("$text", "$quick")
    shop.write_text(draft[: draft.index("```yaml test")])
    assert "a draft until quick has a value" in kept("sop", "check", shop).out
    assert "a draft until" not in kept("sop", "check", shop, "--set", "quick=15").out


def test_standard_input_is_a_file_too(kept: Kept, shop: Path, monkeypatch: object) -> None:
    import io
    import sys

    class Input:
        buffer = io.BytesIO(SHOP.encode())

    monkeypatch.setattr(sys, "stdin", Input())  # type: ignore[attr-defined]  # pytest's
    assert kept("sop", "check", "-").code == 0


def test_fmt_writes_missing_anchors_once(kept: Kept, shop: Path) -> None:
    shop.write_text(SHOP.replace("15 minutes. {#resp}", "15 minutes."))
    assert kept("sop", "fmt", shop, "--check").code == 1
    assert kept("sop", "fmt", shop).code == 0
    written = shop.read_text()
    assert "15 minutes. {#" in written
    assert kept("sop", "fmt", shop).out == f"{shop}: nothing to do\n"
    assert shop.read_text() == written
    assert kept("sop", "fmt", shop, "--check").code == 0


def test_fmt_buries_the_anchors_of_the_version_before(kept: Kept, shop: Path) -> None:
    before = shop.with_name("before.md")
    before.write_text(SHOP.replace("{#resp}", "{#answer}"))
    assert kept("sop", "fmt", shop, "--previous", before).code == 0
    assert "tombstones: [shop.P1.answer]" in shop.read_text()


def test_a_caret_stands_below_its_word_in_a_long_line_and_after_tabs(
    kept: Kept, shop: Path
) -> None:
    actions = ", ".join(f"{{flag: f{n}}}" for n in range(30))
    long = SHOP.replace("within: $text", f"within: $text\non_miss: [{actions}, {{boom: 1}}]")
    shop.write_text(long.replace("stop: agent_public", "stop:\tagnt"))
    lines = kept("sop", "check", shop).out.splitlines()
    for code, word in (("E106", "agnt"), ("E114", "boom")):
        place = next(number for number, line in enumerate(lines) if f" {code} " in line)
        caret = lines[place + 2]
        assert lines[place + 1][caret.index("^") :].startswith(word)
        assert caret[: caret.index("^")].count("\t") == lines[place + 1].count("\t")


def test_the_other_line_of_a_contradiction_is_shown(kept: Kept, shop: Path) -> None:
    shop.write_text(SHOP.replace("within: $text", "within: 1h"))
    answer = kept("sop", "check", shop)
    assert "    see line 17: We respond within 15 minutes. {#resp}" in answer.out.splitlines()


def test_bytes_that_are_no_utf8_are_told_as_such(kept: Kept, shop: Path) -> None:
    shop.write_bytes(SHOP.replace("the shop is down", "le café").encode("latin-1"))
    answer = kept("sop", "check", shop)
    assert answer.code == 1 and "E407 the byte 0xE9 is no UTF-8 - save the file" in answer.out
    shop.write_text(SHOP, encoding="utf-16")
    problems = kept("sop", "check", shop, "--json").json["problems"]
    assert [(one["code"], one["line"]) for one in problems] == [("E407", 1)]


def test_ancestors_beside_the_file_are_found_and_told_by_their_file(
    kept: Kept, shop: Path
) -> None:
    front = "---\nsop: {}\ntitle: T\nversion: 1.0.0\nzone: Europe/London\nextends: {}\n---\n# T\n"
    night, late = shop.with_name("night.md"), shop.with_name("late.md")
    night.write_text(front.format("night", "shop@1"))
    late.write_text(front.format("late", "night@1"))
    assert kept("sop", "check", late).code == 0
    shop.write_text(SHOP.replace("stop: agent_public", "stop: agnt"))
    (problem,) = kept("sop", "check", late, "--json").json["problems"]
    assert (problem["file"], problem["code"]) == (str(shop), "E106")
    night.write_text(front.format("night", "late@1"))
    assert "E502 the parent" in kept("sop", "check", late).out


def test_fmt_leaves_alone_what_is_no_sop(kept: Kept, shop: Path) -> None:
    for broken in ("no front matter\n\n- x\n", SHOP.rstrip().rstrip("`")):
        shop.write_text(broken)
        answer = kept("sop", "fmt", shop)
        assert answer.code == 1 and "is left as it is" in answer.err and " E40" in answer.err
        assert shop.read_text() == broken


def test_fmt_tells_as_json_what_it_wrote(kept: Kept, shop: Path) -> None:
    shop.write_text(SHOP + "\nOne more.\n")
    told = kept("sop", "fmt", shop, "--check", "--json")
    assert told.code == 1
    assert told.json == {"ok": False, "changed": True, "anchors": ["shop.P1.c1"]}
    assert kept("sop", "fmt", shop, "--json").json["ok"] is True
    assert kept("sop", "fmt", shop, "--json").json["changed"] is False


def test_fmt_writes_standard_input_to_standard_output(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO((SHOP + "\nMore.\n").encode())))
    answer = kept("sop", "fmt", "-")
    assert answer.code == 0 and answer.out.endswith("\nMore. {#c1}\n")
    assert list(tmp_path.iterdir()) == []
