"""The mail loops: read mailboxes, take in what was kept, send what the outbox holds.

Each loop is a thread that survives any one failure, waits with jitter after it, and ends when
`stop` is set. Waking early is a hint; looking again is the guarantee.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import close_old_connections, connection

from kept.channels.mail import oauth, outgoing, receive, send
from kept.channels.mail.imap import (
    IDLE_RENEW_SECONDS,
    Account,
    Cursor,
    Fetched,
    Folder,
    MailboxFailed,
    SignInFailed,
)
from kept.channels.mail.sandbox import Sandbox
from kept.channels.mail.smtp_server import Receiver
from kept.clock import now
from kept.records.queries import mail as queries
from kept.records.queries.mail import MailboxView
from kept.services import intake, mailboxes

LOOK_SECONDS = 1.0
POLL_SECONDS = 30.0
IDLE_STEP_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 120.0
REFUSED_PAUSE = 60.0
NEW_MAILBOXES_SECONDS = 15.0

log = logging.getLogger(__name__)
Stop = threading.Event


def start(stop: Stop) -> list[threading.Thread]:
    """Start every mail loop but the receiver; they end soon after `stop` is set."""
    threads = [
        threading.Thread(target=loop, args=(stop,), name=name, daemon=True)
        for name, loop in (
            ("mail-intake", take_loop),
            ("mail-outbox", send_loop),
            ("mail-boxes", mailboxes_loop),
        )
    ]
    for thread in threads:
        thread.start()
    return threads


def receiver() -> Receiver:
    """Return the built-in receiver, as the settings want it, not yet started."""

    def keep(desk: str, raw: bytes) -> None:
        with _fresh_connection():
            receive.keep(desk, raw, at=now())

    def desk_of(address: str) -> str | None:
        with _fresh_connection():
            return receive.desk_of(address)

    return Receiver(
        desk_of=desk_of,
        keep=keep,
        host=settings.KEPT_RECEIVER_HOST,
        port=settings.KEPT_RECEIVER_PORT,
        lmtp=settings.KEPT_RECEIVER_LMTP,
        largest=settings.KEPT_MAIL_LARGEST,
    )


def take_loop(stop: Stop) -> None:
    """Parse and take in whatever was kept, by any process, until `stop`."""
    with Sandbox() as sandbox:
        _forever(stop, "intake", lambda: receive.take_waiting(sandbox, now=now))


def send_loop(stop: Stop) -> None:
    """Send what the outbox holds until `stop`; without a mail server lay it by for people."""
    server = send.server_from_url(settings.KEPT_SMTP_URL)
    if server is None:
        _forever(stop, "outbox", lambda: outgoing.lay_by(now=now))
        return
    with send.Connection(server) as smtp:
        _forever(stop, "outbox", lambda: outgoing.send_due(smtp, now=now))


def mailboxes_loop(stop: Stop) -> None:
    """Give each mailbox a reader of its own; one added later gets its own soon."""
    readers: dict[int, threading.Thread] = {}

    def look() -> int:
        for mailbox in queries.mailboxes():
            reader = readers.get(mailbox.id)
            if reader is None or not reader.is_alive():
                readers[mailbox.id] = threading.Thread(
                    target=read_loop, args=(mailbox.id, stop), daemon=True,
                    name=f"mailbox-{mailbox.id}",
                )  # fmt: skip
                readers[mailbox.id].start()
        return 0

    _forever(stop, "mailboxes", look, pause=NEW_MAILBOXES_SECONDS)
    for reader in readers.values():
        reader.join(IDLE_STEP_SECONDS + 2)


def read_loop(mailbox_id: int, stop: Stop) -> None:
    """Read one mailbox until `stop` or until it is gone; after a failure wait, then reconnect."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            mailbox = next((m for m in queries.mailboxes() if m.id == mailbox_id), None)
            if mailbox is None:
                return
            read(mailbox, stop)
            pause = FIRST_PAUSE
        except (MailboxFailed, oauth.OAuthFailed) as problem:
            refused = isinstance(problem, SignInFailed | oauth.OAuthFailed)
            _tell(mailbox_id, str(problem), at_once=refused)
            pause = max(pause, REFUSED_PAUSE) if refused else pause
        except Exception:
            log.exception("mailbox %s: the reader failed", mailbox_id)
        close_old_connections()
        stop.wait(pause * random.uniform(0.5, 1.5))
        pause = min(LONGEST_PAUSE, pause * 2)
    connection.close()


class Keeper:
    """Commits what a folder's reader hands over."""

    def __init__(self, mailbox: MailboxView) -> None:
        self._mailbox = mailbox

    def keep(self, mail: Fetched) -> None:
        """Commit the octets; a mail beyond the limit goes to a person, cut."""
        mailbox = self._mailbox
        raw_id = intake.keep_raw(mailbox.desk, mailbox.user, mail.octets, at=now())
        if mail.is_cut:
            told = f"The message is too large ({mail.size // 1_000_000} MB). It is in the mailbox."
            intake.quarantine(raw_id, told, at=now())

    def remember(self, cursor: Cursor) -> None:
        """Commit how far the folder was read."""
        if cursor.uidvalidity is not None:
            mailboxes.remember(
                self._mailbox.id, uidvalidity=cursor.uidvalidity, last_uid=cursor.last_uid
            )


def account_of(mailbox: MailboxView) -> Account:
    """Return how to sign in to a mailbox."""
    secret = mailboxes.secret_of(mailbox.id)
    with_token = mailbox.auth == "oauth2"
    tokens = oauth.Tokens(oauth.client_from_secret(secret), now=now) if with_token else None
    return Account(
        host=mailbox.host,
        port=mailbox.port,
        user=mailbox.user,
        password="" if with_token else secret,
        token=tokens.current if tokens is not None else None,
        tls=mailbox.tls,
        folder=mailbox.folder,
        move_to=settings.KEPT_IMAP_MOVE_TO,
    )


def read(mailbox: MailboxView, stop: Stop) -> None:
    """Stay connected: take what is new, then idle until there is more."""
    cursor = Cursor(uidvalidity=mailbox.uidvalidity, last_uid=mailbox.last_uid)
    keeper = Keeper(mailbox)
    with Folder(account_of(mailbox)) as folder:
        while not stop.is_set():
            cursor = folder.take_new(cursor, keeper)
            mailboxes.polled(mailbox.id, at=now())
            _await_more(folder, stop)


def _await_more(folder: Folder, stop: Stop) -> None:
    """Idle in short steps, so that `stop` is heard, and never for long without a poll."""
    if not folder.can_idle:
        stop.wait(POLL_SECONDS)
        return
    steps = int(IDLE_RENEW_SECONDS / IDLE_STEP_SECONDS)
    folder.wait(stop.is_set, step=IDLE_STEP_SECONDS, steps=steps)


def _tell(mailbox_id: int, problem: str, *, at_once: bool) -> None:
    try:
        mailboxes.failed(mailbox_id, problem, at=now(), at_once=at_once)
    except Exception:
        log.exception("mailbox %s: %s", mailbox_id, problem)


def _forever(
    stop: Stop, name: str, once: Callable[[], int], *, pause: float = LOOK_SECONDS
) -> None:
    """Run `once` until `stop`; rest when there was nothing, longer after each failure."""
    trouble = FIRST_PAUSE
    while not stop.is_set():
        try:
            done = once()
            trouble = FIRST_PAUSE
        except Exception:
            log.exception("the %s loop failed; it goes on", name)
            done, wait = 0, trouble * random.uniform(0.5, 1.5)
            trouble = min(LONGEST_PAUSE, trouble * 2)
            close_old_connections()
            stop.wait(wait)
        if not done:
            stop.wait(pause)
    connection.close()


@contextmanager
def _fresh_connection() -> Iterator[None]:
    """A database connection for one act of a pooled thread: checked before and after."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
