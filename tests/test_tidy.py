"""The house style, where a machine can hold it: sizes, headers, names, and what we never say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "kept").rglob("*.py"))
WRITTEN = [path for path in SOURCES if "migrations" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LIMITS = {".html": 120, ".js": 120, ".css": 300}
NEVER_NAMED = re.compile(r"^(data|info|item|obj|utils|helpers|manager|handler|process)$")
NEVER_FILES = {"utils.py", "helpers.py", "common.py", "misc.py"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", WRITTEN, ids=relative)
def test_a_module_says_what_it_is_and_stays_one_thing(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    if text.strip():
        assert ast.get_docstring(tree), "a module opens with what it is"
    assert len(text.splitlines()) <= 500, "a module over 500 lines is several"
    assert path.name not in NEVER_FILES
    for function in functions(tree):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= 60, f"{function.name} has {length} lines"
        assert not NEVER_NAMED.match(function.name), function.name


@pytest.mark.parametrize("path", WRITTEN, ids=relative)
def test_an_ignored_check_says_which_and_why(path: Path) -> None:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if "type: ignore" in line:
            assert re.search(r"type: ignore\[[\w,-]+\]\s+#\s*\w+", line), f"line {number}: {line}"
        if "noqa" in line:
            assert re.search(r"noqa: [A-Z]+\d+", line), f"line {number}: {line}"


@pytest.mark.parametrize(
    "path",
    sorted(p for p in (ROOT / "kept").rglob("*") if p.suffix in LIMITS),
    ids=relative,
)
def test_templates_styles_and_scripts_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LIMITS[path.suffix]


def test_styles_have_no_important_no_ids_and_scripts_no_inline_handlers() -> None:
    for path in (ROOT / "kept").rglob("*.css"):
        assert "!important" not in path.read_text(), relative(path)
    for path in (ROOT / "kept").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\son[a-z]+=[\"']", text), f"inline handler in {relative(path)}"
        assert not re.search(r"\sstyle=[\"']", text), f"inline style in {relative(path)}"


def test_only_the_clock_reads_the_time() -> None:
    reads = re.compile(r"\b(datetime\.now|utcnow|date\.today|time\.time\(|timezone\.now)\b")
    for path in SOURCES:
        if path != ROOT / "kept" / "clock.py":
            assert not reads.search(path.read_text()), relative(path)


def test_the_policy_loads_no_web_framework() -> None:
    import subprocess
    import sys

    code = "import sys, kept.policy; sys.exit('django' in sys.modules or 'psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_no_test_sleeps_or_mocks_the_house() -> None:
    for path in TESTS:
        if path == Path(__file__):
            continue
        text = path.read_text()
        assert "unittest.mock" not in text, relative(path)
        # The long script of faults holds them for a stated time; a test waits for what it awaits.
        if path.name.startswith("test_"):
            assert not re.search(r"\btime\.sleep\(", text), relative(path)


def test_every_decision_record_is_numbered_once() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert numbers
    assert all(number.isdigit() for number in numbers)
    assert len(numbers) == len(set(numbers))
