"""`kept sop`: what one can ask of an SOP, without a database.

Each command reads a Markdown file, compiles it and answers; none of them changes anything but
`fmt`, which writes missing anchors.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kept.cli import sop_corrections, sop_runs
from kept.cli.output import (
    Commands,
    Stop,
    coloured,
    command,
    complain,
    counted,
    group,
    json_flag,
    print_json,
    say,
)
from kept.cli.sop_files import add_file, compile_file, problem_lines, read_policy, read_text
from kept.policy.errors import Compiled, Problem
from kept.policy.rules import Policy


def register(commands: Commands) -> None:
    """Add `kept sop` and its commands."""
    sop = group(commands, "sop", says="check, test, show, trace and compare SOPs")
    check = command(
        sop, "check", run_check, says="tell every problem of an SOP, with its place",
        examples="kept sop check sops/esc.md\nkept sop check draft.md --set response_hours=4",
    )  # fmt: skip
    add_file(check)
    json_flag(check)
    fmt = command(
        sop, "fmt", run_fmt, says="write the anchors that are missing",
        examples="kept sop fmt sops/esc.md\nkept sop fmt sops/esc.md --check",
    )  # fmt: skip
    add_file(fmt, parameters=False)
    fmt.add_argument(
        "--previous", type=Path, metavar="FILE",
        help="the version this one was made from: anchors that are gone are never given again",
    )  # fmt: skip
    fmt.add_argument("--check", action="store_true", help="change nothing; 1 if it would")
    json_flag(fmt)
    show = command(
        sop, "show", run_show, says="print what an SOP says, as data",
        examples="kept sop show sops/esc.md\nkept sop show sops/esc.md --json | jq .severities",
    )  # fmt: skip
    add_file(show)
    json_flag(show)
    sop_runs.register(sop)
    sop_corrections.register(sop)


def run_check(chosen: argparse.Namespace) -> int:
    """Print every problem; 1 when one of them is an error."""
    compiled = compile_file(chosen)
    found = _with_gaps(chosen, compiled)
    if chosen.json:
        problems = [msgspec.to_builtins(problem) for problem in found]
        print_json({"ok": compiled.policy is not None, "problems": problems})
        return 0 if compiled.policy is not None else 1
    for problem in found:
        for line in problem_lines(problem):
            say(line)
    errors = sum(1 for problem in found if problem.severity == "error")
    warnings = len(found) - errors
    verdict = coloured("fails", "red") if errors else coloured("ok", "green")
    draft = ""
    if compiled.policy is not None and compiled.policy.unset:
        draft = f", a draft until {', '.join(compiled.policy.unset)} has a value"
    told = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    say(f"{chosen.file}: {verdict}, {told}{draft}")
    return 1 if errors else 0


def _with_gaps(chosen: argparse.Namespace, compiled: Compiled) -> list[Problem]:
    """Return the problems, and the rules that no test touches."""
    from kept.policy.sop.testing import gaps_in_tests, run_tests

    if compiled.policy is None:
        return list(compiled.problems)

    def under(parameters: Mapping[str, str]) -> Policy | None:
        return compile_file(chosen, parameters=parameters).policy

    results = run_tests(compiled.policy, under)
    gaps = gaps_in_tests(compiled.policy, results, str(chosen.file))
    return sorted((*compiled.problems, *gaps), key=lambda one: (one.line, one.column, one.code))


def run_fmt(chosen: argparse.Namespace) -> int:
    """Write missing anchors into the file."""
    from kept.policy.sop.fmt import fmt, missing_anchors

    text = read_text(chosen.file)
    _refuse_unreadable(chosen, text)
    previous = read_text(chosen.previous) if chosen.previous else None
    formatted = fmt(text, name=str(chosen.file), previous=previous)
    changed, is_stdin = formatted != text, str(chosen.file) == "-"
    if changed and not chosen.check and not is_stdin:
        _write(chosen.file, formatted)
    if chosen.json:
        print_json({"ok": not (changed and chosen.check), "changed": changed,
                    "anchors": missing_anchors(text)})  # fmt: skip
    elif is_stdin and not chosen.check:
        sys.stdout.write(formatted)
    elif not changed:
        say(f"{chosen.file}: nothing to do")
    elif chosen.check:
        complain(f"{chosen.file} has clauses without anchors")
    else:
        say(f"{chosen.file}: anchors written")
    return 1 if changed and chosen.check else 0


def _refuse_unreadable(chosen: argparse.Namespace, text: str) -> None:
    from kept.policy.sop.fmt import not_to_be_written

    problems = not_to_be_written(text, name=str(chosen.file))
    for problem in problems:
        sys.stderr.write("\n".join(problem_lines(problem, sys.stderr)) + "\n")
    if problems:
        raise Stop(f"{chosen.file} is left as it is", code=1)


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    except OSError as wrong:
        raise Stop(f"cannot write {path}: {wrong.strerror or wrong}") from None


def run_show(chosen: argparse.Namespace) -> int:
    """Print the facts of an SOP: as JSON, or as YAML for reading."""
    import yaml

    from kept.policy.sop.show import show

    facts = show(read_policy(chosen))
    if chosen.json:
        print_json(facts)
        return 0
    say(yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=99).rstrip())
    return 0
