"""What a machine of ours may send, and what of its reader's words it may repeat.

A forged sender must gain nothing: no flood of confirmations, no answer between two machines,
and no words of the forger's under our name. What is held back is counted and shown.
"""

import re
import unicodedata
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from kept.records.models import Message
from kept.services.alarms import raise_alarm
from kept.services.locking import LockedTicket

AUTOMATIC_PER_HOUR = 3
"""Machine-made mails one mailbox gets within an hour before the rest is held (loops, abuse)."""
LONGEST_NAME = 60
MOST_WORDS = 5

_SITE = re.compile(r"\w\.\w{2,}|www", re.IGNORECASE)
_NAME_MARKS = " .,'\u2019-\u00b7\u200c\u200d"


def why_held(ticket: LockedTicket, to: str, *, automatic: bool) -> str:
    """Return why a mail must not go out by itself, or nothing; held floods raise an alarm."""
    if not to:
        return "The customer has no mail address."
    if not automatic:
        return ""
    if ticket.automatic_sender:
        return "The sender is a machine; a machine does not answer it."
    if ticket.sender_proved is False:
        return "The sender is not confirmed; a machine does not answer a forged address."
    if to.partition("@")[2] == settings.KEPT_MAIL_DOMAIN or to == ticket.address:
        return "The address is our own; answering it would be a loop."
    reason = _over_budget(ticket, to)
    if reason:
        raise_alarm(
            f"budget:{ticket.slug}",
            "Automatic mails are held back: too many to one address, or a loop. The outbox"
            " shows them.",
            at=ticket.at, desk=ticket.desk,
        )  # fmt: skip
    return reason


def neutral_words(ticket: LockedTicket, name: str) -> dict[str, str]:
    """Return what stands in an automatic mail for words that only its reader has chosen."""
    words = {"customer.name": harmless_name(name) or "there"}
    if not _may_repeat(ticket):
        words["ticket.subject"] = f"[{ticket.id}]"
    return words


def harmless_name(name: str) -> str:
    """Return a name that carries no message: few words, only letters, no site."""
    is_name = (
        0 < len(name) <= LONGEST_NAME
        and len(name.split()) <= MOST_WORDS
        and not _SITE.search(name)
        and all(unicodedata.category(c)[0] in "LM" or c in _NAME_MARKS for c in name)
    )
    return name if is_name else ""


def _may_repeat(ticket: LockedTicket) -> bool:
    """Tell whether the sender is proved, or one of us has seen and answered the words."""
    if ticket.sender_proved:
        return True
    return Message.objects.filter(
        ticket_id=ticket.id, kind="public", direction="out", agent__isnull=False
    ).exists()


def _over_budget(ticket: LockedTicket, to: str) -> str:
    """Count what this mailbox got; two transactions count one after the other."""
    since = ticket.at - timedelta(hours=1)
    with connection.cursor() as cursor:
        # A statement of its own: the count must see what the one before has committed.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('automatic:' || mailbox_of(%s), 0))",
            [to],
        )
        cursor.execute(_COUNT, {"to": to, "since": since, "ticket": ticket.id,
                                "subject": ticket.subject})  # fmt: skip
        sent, is_echo = cursor.fetchone()
    if is_echo:
        return "It answers an automatic mail of ours; answering it would be a loop."
    if sent >= AUTOMATIC_PER_HOUR:
        return f"{AUTOMATIC_PER_HOUR} automatic mails went to this address within the hour."
    return ""


def rest(*, at: datetime) -> None:
    """Clear the alarms of floods and loops that have been over for an hour."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alarm SET cleared_at = %s WHERE key LIKE 'budget:%%' AND cleared_at IS NULL"
            " AND last_at < %s",
            [at, at - timedelta(hours=1)],
        )


# An absence note of a program that marks its mail in no other way repeats our subject.
# `mailbox_of` takes the ways of writing one mailbox together, so that none is a budget of its own.
_COUNT = """
SELECT count(*) FILTER (WHERE state <> 'held' OR last_error LIKE 'No mail server%%'),
       COALESCE(bool_or(ticket_id <> %(ticket)s AND length(payload->>'subject') > 5
                        AND position(lower(payload->>'subject') IN lower(%(subject)s)) > 0), false)
FROM outbox
WHERE mailbox_of(recipient) = mailbox_of(%(to)s) AND made_at > %(since)s
  AND (payload->>'automatic')::boolean IS TRUE
"""
