"""`kept sop`: what one can ask of an SOP, without a database.

Each command reads a Markdown file, compiles it and answers; none of them changes anything but
`fmt`, which writes missing anchors.
"""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from kept.cli import sop_runs
from kept.cli.output import (
    Commands,
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
    fmt.add_argument("--check", action="store_true", help="change nothing; 1 if it would")
    show = command(
        sop, "show", run_show, says="print what an SOP says, as data",
        examples="kept sop show sops/esc.md\nkept sop show sops/esc.md --json | jq .severities",
    )  # fmt: skip
    add_file(show)
    json_flag(show)
    sop_runs.register(sop)


def run_check(chosen: argparse.Namespace) -> int:
    """Print every problem; 1 when one of them is an error."""
    compiled = compile_file(chosen)
    if chosen.json:
        problems = [_problem(problem) for problem in compiled.problems]
        print_json({"ok": compiled.policy is not None, "problems": problems})
        return 0 if compiled.policy is not None else 1
    for problem in compiled.problems:
        for line in problem_lines(problem):
            say(line)
    errors = sum(1 for problem in compiled.problems if problem.severity == "error")
    warnings = len(compiled.problems) - errors
    verdict = coloured("fails", "red") if errors else coloured("ok", "green")
    draft = ""
    if compiled.policy is not None and compiled.policy.unset:
        draft = f", a draft until {', '.join(compiled.policy.unset)} has a value"
    told = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    say(f"{chosen.file}: {verdict}, {told}{draft}")
    return 1 if errors else 0


def _problem(problem: Any) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.structs.asdict(problem)
    return told


def run_fmt(chosen: argparse.Namespace) -> int:
    """Write missing anchors into the file."""
    from kept.policy.sop.fmt import format_sop

    text = read_text(chosen.file)
    formatted = format_sop(text)
    if formatted == text:
        say(f"{chosen.file}: nothing to do")
        return 0
    if chosen.check:
        complain(f"{chosen.file} has clauses without anchors")
        return 1
    chosen.file.write_text(formatted, encoding="utf-8")
    say(f"{chosen.file}: anchors written")
    return 0


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
