"""What a parsed mail is: plain values that cross from the parser's process to ours."""

from datetime import datetime

import msgspec

from kept.channels.mail.headers import Mailbox


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A part kept as a file. The name is only ever shown, never a path."""

    name: str
    content_type: str
    octets: bytes
    cid: str = ""
    inline: bool = False


class FailedRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient of which a delivery report speaks (RFC 3464)."""

    address: str
    action: str
    status: str
    told: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery report: about which of our messages, and what became of it."""

    message_ids: tuple[str, ...]
    recipients: tuple[FailedRecipient, ...]
    is_formal: bool = True
    """False for a bounce that only its words make one: a person may have written it."""

    @property
    def fate(self) -> str:
        """`failed`, `delayed` or `delivered`: the worst that is told of any recipient.

        Failed is for good whatever the status says: 4.4.7 means that a server gave up.
        """
        actions = {recipient.action for recipient in self.recipients}
        return next((each for each in ("failed", "delayed") if each in actions), "delivered")


class ParsedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it claims to be. Nothing here is proved; `from_` is the only identity."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    sender: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    delivered_to: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    text: str
    fresh: str
    quoted: str
    html: str
    files: tuple[File, ...]
    automatic: str
    """Why this is a machine's mail (`auto-submitted`, `list`, ...), or empty for a person's."""
    report: Report | None
    authentication: tuple[str, ...]
    """Authentication-Results fields, top first, as they came."""
    many_from: bool
    problems: tuple[str, ...]

    @property
    def author(self) -> Mailbox:
        """The one author, or nobody where From names several or none."""
        return self.from_[0] if self.from_ else Mailbox()
