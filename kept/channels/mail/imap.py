"""IMAP: take the new mails of one folder, each flagged only after it is kept.

The cursor is (UIDVALIDITY, last UID). Bodies are read with BODY.PEEK, so that a mail that was
fetched and not kept is new to the next attempt. An error is never an empty mailbox.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol

from imapclient import (  # type: ignore[import-untyped]  # it ships no types
    IMAPClient,
    SocketTimeout,
)
from imapclient.exceptions import (  # type: ignore[import-untyped]  # as above
    IMAPClientError,
    LoginError,
)

CONNECT_SECONDS = 15
READ_SECONDS = 60
IDLE_RENEW_SECONDS = 120
LOOKAHEAD = 500
LARGEST = 40_000_000
KEPT_OF_TOO_LARGE = 1_000_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class MailboxFailed(Exception):
    """The mailbox cannot be read now; the sentence says why and holds no secret."""


class SignInFailed(MailboxFailed):
    """The server refuses our user and password or token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One folder to read. Exactly one of `password` and `token` is used."""

    host: str
    port: int
    user: str
    password: str = ""
    token: Callable[[], str] | None = None
    tls: str = "tls"
    folder: str = "INBOX"
    move_to: str = ""
    ca_file: str | None = None
    read_seconds: float = READ_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far the folder was read. Another UIDVALIDITY means: from the start, all anew."""

    uidvalidity: int | None = None
    last_uid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One mail as it lay in the folder. `size` is larger than the octets where it was cut."""

    uid: int
    octets: bytes
    size: int
    arrived_at: datetime | None = None
    """When the server took the mail in: clocks start there, not when we came to read it."""

    @property
    def is_cut(self) -> bool:
        """Only the beginning was fetched: the whole is larger than we take."""
        return self.size > LARGEST


class Keeper(Protocol):
    """What the reader tells its owner. Each call commits before it returns."""

    def keep(self, mail: Fetched) -> None:
        """Commit the octets."""

    def remember(self, cursor: Cursor) -> None:
        """Commit how far the folder was read."""


class Folder:
    """An open session with one folder."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = _connected(account)
        try:
            _sign_in(self._client, account)
            selected = self._client.select_folder(account.folder)
        except MailboxFailed:
            self._client.shutdown()
            raise
        except (IMAPClientError, OSError) as problem:
            self._client.shutdown()
            raise MailboxFailed(f"The folder {account.folder} cannot be opened.") from problem
        self.uidvalidity = int(selected[b"UIDVALIDITY"])
        self.can_idle = self._client.has_capability("IDLE")

    def __enter__(self) -> "Folder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session; a server that is gone is left alone."""
        try:
            self._client.logout()
        except (IMAPClientError, OSError):
            self._client.shutdown()

    def take_new(self, cursor: Cursor, keeper: Keeper) -> Cursor:
        """Keep every mail after the cursor, oldest first, and return where it now stands."""
        try:
            for mail in self._new(self._after(cursor)):
                keeper.keep(mail)
                cursor = Cursor(uidvalidity=self.uidvalidity, last_uid=mail.uid)
                keeper.remember(cursor)
                self._put_away(mail.uid)
        except (IMAPClientError, OSError, KeyError) as problem:
            raise MailboxFailed(f"Reading the folder failed: {_told(problem)}") from problem
        if cursor.uidvalidity != self.uidvalidity:
            cursor = Cursor(uidvalidity=self.uidvalidity, last_uid=0)
            keeper.remember(cursor)
        return cursor

    def wait(self, is_over: Callable[[], bool], *, step: float, steps: int) -> bool:
        """Idle until the server tells of something; False when it stayed quiet.

        Looks every `step` seconds whether the wait is over. Ending it asks the server for an
        answer, so a dead connection shows here.
        """
        told: list[object] = []
        try:
            self._client.idle()
            for _ in range(steps):
                told = self._client.idle_check(timeout=step)
                if told or is_over():
                    break
            _, rest = self._client.idle_done()
        except (IMAPClientError, OSError) as problem:
            raise MailboxFailed(f"Waiting for mail failed: {_told(problem)}") from problem
        return bool(told or rest)

    def _after(self, cursor: Cursor) -> int:
        return cursor.last_uid if cursor.uidvalidity == self.uidvalidity else 0

    def _new(self, last_uid: int) -> Iterator[Fetched]:
        """Give the mails with higher UIDs; `n:*` names the last one even when it is lower.

        Mails that came since the last command are searched only once the server told of them.
        """
        self._client.noop()
        found = self._client.search(["UID", f"{last_uid + 1}:*"])
        uids = sorted(uid for uid in found if uid > last_uid)
        for start in range(0, len(uids), LOOKAHEAD):
            group = uids[start : start + LOOKAHEAD]
            known = self._client.fetch(group, ["RFC822.SIZE", "INTERNALDATE"])
            for uid in group:
                if uid in known:
                    yield self._fetch(uid, known[uid])

    def _fetch(self, uid: int, known: Mapping[bytes, Any]) -> Fetched:
        size = int(known[b"RFC822.SIZE"])
        part = f"BODY.PEEK[]<0.{KEPT_OF_TOO_LARGE}>" if size > LARGEST else "BODY.PEEK[]"
        answer = self._client.fetch([uid], [part])[uid]
        octets = next(value for key, value in answer.items() if key.startswith(b"BODY[]"))
        return Fetched(
            uid=uid, octets=bytes(octets or b""), size=size, arrived_at=known.get(b"INTERNALDATE")
        )

    def _put_away(self, uid: int) -> None:
        """Flag the mail as seen, or move it; it is ours already, whatever comes of this."""
        self._client.add_flags([uid], [b"\\Seen"], silent=True)
        if self._account.move_to and self._client.has_capability("MOVE"):
            self._client.move([uid], self._account.move_to)


def _connected(account: Account) -> IMAPClient:
    context = ssl.create_default_context(cafile=account.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if account.tls == "none" and account.host not in LOOPBACK:
        raise MailboxFailed("Reading mail without TLS is for this machine's own server only.")
    client: IMAPClient | None = None
    try:
        client = IMAPClient(
            account.host,
            port=account.port,
            use_uid=True,
            ssl=account.tls == "tls",
            ssl_context=context if account.tls == "tls" else None,
            timeout=SocketTimeout(connect=CONNECT_SECONDS, read=account.read_seconds),
        )
        client.normalise_times = False
        if account.tls == "starttls":
            client.starttls(ssl_context=context)
    except ssl.SSLCertVerificationError as problem:
        raise MailboxFailed(
            f"The server's certificate is not trusted: {problem.verify_message}."
        ) from problem
    except (IMAPClientError, OSError) as problem:
        if client is not None:
            client.shutdown()
        raise MailboxFailed(f"{account.host} cannot be reached: {_told(problem)}") from problem
    return client


def _sign_in(client: IMAPClient, account: Account) -> None:
    try:
        if account.token is not None:
            client.oauth2_login(account.user, account.token())
        else:
            client.login(account.user, account.password)
    except LoginError as problem:
        raise SignInFailed("The mail server refuses our user and secret.") from problem


def _told(problem: Exception) -> str:
    return f"{type(problem).__name__} {problem}"[:200].strip()
