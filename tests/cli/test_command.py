"""The command line as a whole: help, exit codes, colours."""

import subprocess
import sys
from pathlib import Path

import pytest

from kept.cli import parser
from tests.cli.runs import SHOP, Kept


def commands() -> list[tuple[str, ...]]:
    """Return every command as the words it takes."""
    found: list[tuple[str, ...]] = []

    def walk(words: tuple[str, ...], level: object) -> None:
        for action in level._actions:  # type: ignore[attr-defined]  # argparse tells it nowhere else
            for name, inner in (
                getattr(action, "choices", None or {}).items()
                if hasattr(action, "add_parser")
                else ()
            ):
                found.append((*words, name))
                walk((*words, name), inner)

    walk((), parser())
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(kept: Kept, words: tuple[str, ...]) -> None:
    answer = kept(*words, "--help")
    assert answer.code == 0
    assert answer.out.startswith("usage: kept " + " ".join(words))


def test_wrong_usage_is_told_on_standard_error_with_code_2(kept: Kept) -> None:
    for words in (
        [],
        ["nonsense"],
        ["sop"],
        ["sop", "check"],
        ["sop", "check", "no-such-file.md"],
    ):
        answer = kept(*words)
        assert answer.code == 2, words
        assert answer.out == "" and answer.err


def test_a_parameter_is_name_and_value(kept: Kept, shop: Path) -> None:
    answer = kept("sop", "check", shop, "--set", "nothing")
    assert (answer.code, answer.err) == (2, 'kept: "nothing" is not NAME=VALUE\n')


def test_the_installed_command_runs_and_prints_no_colours_into_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "shop.md"
    path.write_text(SHOP.replace("severity ==", "severty =="))
    ran = subprocess.run(
        [sys.executable, "-m", "kept.cli", "sop", "check", path], capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "E105" in ran.stdout and "\x1b" not in ran.stdout


def test_the_core_is_asked_without_loading_a_web_framework(tmp_path: Path) -> None:
    path = tmp_path / "shop.md"
    path.write_text(SHOP)
    code = (
        "import sys; from kept.cli import main; "
        f"code = main(['sop', 'test', {str(path)!r}]); "
        "sys.exit(code or int('django' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
