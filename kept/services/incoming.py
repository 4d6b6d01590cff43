"""A message from outside after parsing: what channels hand to intake. Plain values only."""

from datetime import datetime

from kept.policy.words import Frozen


class IncomingFile(Frozen, frozen=True, kw_only=True):
    """An attachment; `inline_cid` is set where the HTML part shows it."""

    filename: str
    content_type: str
    body: bytes
    inline_cid: str = ""


class IncomingMessage(Frozen, frozen=True, kw_only=True):
    """One parsed message.

    `text` is only what is new, `quoted` the rest that was folded away. `authenticated` tells
    whether the sender's domain vouches for the sender (True), does not (False) or was not
    asked (None). `automatic` marks mail that must never be answered by a machine (RFC 3834).
    """

    sender: str
    sender_name: str = ""
    subject: str = ""
    text: str = ""
    quoted: str = ""
    html: str = ""
    """Sanitised already; the page shows it in a sandbox."""
    channel: str = "email"
    sender_kind: str = "email"
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_token: str = ""
    """The unguessable part of the address it was sent to, if it had one."""
    authenticated: bool | None = None
    automatic: bool = False
    bounce_of: tuple[str, ...] = ()
    """Message-IDs that a delivery report says did not arrive."""
    bounce_fate: str = "failed"
    """`failed`, `delayed` or `delivered`."""
    bounce_formal: bool = True
    """False where only the words make it a report: about no mail of ours it is a mail."""
    bounce_reason: str = ""
    files: tuple[IncomingFile, ...] = ()
    sent_at: datetime | None = None
    language: str = ""
    warnings: tuple[str, ...] = ()
    """What a person should know: `the From address is not confirmed`, ..."""


class Taken(Frozen, frozen=True, kw_only=True):
    """What became of a raw message; the answer of `kept mail receive`."""

    ticket: int | None
    created: bool
    message: int | None
    duplicate: bool = False
    problems: tuple[str, ...] = ()
