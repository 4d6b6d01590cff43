"""`kept sop test`, `trace` and `diff`: the commands that let an SOP run, or compare two."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from kept.cli.output import (
    Commands,
    Stop,
    coloured,
    command,
    complain,
    counted,
    json_flag,
    print_json,
    progress,
    say,
)
from kept.cli.sop_files import add_file, compile_file, read_policy, read_text
from kept.policy.rules import Policy

SHOWN_EVENTS = 100
COLOUR_OF = {"tighter": "yellow", "looser": "blue", "removed": "red", "added": "green"}


def register(sop: Commands) -> None:
    """Add the commands that run an SOP."""
    test = command(
        sop, "test", run_test, says="run the examples of an SOP",
        examples="kept sop test sops/esc.md\nkept sop test sops/esc.md --mutate",
    )  # fmt: skip
    add_file(test)
    test.add_argument(
        "--mutate", action="store_true",
        help="change one thing at a time and tell which changes no example notices",
    )  # fmt: skip
    json_flag(test)
    trace = command(
        sop, "trace", run_trace, says="run one ticket through an SOP and print what follows",
        examples=(
            "kept sop trace sops/esc.md --events ticket.jsonl\n"
            "kept sop trace sops/esc.md --events - --until 2025-06-03T09:00"
        ),
    )  # fmt: skip
    add_file(trace)
    trace.add_argument(
        "--events", required=True, type=Path, metavar="FILE", help="one JSON event a line, or -"
    )
    trace.add_argument("--until", metavar="INSTANT", help="let time run to here")
    json_flag(trace)
    diff = command(
        sop, "diff", run_diff, says="tell what a new version means differently from an old one",
        examples="kept sop diff old.md new.md\nkept sop diff old.md new.md --json",
    )  # fmt: skip
    add_file(diff, "old", parameters=False)
    add_file(diff, "new")
    json_flag(diff)


# Tests -------------------------------------------------------------------------------------------


def run_test(chosen: argparse.Namespace) -> int:
    """Run the examples; 1 when one of them comes out otherwise."""
    from kept.policy.sop.testing import run_tests, untouched

    policy = read_policy(chosen)
    results = run_tests(policy, lambda more: _under(chosen, more))
    left = untouched(policy, results)
    score = _mutate(chosen, policy) if chosen.mutate else None
    failed = [result for result in results if not result.passed]
    if chosen.json:
        told: dict[str, Any] = {
            "ok": not failed, "tests": len(results), "failed": len(failed),
            "results": [_result(result) for result in results],
            "untouched": [{"clause": r.because.clause, "rule": r.because.rule} for r in left],
        }  # fmt: skip
        if score is not None:
            told["mutants"] = score
        print_json(told)
        return 1 if failed else 0
    _say_results(chosen.file, results, failed, left)
    if score is not None:
        _say_score(chosen.file, score)
    return 1 if failed else 0


def _under(chosen: argparse.Namespace, parameters: Mapping[str, str]) -> Policy | None:
    return compile_file(chosen, parameters=parameters).policy


def _result(result: Any) -> dict[str, Any]:
    return {
        "name": result.name, "clause": result.clause, "line": result.line,
        "passed": result.passed, "differences": list(result.differences),
    }  # fmt: skip


def _say_results(file: Path, results: Any, failed: list[Any], left: list[Any]) -> None:
    for result in failed:
        say(f"{file}:{result.line} {coloured('FAILED', 'red')} {result.clause}: {result.name}")
        for difference in result.differences:
            say(f"    {difference}")
    for rule in left:
        told = f"{rule.because.clause} {rule.because.rule}"
        say(f"{file}:{rule.because.line} {coloured('W704', 'yellow')} no test touches {told}")
    passed = len(results) - len(failed)
    verdict = coloured(f"{passed} passed", "green")
    say(f"{file}: {verdict}, {counted(len(failed), 'failure')}, {len(left)} rules untouched")


def _mutate(chosen: argparse.Namespace, policy: Policy) -> dict[str, Any]:
    from kept.policy.sop.mutate import mutate

    score = mutate(policy, lambda more: _under(chosen, more), progress)
    survivors = [
        {
            "line": one.line, "clause": one.clause, "rule": one.rule, "what": one.what,
            "before": one.before, "after": one.after,
        }
        for one in score.survivors
    ]  # fmt: skip
    return {
        "total": score.total, "killed": score.killed, "percent": score.percent,
        "survivors": survivors,
    }  # fmt: skip


def _say_score(file: Path, score: dict[str, Any]) -> None:
    for one in score["survivors"]:
        change = f"{one['what']} {one['before']} -> {one['after']}"
        word = coloured("survives", "yellow")
        say(f"{file}:{one['line']} {word} {one['clause']} {one['rule']}: {change}")
    say(f"{file}: {score['killed']} of {score['total']} changes noticed ({score['percent']}%)")


# Traces ------------------------------------------------------------------------------------------


def run_trace(chosen: argparse.Namespace) -> int:
    """Print what the policy makes of one ticket's events, up to the instant asked for.

    Without one, what fell due before the last event is told as well: it may have fallen due
    before anybody knew of it.
    """
    from kept.policy import replay
    from kept.policy.sop.trace import BadEvent, BadEvents, instant, read_log
    from kept.policy.updates import effective_at
    from kept.policy.wire import trace_to_wire

    policy = read_policy(chosen)
    try:
        until = instant(policy, chosen.until) if chosen.until else None
        facts = read_log(policy, read_text(chosen.events))
    except BadEvent as wrong:
        raise Stop(str(wrong)) from None
    except BadEvents as wrong:
        raise _not_a_log(chosen.events, wrong.problems) from None
    told = [fact for fact in facts if until is None or effective_at(fact) <= until]
    if until is None and told:
        until = max(map(effective_at, told)) - 1
    outcome = replay(policy, told, until=until)
    print_json(trace_to_wire(outcome.state, outcome.decisions))
    return 0


def _not_a_log(path: Path, problems: list[Any]) -> Stop:
    """Tell every line that is no event."""
    for wrong in problems[:SHOWN_EVENTS]:
        column = f"{wrong.column}:" if wrong.column else ""
        complain(f"{path}:{wrong.line}:{column} {wrong}")
    more = len(problems) - SHOWN_EVENTS
    told = f"{path}: {counted(len(problems), 'line')} cannot be read"
    return Stop(told + (f", {more} more than shown" if more > 0 else ""), code=1)


# Differences -------------------------------------------------------------------------------------


def run_diff(chosen: argparse.Namespace) -> int:
    """Print what differs by meaning; 0 whether or not something does."""
    from kept.policy.sop.diff import diff

    old, new = read_policy(chosen, path=chosen.old), read_policy(chosen, path=chosen.new)
    found = diff(old, new)
    if chosen.json:
        counts: dict[str, int] = {}
        for one in found:
            counts[one.verdict.value] = counts.get(one.verdict.value, 0) + 1
        print_json({
            "old": {"version": old.version, "hash": old.hash},
            "new": {"version": new.version, "hash": new.hash},
            "counts": counts, "clauses": msgspec.to_builtins(found),
        })  # fmt: skip
        return 0
    for one in found:
        word = coloured(one.verdict.value, COLOUR_OF.get(one.verdict.value, "bold"))
        say(f"{chosen.new}:{one.new_line or '-'} {word} {one.clause}")
        for change in one.changes:
            sample = f" (for {change.sample})" if change.sample else ""
            rule = f"{change.rule} " if change.rule else ""
            say(f"    {rule}{change.what}: {change.before} -> {change.after}{sample}")
    told = counted(len(found), "clause differs", "clauses differ")
    say(told if found else "no difference in meaning")
    return 0
