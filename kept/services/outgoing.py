"""A message going out: what the outbox holds and channels send. Plain values only."""

from kept.policy.words import Frozen


class OutgoingMail(Frozen, frozen=True, kw_only=True, omit_defaults=True):
    """One mail to one recipient. `message_id` is fixed; a second copy bears the same one."""

    to: str
    to_name: str = ""
    from_name: str
    from_address: str
    subject: str
    text: str
    message_id: str
    ticket: int | None = None
    message: int | None = None
    """The Message row whose delivery this is; attachments hang on it."""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_token: str = ""
    """Goes into Reply-To as `local+TOKEN@domain`."""
    automatic: bool = False
    """True where no person wrote it: `Auto-Submitted: auto-replied`."""
    attachments: tuple[int, ...] = ()
    code: int | None = None
    """The identity check whose one-time code the text has a blank for."""


class ClaimedMail(Frozen, frozen=True, kw_only=True):
    """An outbox row under lease. `fence` must come back with the result."""

    id: int
    fence: int
    kind: str
    attempts: int
    desk: str
    mail: OutgoingMail
