"""`kept mail receive`: take one message in as the mail server would."""

from __future__ import annotations

import argparse
import sys

from kept.cli.database import database
from kept.cli.output import Commands, command, group, print_json


def register(commands: Commands) -> None:
    """Add `kept mail` and its command."""
    mail = group(commands, "mail", says="take mail in by hand")
    receive = command(
        mail,
        "receive",
        run_receive,
        says="take one message in from standard input",
        examples="kept mail receive --desk esc < message.eml",
    )
    receive.add_argument("--desk", required=True, metavar="DESK", help="the desk it is for")


def run_receive(chosen: argparse.Namespace) -> int:
    """Print what became of the message; 1 where a person must look at it."""
    raw = sys.stdin.buffer.read()
    with database():
        from kept.channels.mail.receive import receive_file
        from kept.clock import now

        taken = receive_file(chosen.desk, raw, at=now())
    print_json(
        {
            "ticket": taken.ticket,
            "created": taken.created,
            "message": taken.message,
            "duplicate": taken.duplicate,
            "problems": list(taken.problems),
        }
    )
    return 0 if taken.ticket is not None or taken.duplicate else 1
