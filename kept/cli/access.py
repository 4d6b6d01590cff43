"""`kept user` and `kept token`: who may sign in, and which programs may act."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import timedelta

from kept.cli.database import database
from kept.cli.output import Commands, Stop, command, group, json_flag, print_json, say

DAYS, MOST_DAYS = 365, 3650


def register(commands: Commands) -> None:
    """Add `kept user` and `kept token` with their commands."""
    _register_tokens(commands)
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


def _register_tokens(commands: Commands) -> None:
    token = group(commands, "token", says="let programs act through the API")
    create = command(
        token,
        "create",
        run_token_create,
        says="make a token for one role on one desk; it is shown once",
        examples="kept token create --desk esc --role agent --name 'shop system'",
    )
    create.add_argument("--desk", required=True, metavar="DESK")
    create.add_argument("--role", required=True, help="the role, as the desk's SOP names it")
    create.add_argument("--name", default="", help="what it is for; its acts bear this name")
    create.add_argument(
        "--days", type=int, default=DAYS, help=f"how long it lasts; 0 is for ever ({DAYS})"
    )
    create.add_argument(
        "--scope", action="append", default=[], metavar="SCOPE",
        help="narrow it to read, reply, act, people or reports; may be given again",
    )  # fmt: skip
    json_flag(create)
    json_flag(command(token, "list", run_token_list, says="list the tokens there are"))
    revoke = command(
        token, "revoke", run_token_revoke, says="end a token at once",
        examples="kept token revoke 3",
    )  # fmt: skip
    revoke.add_argument("token", type=int, metavar="NUMBER", help="as `kept token list` shows it")


def run_token_create(chosen: argparse.Namespace) -> int:
    """Make a token and print its secret, which nobody can print again."""
    if not 0 <= chosen.days <= MOST_DAYS:
        raise Stop(f"--days is a number from 0 to {MOST_DAYS}")
    lasts = timedelta(days=chosen.days) if chosen.days else None
    with database():
        from kept import clock
        from kept.services import tokens

        made = tokens.create(
            chosen.desk,
            role=chosen.role,
            name=chosen.name,
            at=clock.now(),
            lasts=lasts,
            scopes=chosen.scope,
        )
    if chosen.json:
        print_json({
            "id": made.id, "token": made.secret, "desk": chosen.desk, "role": chosen.role,
            "expires_at": made.expires_at.isoformat() if made.expires_at else None,
        })  # fmt: skip
    else:
        say(made.secret)
        until = f", in force until {made.expires_at:%Y-%m-%d}" if made.expires_at else ""
        sys.stderr.write(f"{chosen.role} of {chosen.desk}{until}; it is not shown again\n")
    return 0


def run_token_list(chosen: argparse.Namespace) -> int:
    """Print every token with when it was last used."""
    with database():
        from kept.services import tokens

        found = tokens.listed()
    if chosen.json:
        import msgspec

        print_json(msgspec.to_builtins(found))
        return 0
    for each in found:
        state = "revoked" if each.revoked_at else "in force"
        used = f"{each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never"
        until = f"{each.expires_at:%Y-%m-%d}" if each.expires_at else "for ever"
        say(f"{each.id:4} {each.desk:10} {each.role:12} {state}, until {until}, used {used}: "
            f"{each.name}")  # fmt: skip
    return 0


def run_token_revoke(chosen: argparse.Namespace) -> int:
    """End a token."""
    with database():
        from kept import clock
        from kept.services import tokens

        tokens.revoke(chosen.token, at=clock.now())
    say(f"token {chosen.token} is revoked")
    return 0


def run_create(chosen: argparse.Namespace) -> int:
    """Create the agent and, with --desk, a place on that desk."""
    if bool(chosen.desk) != bool(chosen.role):
        raise Stop("--desk and --role go together")
    password = _password(from_stdin=chosen.password_stdin)
    with database():
        from kept.services import passwords, people

        passwords.require_good(password)
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
    return given
