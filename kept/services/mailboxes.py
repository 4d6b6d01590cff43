"""Mailboxes: where a desk's mail is read. Secrets are encrypted with the installation's own."""

from datetime import datetime, timedelta

from kept.records.models import Desk, Mailbox
from kept.services.alarms import clear_alarm, raise_alarm
from kept.services.errors import NotFound, NotValid
from kept.services.sealing import seal, unseal
from kept.services.texts import clean, one_line

SILENT_FOR = timedelta(minutes=5)
"""How long a mailbox may go unread before a person hears of it."""


def add(
    desk: str,
    *,
    host: str,
    port: int,
    user: str,
    secret: str,
    auth: str = "password",
    tls: str = "tls",
    folder: str = "INBOX",
) -> int:
    """Read a mailbox from now on, or change how it is read; return its id."""
    row = Desk.objects.filter(slug=desk).values_list("id", flat=True).first()
    if row is None:
        raise NotFound(f"There is no desk named {desk}.")
    if auth not in ("password", "oauth2") or tls not in ("tls", "starttls", "none"):
        raise NotValid("auth is password or oauth2; tls is tls, starttls or none.")
    mailbox, _ = Mailbox.objects.update_or_create(
        host=host, port=port, user=user, folder=folder,
        defaults={"desk_id": row, "secret": seal("mailbox", secret), "auth": auth,
                  "tls": tls, "problem": ""},
    )  # fmt: skip
    return int(mailbox.pk)


def secret_of(mailbox_id: int) -> str:
    """Return the mailbox's password or OAuth settings."""
    secret = Mailbox.objects.filter(pk=mailbox_id).values_list("secret", flat=True).first()
    if secret is None:
        raise NotFound("There is no such mailbox.")
    return unseal("mailbox", secret)


def keep_secret(mailbox_id: int, secret: str) -> None:
    """Keep the secret that the provider put in the place of the one before."""
    Mailbox.objects.filter(pk=mailbox_id).update(secret=seal("mailbox", secret))


def remember(mailbox_id: int, *, uidvalidity: int, last_uid: int) -> None:
    """Keep how far the folder was read."""
    Mailbox.objects.filter(pk=mailbox_id).update(uidvalidity=uidvalidity, last_uid=last_uid)


def polled(mailbox_id: int, *, at: datetime) -> None:
    """Note that the mailbox was read to its end."""
    Mailbox.objects.filter(pk=mailbox_id).update(last_poll_at=at, problem="")
    clear_alarm(f"mailbox:{mailbox_id}", at=at)


def failed(mailbox_id: int, problem: str, *, at: datetime, at_once: bool = False) -> None:
    """Note why the mailbox could not be read; raise the alarm when it lasts, or at once."""
    mailbox = Mailbox.objects.filter(pk=mailbox_id).first()
    if mailbox is None:
        return
    Mailbox.objects.filter(pk=mailbox_id).update(problem=clean(problem)[:2000])
    silent = mailbox.last_poll_at is None or at - mailbox.last_poll_at >= SILENT_FOR
    if silent or at_once:
        told = f"The mailbox {mailbox.user} at {mailbox.host} is not read: {one_line(problem)}"
        raise_alarm(f"mailbox:{mailbox_id}", told, at=at, desk=mailbox.desk_id)
