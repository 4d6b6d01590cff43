"""A process that is to die: does one act of the mail channel and is killed in the middle of it.

`python -m tests.channels.mail.doomed ACT PLACE ...` with DATABASE_URL set.
"""

import os
import signal
import sys
import threading

import django

django.setup()

from kept.channels.mail import outgoing  # noqa: E402 - Django first
from kept.channels.mail.imap import Cursor, Fetched, Folder  # noqa: E402 - as above
from kept.channels.mail.send import Connection, MailServer  # noqa: E402 - as above
from kept.clock import now  # noqa: E402 - as above
from kept.records.queries import mail as queries  # noqa: E402 - as above
from kept.services import outbox  # noqa: E402 - as above
from kept.worker.mail import Keeper, account_of, read  # noqa: E402 - as above


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Doomed(Keeper):
    """Keeps as the real one does, and is killed before or after it."""

    place = ""

    def keep(self, mail: Fetched) -> None:
        if self.place == "before-commit":
            die()
        super().keep(mail)
        if self.place == "after-commit":
            die()

    def remember(self, cursor: Cursor) -> None:
        super().remember(cursor)
        if self.place == "after-cursor":
            die()


def fetch(place: str) -> None:
    mailbox = queries.mailboxes()[0]
    keeper = Doomed(mailbox)
    keeper.place = place
    with Folder(account_of(mailbox)) as folder:
        cursor = Cursor(uidvalidity=mailbox.uidvalidity, last_uid=mailbox.last_uid)
        folder.take_new(cursor, keeper)


def send(place: str, port: str) -> None:
    server = MailServer(host="127.0.0.1", port=int(port), tls="none")
    with Connection(server) as smtp:
        for claimed in outbox.claim(at=now()):
            octets = outgoing.octets_of(claimed.mail, at=now())
            if place == "before-data":
                die()
            smtp.send(claimed.mail.from_address, claimed.mail.to, octets)
            die()


def stay(*unused: str) -> None:
    """Read the first mailbox until the process is stopped."""
    read(queries.mailboxes()[0], threading.Event())


if __name__ == "__main__":
    {"fetch": fetch, "send": send, "stay": stay}[sys.argv[1]](*sys.argv[2:])
