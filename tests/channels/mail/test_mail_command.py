"""`kept mail`: one message on standard input becomes a ticket; mailboxes are added and listed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.people import raise_the_curtain

pytestmark = pytest.mark.django_db(transaction=True)
MESSAGES = Path(__file__).parent / "messages"
ROOT = Path(__file__).resolve().parents[3]


def kept(url: str, *words: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "kept.settings"}
    return subprocess.run(
        [sys.executable, "-m", "kept.cli", *words], input=said, cwd=ROOT, env=environment,
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_message_on_standard_input_is_taken_in_and_told(live_url: str) -> None:
    raise_the_curtain()
    raw = (MESSAGES / "gmail-reply.eml").read_bytes()
    first = kept(live_url, "mail", "receive", "--desk", "small", said=raw)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["created"] is True
    assert set(told) == {"ticket", "created", "message", "duplicate", "problems"}
    again = json.loads(kept(live_url, "mail", "receive", "--desk", "small", said=raw).stdout)
    assert (again["ticket"], again["duplicate"]) == (told["ticket"], True)


def test_an_unreadable_message_says_why(live_url: str) -> None:
    raise_the_curtain()
    empty = kept(live_url, "mail", "receive", "--desk", "small", said=b"\r\n")
    assert empty.returncode == 1
    assert "empty" in json.loads(empty.stdout)["problems"][0]


def test_a_mailbox_is_added_and_listed_without_its_secret(live_url: str) -> None:
    raise_the_curtain()
    where = ("--desk", "small", "--host", "imap.example.com", "--user", "desk")
    assert kept(live_url, "mail", "mailbox", *where, said=b"canary-secret\n").returncode == 0
    listed = kept(live_url, "mail", "mailboxes", "--json")
    assert json.loads(listed.stdout)[0]["user"] == "desk"
    assert b"canary" not in listed.stdout
