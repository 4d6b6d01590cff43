"""Reading SOP files for the commands: the file, its parameters, the SOP it extends."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kept.cli.output import Stop, coloured
from kept.policy.errors import Compiled, Problem
from kept.policy.rules import Policy
from kept.policy.sop.lower import compile_sop

EXTENDS = re.compile(r"^extends:\s*[\"']?([A-Za-z0-9_-]+)", re.MULTILINE)
SHOWN = 160
FRONT_LOOKED_AT = 4_000


def add_file(
    parser: argparse.ArgumentParser, name: str = "file", *, parameters: bool = True
) -> None:
    """Add the SOP file and, where it is compiled, `--set` and `--parent`."""
    parser.add_argument(name, metavar=name.upper(), type=Path, help="an SOP in Markdown")
    if parameters:
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", dest="parameters",
            help="give a parameter a value, as often as needed",
        )  # fmt: skip
        parser.add_argument(
            "--parent", action="append", default=[], metavar="FILE", type=Path, dest="parents",
            help="an SOP that this one extends; one beside it is found by its name",
        )  # fmt: skip


def read_text(path: Path) -> str:
    """Return the text of a file, `-` being standard input."""
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read().decode("utf-8", errors="surrogateescape")
        return path.read_bytes().decode("utf-8", errors="surrogateescape")
    except OSError as wrong:
        raise Stop(f"cannot read {path}: {wrong.strerror or wrong}") from None


def compile_file(
    chosen: argparse.Namespace,
    *,
    path: Path | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Compiled:
    """Compile an SOP file under the parameters of the command line and some more."""
    file = path or chosen.file
    text = read_text(file)
    given = {**_parameters(chosen.parameters), **(parameters or {})}
    parents = _parents(file, text, chosen.parents)
    texts = {name: parent for name, (_, parent) in parents.items()}
    compiled = compile_sop(text, name=str(file), parameters=given, parents=texts)
    if not any(one.file in parents for one in compiled.problems):
        return compiled
    # The compiler knows a parent by its name; people look for its file.
    paths = {name: str(path) for name, (path, _) in parents.items()}
    problems = tuple(
        msgspec.structs.replace(one, file=paths.get(one.file, one.file))
        for one in compiled.problems
    )
    return Compiled(policy=compiled.policy, problems=problems)


def read_policy(chosen: argparse.Namespace, *, path: Path | None = None) -> Policy:
    """Return the compiled policy; tell the problems and stop with 1 where there is none."""
    compiled = compile_file(chosen, path=path)
    if compiled.policy is None:
        for problem in compiled.problems:
            if problem.severity == "error":
                sys.stderr.write("\n".join(problem_lines(problem, sys.stderr)) + "\n")
        raise Stop(f"{path or chosen.file} does not compile", code=1)
    return compiled.policy


def _parameters(written: list[str]) -> dict[str, str]:
    found = {}
    for one in written:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise Stop(f'"{one}" is not NAME=VALUE')
        found[name.strip()] = value.strip()
    return found


def _parents(file: Path, text: str, given: list[Path]) -> dict[str, tuple[Path, str]]:
    """Return what may be extended, by name: the SOPs given, and the ancestors beside the file."""
    found: dict[str, tuple[Path, str]] = {}
    for path in given:
        parent = read_text(path)
        named = re.search(r"^sop:\s*(\S+)", parent, re.MULTILINE)
        found[named[1].strip("\"'") if named else path.stem] = (path, parent)
    wanted, seen = _extended(text), set[str]()
    while wanted and wanted not in seen:
        seen.add(wanted)
        if wanted not in found:
            beside = file.with_name(f"{wanted}.md")
            if str(file) == "-" or not beside.exists():
                break
            found[wanted] = (beside, read_text(beside))
        wanted = _extended(found[wanted][1])
    return found


def _extended(text: str) -> str:
    """Return the name of what a text extends, or nothing."""
    extends = EXTENDS.search(text[:FRONT_LOOKED_AT])
    return extends[1] if extends else ""


def problem_lines(problem: Problem, stream: object = None) -> list[str]:
    """Return a problem as people read it: the place, the line, a caret, the other line."""
    colour = "red" if problem.severity == "error" else "yellow"
    out = stream if stream is sys.stderr else sys.stdout
    code = coloured(problem.code, colour, out)
    head = f"{problem.file}:{problem.line}:{problem.column} {code} {problem.message}"
    if problem.clause:
        head += f" in {problem.clause}"
    if problem.advice:
        head += f" - {problem.advice}"
    lines = [head]
    if problem.source_line:
        line, column = _around(problem.source_line, problem.column)
        below = "".join("\t" if sign == "\t" else " " for sign in line[: column - 1])
        lines += [f"    {line}", f"    {below}" + coloured("^", colour, out)]
    if problem.other_line is not None:
        other = problem.other_source_line.strip()[:SHOWN]
        lines.append(f"    see line {problem.other_line}" + (f": {other}" if other else ""))
    return lines


def _around(line: str, column: int) -> tuple[str, int]:
    """Return what people are shown of a line, and where in it the column stands."""
    if column <= SHOWN:
        return line[:SHOWN], column
    start = column - SHOWN // 2
    return "... " + line[start : start + SHOWN], column - start + len("... ")
