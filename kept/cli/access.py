"""`kept user create`: who may sign in, and as what."""

from __future__ import annotations

import argparse
import getpass
import sys

from kept.cli.database import database
from kept.cli.output import Commands, Stop, command, group, json_flag, print_json, say

SHORTEST = 10


def register(commands: Commands) -> None:
    """Add `kept user` and its command."""
    user = group(commands, "user", says="give people access")
    create = command(
        user,
        "create",
        run_create,
        says="create somebody who can sign in, or give them another role",
        examples=(
            "kept user create --email you@your.org --name 'Your Name'\n"
            "kept user create --email you@your.org --name 'Your Name' --desk esc --role lead"
        ),
    )
    create.add_argument("--email", required=True, metavar="ADDRESS")
    create.add_argument("--name", required=True)
    create.add_argument("--desk", metavar="DESK", help="a desk to work on")
    create.add_argument("--role", help="the role there, as its SOP names it")
    create.add_argument("--level", help="the level there")
    create.add_argument("--team", help="the team there")
    create.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    json_flag(create)


def run_create(chosen: argparse.Namespace) -> int:
    """Create the agent and, with --desk, a place on that desk."""
    if bool(chosen.desk) != bool(chosen.role):
        raise Stop("--desk and --role go together")
    password = _password(from_stdin=chosen.password_stdin)
    with database():
        from kept.services import people

        agent = people.create_agent(email=chosen.email, name=chosen.name, password=password)
        if chosen.desk:
            people.add_membership(
                agent, chosen.desk, role=chosen.role, level=chosen.level, team=chosen.team
            )
    if chosen.json:
        print_json({"agent": agent, "email": chosen.email, "desk": chosen.desk})
    else:
        place = f", {chosen.role} of {chosen.desk}" if chosen.desk else ""
        say(f"{chosen.email} can sign in{place}")
    return 0


def _password(*, from_stdin: bool) -> str:
    """Return the password, asked for twice on a terminal."""
    if from_stdin or not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\n")
    else:
        given = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != given:
            raise Stop("the two passwords differ", code=1)
    if len(given) < SHORTEST:
        raise Stop(f"a password has at least {SHORTEST} characters", code=1)
    return given
