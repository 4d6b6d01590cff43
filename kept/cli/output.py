"""What commands print: results as text or JSON, complaints on standard error, progress bars.

Colours and bars appear on a terminal only, and colours never where NO_COLOR is set.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol, TextIO

COLOURS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "dim": 2, "bold": 1}
BAR = 30


class Stop(Exception):
    """Ends a command with one sentence: code 1 says no, code 2 says wrong usage."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class Commands(Protocol):
    """What `register` is given: a place to add subcommands."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser: ...


Run = Callable[[argparse.Namespace], int]


def command(
    commands: Commands, name: str, run: Run, *, says: str, examples: str = ""
) -> argparse.ArgumentParser:
    """Add one command with its help and examples."""
    added = commands.add_parser(
        name,
        help=says,
        description=says[0].upper() + says[1:] + ".",
        epilog=f"examples:\n{_indented(examples)}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(run=run)
    return added


def group(commands: Commands, name: str, *, says: str) -> Commands:
    """Add a word that holds commands, such as `sop`, and return the place for them."""
    added = commands.add_parser(name, help=says, description=says[0].upper() + says[1:] + ".")
    inner: Commands = added.add_subparsers(title="commands", metavar="COMMAND", required=True)
    return inner


def json_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def print_json(result: Any) -> None:
    """Print a result as JSON, readable where people look at it."""
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False, default=str) + "\n")


def say(line: str = "") -> None:
    """Print a line of the result."""
    sys.stdout.write(line + "\n")


def complain(line: str) -> None:
    """Print a line about what went wrong."""
    sys.stderr.write(f"kept: {line}\n")


def coloured(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Return the text in a colour, where colours are wanted."""
    if os.environ.get("NO_COLOR") or not (stream or sys.stdout).isatty():
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def progress(done: int, total: int) -> None:
    """Draw how far long work has come, on a terminal only."""
    if not sys.stderr.isatty() or not total:
        return
    filled = BAR * done // total
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r[{'#' * filled}{' ' * (BAR - filled)}] {done}/{total}{end}")
    sys.stderr.flush()


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.strip().splitlines())
