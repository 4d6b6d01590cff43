"""Reading a real IMAP server: nothing is lost, nothing comes twice, an error is no empty box."""

import http.server
import json
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from imapclient import IMAPClient

from kept.channels.mail import oauth
from kept.channels.mail.imap import (
    Account,
    Cursor,
    Fetched,
    Folder,
    MailboxFailed,
    SignInFailed,
)
from tests.channels.mail.mail_servers import DOVECOT, Dovecot, folder, make_certificate, need

pytestmark = pytest.mark.system


@dataclass
class Shelf:
    """Where kept mails lie, in the order of coming; falls over when told to."""

    kept: list[bytes] = field(default_factory=list)
    arrivals: list[datetime] = field(default_factory=list)
    cursor: Cursor = field(default_factory=Cursor)
    fall_at: int = -1

    def keep(self, mail: Fetched) -> None:
        if len(self.kept) == self.fall_at:
            raise ConnectionAbortedError("the database is away")
        if mail.octets not in self.kept and mail.arrived_at is not None:
            self.kept.append(mail.octets)
            self.arrivals.append(mail.arrived_at)

    def remember(self, cursor: Cursor) -> None:
        self.cursor = cursor


def account(server: Dovecot, user: str, **changes: object) -> Account:
    made = Account(host="127.0.0.1", port=server.port, user=user, password="secret", tls="none")
    return replace(made, **changes)


def put(server: Dovecot, user: str, *subjects: str, folder_name: str = "INBOX") -> None:
    with IMAPClient("127.0.0.1", port=server.port, ssl=False) as client:
        client.login(user, "secret")
        if not client.folder_exists(folder_name):
            client.create_folder(folder_name)
        for subject in subjects:
            body = f"From: a@example.com\r\nSubject: {subject}\r\n\r\n{subject}\r\n"
            client.append(folder_name, body.encode())


def flags(server: Dovecot, user: str) -> dict[int, tuple[bytes, ...]]:
    with IMAPClient("127.0.0.1", port=server.port, ssl=False) as client:
        client.login(user, "secret")
        client.select_folder("INBOX", readonly=True)
        return dict(client.get_flags(client.search()))


def test_new_mails_come_oldest_first_and_are_flagged_once_kept(dovecot: Dovecot) -> None:
    put(dovecot, "one", "first", "second")
    shelf = Shelf()
    with Folder(account(dovecot, "one")) as box:
        shelf.cursor = box.take_new(shelf.cursor, shelf)
        put(dovecot, "one", "third")
        box.take_new(shelf.cursor, shelf)
    assert [octets.splitlines()[-1] for octets in shelf.kept] == [b"first", b"second", b"third"]
    assert all(b"\\Seen" in found for found in flags(dovecot, "one").values())
    assert shelf.cursor.last_uid == 3
    assert shelf.arrivals[0].tzinfo is not None


def test_a_mail_that_was_fetched_but_not_kept_is_new_and_unseen(dovecot: Dovecot) -> None:
    put(dovecot, "two", "first", "second")
    shelf = Shelf(fall_at=1)
    with Folder(account(dovecot, "two")) as box, pytest.raises(MailboxFailed):
        box.take_new(shelf.cursor, shelf)
    assert [b"\\Seen" in found for _, found in sorted(flags(dovecot, "two").items())] == [
        True,
        False,
    ]
    shelf.fall_at = -1
    with Folder(account(dovecot, "two")) as box:
        box.take_new(shelf.cursor, shelf)
    assert len(shelf.kept) == 2


def test_a_folder_made_anew_is_read_from_its_start(dovecot: Dovecot) -> None:
    put(dovecot, "three", "old", folder_name="Desk")
    shelf = Shelf()
    there = account(dovecot, "three", folder="Desk")
    with Folder(there) as box:
        shelf.cursor = box.take_new(shelf.cursor, shelf)
    before = shelf.cursor.uidvalidity
    with IMAPClient("127.0.0.1", port=dovecot.port, ssl=False) as client:
        client.login("three", "secret")
        client.delete_folder("Desk")
    threading.Event().wait(1.1)
    put(dovecot, "three", "old", "new", folder_name="Desk")
    with Folder(there) as box:
        shelf.cursor = box.take_new(shelf.cursor, shelf)
    assert shelf.cursor.uidvalidity != before
    assert len(shelf.kept) == 2, "the old one lies there already; only the new one is added"


def test_idling_ends_as_soon_as_a_mail_comes(dovecot: Dovecot) -> None:
    put(dovecot, "four", "first")
    shelf = Shelf()
    with Folder(account(dovecot, "four")) as box:
        shelf.cursor = box.take_new(shelf.cursor, shelf)
        assert box.can_idle
        later = threading.Timer(0.3, put, (dovecot, "four", "second"))
        later.start()
        assert box.wait(lambda: False, step=5.0, steps=4)
        box.take_new(shelf.cursor, shelf)
        later.join()
        assert not box.wait(lambda: True, step=0.05, steps=4)
    assert len(shelf.kept) == 2


def test_a_server_that_restarts_again_and_again_loses_no_mail() -> None:
    need(DOVECOT)
    with folder() as path:
        server = Dovecot(path)
        server.start()
        put(server, "five", *(f"mail {number}" for number in range(60)))
        shelf = Shelf()
        for round_ in range(4):
            shelf.fall_at = (round_ + 1) * 13
            with Folder(account(server, "five")) as box, pytest.raises(MailboxFailed):
                box.take_new(shelf.cursor, shelf)
            server.stop()
            with pytest.raises(MailboxFailed, match="cannot be reached"):
                Folder(account(server, "five"))
            server.start()
        shelf.fall_at = -1
        with Folder(account(server, "five")) as box:
            box.take_new(shelf.cursor, shelf)
        server.stop()
    assert len(shelf.kept) == len(set(shelf.kept)) == 60


def test_a_server_that_falls_silent_is_an_error_not_an_empty_mailbox() -> None:
    need(DOVECOT)
    with folder() as path:
        server = Dovecot(path)
        server.start()
        put(server, "six", "first")
        with Folder(account(server, "six", read_seconds=1.0)) as box:
            server.signal_all(signal.SIGSTOP)
            try:
                with pytest.raises(MailboxFailed):
                    box.take_new(Cursor(), Shelf())
            finally:
                server.signal_all(signal.SIGCONT)
        server.stop()


def test_a_wrong_password_is_told_without_the_password() -> None:
    need(DOVECOT)
    with folder() as path:
        server = Dovecot(path)
        server.start()
        with pytest.raises(SignInFailed) as refused:
            Folder(account(server, "seven", password="hunter2-wrong"))
        server.stop()
    assert "hunter2" not in str(refused.value)


def test_a_certificate_that_nobody_vouches_for_ends_before_any_sign_in(dovecot: Dovecot) -> None:
    there = account(dovecot, "eight", port=dovecot.tls_port, tls="tls")
    with pytest.raises(MailboxFailed, match="not trusted"):
        Folder(there)
    with Folder(replace(there, ca_file=str(dovecot.certificate))) as box:
        assert box.uidvalidity
    started = replace(there, port=dovecot.port, tls="starttls", ca_file=str(dovecot.certificate))
    with Folder(started) as box:
        assert box.uidvalidity


@pytest.mark.parametrize(("name", "days"), [("elsewhere.example", 1), ("127.0.0.1", 0)])
def test_a_certificate_of_another_host_or_time_is_refused(name: str, days: int) -> None:
    need(DOVECOT)
    with folder() as path:
        server = Dovecot(path)
        server.certificate, server.key = make_certificate(path, name=name, days=days)
        (path / "dovecot.conf").write_text(server._configuration(""))
        server.start()
        with pytest.raises(MailboxFailed, match="not trusted"):
            Folder(
                account(server, "u", port=server.tls_port, tls="tls",
                        ca_file=str(server.certificate))
            )  # fmt: skip
        server.stop()


def test_mail_is_read_without_tls_only_on_this_machine() -> None:
    with pytest.raises(MailboxFailed, match="without TLS"):
        Folder(Account(host="192.0.2.1", port=143, user="u", password="p", tls="none"))


class Provider(http.server.BaseHTTPRequestHandler):
    """A provider of tokens: gives one for `refresh-1`, and tells dovecot whose it is."""

    granted: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_itself = "grant_type=client_credentials" in form and "client_secret=s" in form
        turns = "refresh_token=turning" in form
        if not (is_itself or turns or "refresh_token=refresh-1" in form):
            self._answer(400, {"error": "invalid_grant"})
            return
        self.granted.append(f"token-{len(self.granted) + 1}")
        told: dict[str, object] = {"access_token": self.granted[-1], "expires_in": 100}
        if turns:
            told["refresh_token"] = f"{self.granted[-1]}-turning"
        self._answer(200, told)

    def do_GET(self) -> None:
        token = self.path.partition("access_token=")[2]
        if token in self.granted:
            self._answer(200, {"email": "nine", "active": "true"})
        else:
            self._answer(401, {"error": "invalid_token"})

    def _answer(self, code: int, told: dict[str, object]) -> None:
        body = json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *told: object) -> None:
        """Be quiet."""


@pytest.fixture
def provider() -> Iterator[str]:
    Provider.granted = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def test_a_mailbox_is_read_with_oauth_and_the_token_is_renewed(provider: str) -> None:
    need(DOVECOT)
    clock = Hands()
    client = oauth.Client(token_url=provider, client_id="kept", refresh_token="refresh-1")
    tokens = oauth.Tokens(client, now=clock)
    with folder() as path:
        server = Dovecot(path, oauth_url=f"{provider}/?access_token=")
        server.start()
        put(server, "nine", "for the token")
        shelf = Shelf()
        there = account(server, "nine", password="", token=tokens.current)
        with Folder(there) as box:
            box.take_new(Cursor(), shelf)
        assert tokens.current() == "token-1"
        clock.at += timedelta(seconds=20)
        assert tokens.current() == "token-2"
        with pytest.raises(SignInFailed):
            Folder(replace(there, token=lambda: "stolen"))
        server.stop()
    assert len(shelf.kept) == 1


def test_a_refresh_token_that_the_provider_replaces_is_kept(provider: str) -> None:
    clock, kept = Hands(), []
    client = oauth.Client(token_url=provider, client_id="kept", refresh_token="turning")
    tokens = oauth.Tokens(client, now=clock, keep=kept.append)
    tokens.current()
    clock.at += timedelta(seconds=20)
    with pytest.raises(oauth.OAuthFailed, match="invalid_grant"):
        tokens.current()
    assert [each.refresh_token for each in kept] == ["token-1-turning"]


def test_a_client_may_act_for_itself(provider: str) -> None:
    given = f'{{"token_url": "{provider}", "client_id": "kept", "client_secret": "s"}}'
    assert oauth.Tokens(oauth.client_from_secret(given), now=Hands()).current() == "token-1"
    with pytest.raises(oauth.OAuthFailed, match="refresh_token or a client_secret"):
        oauth.client_from_secret('{"token_url": "https://x", "client_id": "k"}')


def test_a_refused_refresh_says_why_and_keeps_the_secret(provider: str) -> None:
    client = oauth.Client(token_url=provider, client_id="kept", refresh_token="very-secret")
    with pytest.raises(oauth.OAuthFailed, match="invalid_grant") as refused:
        oauth.Tokens(client, now=Hands()).current()
    assert "very-secret" not in str(refused.value)


def test_tokens_are_asked_for_over_tls_only() -> None:
    client = oauth.Client(token_url="http://login.example.com", client_id="k", refresh_token="r")
    with pytest.raises(oauth.OAuthFailed, match="https"):
        oauth.Tokens(client, now=Hands())
