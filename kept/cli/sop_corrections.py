"""`kept sop corrections`: past verdicts as known and under a corrected calendar (R10)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from kept.cli.output import Commands, Stop, command, counted, json_flag, print_json, say
from kept.cli.sop_files import add_file, read_policy, read_text
from kept.policy.corrections import Revision, Standing, revisions
from kept.policy.errors import NotAFact
from kept.policy.facts import Fact
from kept.policy.rules import Policy
from kept.policy.wire import fact_of_line, instant_from_wire, instant_to_wire


def register(sop: Commands) -> None:
    """Add the command."""
    parser = command(
        sop, "corrections", run,
        says="show past verdicts as known and as a corrected calendar would have them",
        examples=(
            "kept export history --desk esc > history.jsonl\n"
            "kept sop corrections esc.md esc-corrected.md --log history.jsonl"
        ),
    )  # fmt: skip
    add_file(parser, "known", parameters=False)
    add_file(parser, "corrected")
    parser.add_argument(
        "--log", required=True, type=Path, metavar="FILE",
        help="what `kept export history` wrote, or -",
    )  # fmt: skip
    parser.add_argument("--until", metavar="INSTANT", help="judge what is open up to here")
    json_flag(parser)


def run(chosen: argparse.Namespace) -> int:
    """Print each commitment that the corrected calendars judge otherwise; 0 either way."""
    known = read_policy(chosen, path=chosen.known)
    corrected = read_policy(chosen, path=chosen.corrected)
    until = instant_from_wire(known, chosen.until) if chosen.until else None
    tickets = 0
    found: list[tuple[str, Revision]] = []
    for ticket, facts in _histories(known, read_text(chosen.log)):
        tickets += 1
        revised = revisions(known, corrected.calendars, facts, until=until)
        found += [(ticket, each) for each in revised]
    if chosen.json:
        print_json({"tickets": tickets, "revisions": [_told(*each) for each in found]})
        return 0
    for ticket, each in found:
        say(f"ticket {ticket} {each.clause} {each.name}")
        say(f"    as known:     {_words(each.as_known)}")
        say(f"    as corrected: {_words(each.as_corrected)}")
    reversed_ = sum(each.is_reversed for _, each in found)
    say(f"{counted(tickets, 'ticket')}: {counted(len(found), 'due')} moved, {reversed_} judged"
        " otherwise")  # fmt: skip
    return 0


def _histories(policy: Policy, text: str) -> Iterator[tuple[str, list[Fact]]]:
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as problem:
        raise Stop(f"the log is not one JSON object a line: {problem}") from None
    for ticket, events in groupby(lines, key=lambda event: str(event.get("ticket", ""))):
        try:
            yield (
                ticket,
                [fact_of_line(policy, each) for each in events if not each.get("refused")],
            )
        except NotAFact as problem:
            raise Stop(f"ticket {ticket}: {problem}") from None


def _told(ticket: str, each: Revision) -> dict[str, Any]:
    return {
        "ticket": ticket, "commitment": each.commitment, "clause": each.clause,
        "name": each.name, "reversed": each.is_reversed,
        "as_known": _side(each.as_known), "as_corrected": _side(each.as_corrected),
    }  # fmt: skip


def _side(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    due = standing.due_at
    return {
        "verdict": standing.verdict.value,
        "due_at": None if due is None else instant_to_wire(due),
    }


def _words(standing: Standing | None) -> str:
    if standing is None:
        return "not activated"
    due = "" if standing.due_at is None else f", due {instant_to_wire(standing.due_at)}"
    return f"{standing.verdict.value}{due}"
