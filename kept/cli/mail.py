"""`kept mail`: take one message in as the mail server would; which mailboxes are read."""

from __future__ import annotations

import argparse
import sys

import msgspec

from kept.cli.database import database
from kept.cli.output import Commands, Stop, command, group, json_flag, print_json, say


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
    add = command(
        mail,
        "mailbox",
        run_mailbox,
        says="read an IMAP mailbox for a desk; its secret comes on standard input",
        examples="kept mail mailbox --desk care --host imap.example.com --user care < password\n"
        "kept mail mailbox --desk care --host imap.example.com --user care --auth oauth2"
        " < client.json",
    )
    add.add_argument("--desk", required=True, metavar="DESK", help="the desk its mail is for")
    add.add_argument("--host", required=True, help="the IMAP server")
    add.add_argument("--port", type=int, default=993, help="its port (993)")
    add.add_argument("--user", required=True, help="the user to sign in as")
    add.add_argument("--auth", choices=("password", "oauth2"), default="password")
    add.add_argument("--tls", choices=("tls", "starttls", "none"), default="tls")
    add.add_argument("--folder", default="INBOX", help="the folder to read (INBOX)")
    listed = command(
        mail, "mailboxes", run_mailboxes, says="list the mailboxes and how their reading goes"
    )
    json_flag(listed)


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


def run_mailbox(chosen: argparse.Namespace) -> int:
    """Keep how to read a mailbox; the worker begins within seconds."""
    secret = sys.stdin.read().strip()
    if not secret:
        raise Stop("the mailbox's password or OAuth client comes on standard input; it is empty.")
    with database():
        from kept.channels.mail.oauth import OAuthFailed, client_from_secret
        from kept.services import mailboxes

        if chosen.auth == "oauth2":
            try:
                client_from_secret(secret)
            except OAuthFailed as wrong:
                raise Stop(str(wrong)) from None
        mailboxes.add(
            chosen.desk,
            host=chosen.host,
            port=chosen.port,
            user=chosen.user,
            secret=secret,
            auth=chosen.auth,
            tls=chosen.tls,
            folder=chosen.folder,
        )
    say(f"{chosen.user} at {chosen.host} is read for {chosen.desk}.")
    return 0


def run_mailboxes(chosen: argparse.Namespace) -> int:
    """Print the mailboxes; 1 where one of them cannot be read."""
    with database():
        from kept.records.queries.mail import mailboxes

        found = mailboxes()
    if chosen.json:
        print_json([msgspec.to_builtins(mailbox) for mailbox in found])
    else:
        for mailbox in found:
            state = mailbox.problem or (
                f"read at {mailbox.last_poll_at:%Y-%m-%d %H:%M} UTC"
                if mailbox.last_poll_at
                else "not read yet"
            )
            say(f"{mailbox.desk}: {mailbox.user} at {mailbox.host}:{mailbox.port}, {state}")
    return 1 if any(mailbox.problem for mailbox in found) else 0
