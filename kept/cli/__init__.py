"""The `kept` command: one subcommand for each job, each in a module of its own.

Exit codes: 0 done, 1 the answer is no, 2 wrong usage. Results go to standard output, everything
said about them to standard error. Nothing heavy is imported before a command is chosen.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from kept.cli import access, doctor, house, mail, sop, upkeep
from kept.cli.output import Stop, complain
from kept.env import SettingError

DESCRIPTION = "A support desk that runs a written SOP."
EPILOG = """examples:
  kept run --demo                  the whole desk on this machine
  kept sop check sops/esc.md       every problem of an SOP
  kept sop test sops/esc.md        its examples, run by the engine
  kept sop trace sops/esc.md --events ticket.jsonl

`kept COMMAND --help` tells more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = parser().parse_args(arguments)
    try:
        code = chosen.run(chosen)
        sys.stdout.flush()
    except Stop as stop:
        complain(stop.sentence)
        return stop.code
    except SettingError as wrong:
        complain(str(wrong))
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return int(code)


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    top = argparse.ArgumentParser(
        prog="kept",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (house, sop, mail, access, doctor, upkeep):
        module.register(commands)
    return top
