"""The page on the SOP language: each of its examples compiles."""

import re
from pathlib import Path

import pytest

from kept.policy import compile_sop

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sop-language.md"
EXAMPLE = re.compile(r"^````markdown (sop|fragment|child)\n(.*?)^````$", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall(PAGE.read_text())
HEAD = next(text for kind, text in EXAMPLES if kind == "sop").partition("## ")[0]


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_of_the_language_page_compiles(kind: str, text: str) -> None:
    whole = HEAD + text if kind == "fragment" else text
    compiled = compile_sop(whole, parents={"shop@1": EXAMPLES[0][1]})
    assert [p for p in compiled.problems if p.severity == "error"] == []


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 5
