"""Secrets of mail servers turn up nowhere: not in the log, not in a row, not on a page."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from kept import clock
from kept.records.models import Alarm
from kept.services import conversation, mailboxes
from tests.channels.mail.mail_servers import free_port
from tests.people import dana_asks, raise_the_curtain

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 60.0


def everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        return "\n".join(
            str(cursor_row)
            for table in connection.introspection.table_names(cursor)
            for cursor_row in rows_of(table)
        )


def rows_of(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {connection.ops.quote_name(table)} t")
        return list(cursor.fetchall())


def raised() -> set[str]:
    connection.close()
    return {key.partition(":")[0] for key in Alarm.objects.values_list("key", flat=True)}


@pytest.mark.django_db(transaction=True)
def test_no_secret_is_told_when_nothing_works(live_url: str, tmp_path: Path) -> None:
    cast = raise_the_curtain()
    closed = free_port()
    client = f'{{"token_url": "http://127.0.0.1:{closed}/t", "client_id": "c",' + (
        ' "client_secret": "canary-client", "refresh_token": "canary-refresh"}'
    )
    there = {"host": "127.0.0.1", "port": closed, "tls": "none"}
    mailboxes.add("small", user="a", secret="canary-imap", **there)  # type: ignore[arg-type]  # spread
    mailboxes.add("small", user="b", secret=client, auth="oauth2", **there)  # type: ignore[arg-type]  # spread
    conversation.reply(dana_asks(at=clock.now()), by=cast.amira, at=clock.now(), text="Hello.")
    log = tmp_path / "log"
    with log.open("wb") as file:
        worker = subprocess.Popen(
            [sys.executable, "-m", "kept.worker"], cwd=ROOT, stdout=file, stderr=file,
            env={
                **os.environ, "DATABASE_URL": live_url, "KEPT_LOG": "debug",
                "KEPT_SMTP_URL": f"smtp://desk:canary-smtp@127.0.0.1:{closed}?tls=none",
            },
        )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not {"outbox", "mailbox"} <= raised():
            assert time.monotonic() < until, log.read_text()
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(0.2)
    finally:
        worker.terminate()
        worker.wait(30)
    pages = "".join(Client().get(path).content.decode() for path in ("/metrics", "/readyz"))
    told = log.read_text() + everything_in_the_database() + pages
    assert "cannot be used" in told
    assert "canary" not in told
