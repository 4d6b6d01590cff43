"""Mailboxes: one reader each, connected for as long as it lasts, started again when it fails.

Idling hears of mail at once; polling is the guarantee. After a failure a reader waits, longer
each time and never in step with the others; refused sign-ins wait longest.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import close_old_connections, connection

from kept.channels.mail import oauth
from kept.channels.mail.imap import (
    IDLE_RENEW_SECONDS,
    Account,
    Cursor,
    Fetched,
    Folder,
    MailboxFailed,
    SignInFailed,
)
from kept.clock import now
from kept.records.queries import mail as queries
from kept.records.queries.mail import MailboxView
from kept.services import intake, mailboxes
from kept.services.errors import DeskError

POLL_SECONDS = 30.0
IDLE_STEP_SECONDS = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 120.0
CALM_SECONDS = 60.0
"""A session that lasted this long is no reason to wait for the next."""
REFUSED_PAUSE = 60.0
OLDEST_ARRIVAL = timedelta(days=7)
"""Mail moved in from an archive is new to the desk when it comes, not when it was written."""

log = logging.getLogger(__name__)


def readers(stopping: threading.Event) -> Callable[[], int]:
    """Return the round that gives every mailbox a reader, those added later too."""
    threads: dict[int, threading.Thread] = {}

    def work() -> int:
        started = 0
        for mailbox in queries.mailboxes():
            reader = threads.get(mailbox.id)
            if reader is None or not reader.is_alive():
                reader = threading.Thread(
                    target=read_on, args=(mailbox.id, stopping), daemon=True,
                    name=f"mailbox-{mailbox.id}",
                )  # fmt: skip
                threads[mailbox.id] = reader
                reader.start()
                started += 1
        return started

    return work


def read_on(mailbox_id: int, stopping: threading.Event) -> None:
    """Read one mailbox until told to stop or until it is gone."""
    pause = FIRST_PAUSE
    while not stopping.is_set():
        began = time.monotonic()
        try:
            close_old_connections()
            mailbox = next((m for m in queries.mailboxes() if m.id == mailbox_id), None)
            if mailbox is None:
                break
            read(mailbox, stopping)
        except (MailboxFailed, oauth.OAuthFailed, DeskError) as problem:
            is_refused = isinstance(problem, SignInFailed | oauth.OAuthFailed | DeskError)
            _tell(mailbox_id, str(problem), at_once=is_refused)
            pause = max(pause, REFUSED_PAUSE) if is_refused else pause
        except Exception:
            log.exception("mailbox %s: its reader failed", mailbox_id)
            connection.close()
        if time.monotonic() - began > CALM_SECONDS:
            pause = FIRST_PAUSE
        stopping.wait(pause * random.uniform(0.5, 1.5))
        pause = min(LONGEST_PAUSE, pause * 2)
    connection.close()


def read(mailbox: MailboxView, stopping: threading.Event) -> None:
    """Stay connected: take what is new, then idle until there is more."""
    cursor = Cursor(uidvalidity=mailbox.uidvalidity, last_uid=mailbox.last_uid)
    keeper = Keeper(mailbox)
    with Folder(account_of(mailbox)) as folder:
        while not stopping.is_set():
            cursor = folder.take_new(cursor, keeper)
            mailboxes.polled(mailbox.id, at=now())
            _await_more(folder, stopping)


class Keeper:
    """Commits what a folder's reader hands over."""

    def __init__(self, mailbox: MailboxView) -> None:
        self._mailbox = mailbox

    def keep(self, mail: Fetched) -> None:
        """Commit the octets; a mail beyond the limit goes to a person, cut."""
        at = now()
        raw_id = intake.keep_raw(
            self._mailbox.desk,
            self._mailbox.user,
            mail.octets,
            at=at,
            trusted_at=_arrival(mail.arrived_at, at),
        )
        if mail.is_cut:
            size = mail.size // 1_000_000
            told = f"The message is too large ({size} MB); the whole lies in the mailbox."
            intake.quarantine(raw_id, told, at=now())

    def remember(self, cursor: Cursor) -> None:
        """Commit how far the folder was read."""
        if cursor.uidvalidity is not None:
            mailboxes.remember(
                self._mailbox.id, uidvalidity=cursor.uidvalidity, last_uid=cursor.last_uid
            )


def _arrival(arrived_at: datetime | None, at: datetime) -> datetime | None:
    """Return when the mail arrived, unless it lay elsewhere for long before it came here."""
    if arrived_at is None or arrived_at.tzinfo is None:
        return None
    return arrived_at if at - OLDEST_ARRIVAL <= arrived_at <= at else None


def account_of(mailbox: MailboxView) -> Account:
    """Return how to sign in to a mailbox."""
    secret = mailboxes.secret_of(mailbox.id)
    has_token = mailbox.auth == "oauth2"

    def keep(client: oauth.Client) -> None:
        mailboxes.keep_secret(mailbox.id, msgspec.json.encode(client).decode())

    tokens = (
        oauth.Tokens(oauth.client_from_secret(secret), now=now, keep=keep) if has_token else None
    )
    return Account(
        host=mailbox.host,
        port=mailbox.port,
        user=mailbox.user,
        password="" if has_token else secret,
        token=tokens.current if tokens is not None else None,
        tls=mailbox.tls,
        folder=mailbox.folder,
        move_to=settings.KEPT_IMAP_MOVE_TO,
    )


def _await_more(folder: Folder, stopping: threading.Event) -> None:
    """Idle in short steps, so that a stop is heard, and never for long without a poll."""
    if not folder.can_idle:
        stopping.wait(POLL_SECONDS)
        return
    steps = int(IDLE_RENEW_SECONDS / IDLE_STEP_SECONDS)
    folder.wait(stopping.is_set, step=IDLE_STEP_SECONDS, steps=steps)


def _tell(mailbox_id: int, problem: str, *, at_once: bool) -> None:
    """Put the problem where people see it; the database may be what is away."""
    try:
        mailboxes.failed(mailbox_id, problem, at=now(), at_once=at_once)
    except Exception:
        log.exception("mailbox %s: %s", mailbox_id, problem)
        connection.close()
