"""How the world's mail programs write: what an agent sees of each of their mails, and no loss.

The messages are in `world`, as such programs send them; `expected.toml` says what must be seen.
"""

import html
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from imapclient import IMAPClient

from kept.channels.mail.imap import Account, Cursor, Fetched, Folder
from kept.channels.mail.parse import parse
from kept.channels.mail.receive import receive_file, take_waiting
from kept.channels.mail.sandbox import Sandbox
from kept.records.models import Agent, Attachment, Message, RawMessage, Ticket
from kept.services import intake
from tests.channels.mail.mail_servers import Dovecot
from tests.people import MONDAY, Cast

WORLD = Path(__file__).parent / "world"
NAMES = sorted(path.stem for path in WORLD.glob("*.eml"))
ANOTHER_REQUEST = "Re: Your request [12]"


@dataclass(kw_only=True)
class Read:
    author: str = "a@example.com"
    name: str = ""
    subject: str = ANOTHER_REQUEST
    fresh: str
    quoted: str = ""
    files: list[str] = field(default_factory=list)
    automatic: str = ""
    problem: str = ""
    fate: str = ""


TABLE = {
    name: Read(**told)
    for name, told in tomllib.loads((WORLD / "expected.toml").read_text()).items()
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def octets(name: str) -> bytes:
    return (WORLD / f"{name}.eml").read_bytes()


def test_every_message_of_the_world_is_in_the_table() -> None:
    assert sorted(TABLE) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_new_is_shown_and_the_rest_is_folded(name: str) -> None:
    mail, expected = parse(octets(name)), TABLE[name]
    assert (mail.author.address, mail.author.name) == (expected.author, expected.name)
    assert mail.subject == expected.subject
    wanted = expected.fresh.removesuffix("…")
    assert mail.fresh.startswith(wanted)
    assert len(mail.fresh) == len(wanted) or expected.fresh.endswith("…")
    assert mail.quoted.startswith(expected.quoted)
    assert bool(mail.quoted) == bool(expected.quoted)
    assert [found.name for found in mail.files] == expected.files
    assert mail.automatic == expected.automatic
    assert expected.problem in " | ".join(mail.problems)
    assert bool(mail.problems) == bool(expected.problem)
    assert (mail.report.fate if mail.report else "") == expected.fate


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_mail_is_lost_by_folding(name: str) -> None:
    mail = parse(octets(name))
    shown = {line.strip() for line in f"{mail.fresh}\n{mail.quoted}".split("\n")}
    assert {line.strip() for line in mail.text.split("\n") if line.strip()} <= shown


@pytest.mark.django_db
def test_an_agent_sees_each_of_them_or_the_reason_why_not(
    cast: Cast, sandbox: Sandbox, client: Client
) -> None:
    client.force_login(Agent.objects.get(pk=cast.amira))
    for name in NAMES:
        taken = receive_file("small", octets(name), at=MONDAY, sandbox=sandbox)
        expected = TABLE[name]
        if taken.ticket is None:
            assert expected.fate
            assert taken.problems
            page = client.get("/quarantine").content.decode()
            assert "A delivery report about no mail of ours." in page
            continue
        page = html.unescape(client.get(f"/tickets/{taken.ticket}").content.decode())
        message = Message.objects.get(pk=taken.message)
        assert message.text.startswith(expected.fresh.removesuffix("…").strip("\n"))
        assert expected.fresh.strip().split("\n")[0][:40] in page, name
        assert all(file in page for file in expected.files), name
        assert not Attachment.objects.filter(message=message, size=0).exists(), name
    assert not RawMessage.objects.filter(state="received").exists()


@pytest.mark.django_db
def test_a_mailbox_full_of_them_is_read_to_the_end(
    cast: Cast, sandbox: Sandbox, dovecot: Dovecot
) -> None:
    """All of them lie in one folder of a real server; each is kept and then taken in."""
    account = Account(
        host="127.0.0.1", port=dovecot.port, user="world", password="secret", tls="none"
    )
    with IMAPClient("127.0.0.1", port=dovecot.port, ssl=False) as client:
        client.login("world", "secret")
        for name in NAMES:
            client.append("INBOX", octets(name))
    keeper = Keeper()
    with Folder(account) as folder:
        folder.take_new(Cursor(), keeper)
    assert RawMessage.objects.count() == len(NAMES)
    while take_waiting(sandbox, now=lambda: MONDAY + timedelta(minutes=1)):
        pass
    states = list(RawMessage.objects.values_list("state", flat=True))
    reports = sum(1 for expected in TABLE.values() if expected.fate)
    assert states.count("quarantined") == reports
    assert states.count("taken") == Ticket.objects.count() == len(NAMES) - reports


class Keeper:
    """Keeps what a folder hands over, as the worker's does."""

    def keep(self, mail: Fetched) -> None:
        intake.keep_raw("small", "world", mail.octets, at=MONDAY)

    def remember(self, cursor: Cursor) -> None:
        assert cursor.last_uid
