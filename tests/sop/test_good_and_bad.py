"""Whole files: each good one compiles, each bad one fails at exactly the places it should."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kept.policy import Policy
from kept.policy.sop.fmt import fmt
from kept.policy.sop.lower import compile_sop
from kept.policy.sop.parse import parse
from kept.policy.sop.source import Problems
from kept.policy.sop.testing import run_tests

SOPS = Path(__file__).parent.parent / "sops"
GOOD = sorted((SOPS / "good").glob("*.md"))
BAD = sorted((SOPS / "bad").glob("*.md"))


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_a_good_sop_compiles(path: Path) -> None:
    compiled = compile_sop(path.read_text(), name=path.name)
    assert [p for p in compiled.problems if p.severity == "error"] == []
    assert compiled.policy is not None


@pytest.mark.parametrize("path", BAD, ids=name)
def test_a_bad_sop_fails_at_its_places(path: Path) -> None:
    compiled = compile_sop(path.read_text(), name=path.name)
    told = [
        f"{p.file}:{p.line}:{p.column} {p.code}"
        for p in compiled.problems if p.severity == "error"
    ]  # fmt: skip
    assert told == path.with_suffix(".problems").read_text().splitlines()
    assert compiled.policy is None


@pytest.mark.parametrize("path", BAD, ids=name)
def test_every_problem_shows_its_line_and_can_be_pointed_at(path: Path) -> None:
    lines = path.read_text().splitlines()
    for problem in compile_sop(path.read_text(), name=path.name).problems:
        assert 1 <= problem.column <= max(1, len(lines[problem.line - 1]))
        assert problem.message
        assert problem.source_line in lines[problem.line - 1].replace("\x07", "\ufffd")


@pytest.mark.parametrize("path", GOOD + BAD, ids=name)
def test_formatting_adds_anchors_once_and_moves_no_id(path: Path) -> None:
    text = path.read_text()
    once = fmt(text)
    assert fmt(once) == once
    before, after = parse(text, "a", Problems()), parse(once, "a", Problems())
    assert [node.id for node in before.clauses] == [node.id for node in after.clauses]


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_line_ends_and_a_byte_order_mark_change_nothing(path: Path) -> None:
    text = path.read_text()
    plain = compile_sop(text).policy
    windows = compile_sop("\ufeff" + text.replace("\n", "\r\n")).policy
    assert plain is not None
    assert windows is not None
    assert windows.hash == plain.hash


def test_each_error_code_of_the_compiler_has_a_bad_file_and_a_line_in_the_docs() -> None:
    docs = (SOPS.parent.parent / "docs" / "errors.md").read_text()
    shown = {line.split()[1] for path in BAD for line in told_by(path)}
    assert {code for code in shown if f"| {code} |" not in docs} == set()


def told_by(path: Path) -> list[str]:
    return path.with_suffix(".problems").read_text().splitlines()


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_the_examples_of_a_good_sop_come_out_as_written(path: Path) -> None:
    def under(parameters: Mapping[str, str]) -> Policy | None:
        return compile_sop(path.read_text(), name=path.name, parameters=parameters).policy

    policy = under({})
    assert policy is not None
    differing = {r.name: r.differences for r in run_tests(policy, under) if not r.passed}
    assert differing == {}
