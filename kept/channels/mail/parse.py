"""Parse: the octets of one mail to plain values. Pure; runs in a process that may be killed.

Whatever a mail claims is only told, never believed: our own control headers have no meaning
here, and identity is From alone.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from kept.channels.mail.autoreply import machine_sign
from kept.channels.mail.bodies import Bodies
from kept.channels.mail.dsn import read_report
from kept.channels.mail.headers import Mailbox, mailboxes, message_ids, words
from kept.channels.mail.mime import Part, Tree, Unreadable, split_header
from kept.channels.mail.parsed import ParsedMail
from kept.channels.mail.quotes import fold

LARGEST = 50_000_000
LONGEST_SUBJECT = 500
MOST_REFERENCES = 100
DELIVERY_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to",
                   "x-delivered-to", "x-forwarded-to", "apparently-to")  # fmt: skip

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(\d{1,2})[ -]+([A-Za-z]{3})[a-z]{0,6}[ -]+(\d{4}|\d{2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"\s*([+-]\d{4})?"
)


def parse(raw: bytes) -> ParsedMail:
    """Return what the octets say. Raise Unreadable with a reason that people can read."""
    if len(raw) > LARGEST:
        raise Unreadable(f"The message is larger than {LARGEST // 1_000_000} MB.")
    if not raw.strip(b"\0\r\n\t "):
        raise Unreadable("The message is empty.")
    tree = Tree()
    message = tree.read(raw)
    report = read_report(message)
    bodies = Bodies()
    bodies.take(message)
    text = bodies.text()
    charset = _own_charset(message)
    subject = words(message.first("subject"), charset)[:LONGEST_SUBJECT]
    folded = fold(text, subject=subject)
    authors = mailboxes(b", ".join(message.every("from")), charset)
    problems = [*tree.problems, *bodies.problems, *_identity_problems(message, authors)]
    return ParsedMail(
        message_id=next(iter(message_ids(message.first("message-id"))), ""),
        in_reply_to=message_ids(message.first("in-reply-to"))[:MOST_REFERENCES],
        references=_references(message),
        from_=authors,
        reply_to=mailboxes(message.first("reply-to")),
        sender=mailboxes(message.first("sender")),
        to=_every_box(message, "to"),
        cc=_every_box(message, "cc"),
        delivered_to=_delivered_to(message),
        subject=subject,
        sent_at=sent_instant(message.first("date").decode("ascii", "replace")),
        text=text,
        fresh=folded.fresh,
        quoted=folded.quoted,
        html=bodies.markup(),
        files=tuple(bodies.files),
        automatic="report" if report else machine_sign(message),
        report=report,
        authentication=_authentication(message),
        many_from=len(authors) > 1 or len(message.every("from")) > 1,
        problems=tuple(problems),
    )


def _own_charset(message: Part) -> str:
    """Return the first charset that a part of the mail names."""
    named = (part.type_parameters.get("charset", "") for part in message.walk())
    return next((charset for charset in named if charset), "")


def _references(message: Part) -> tuple[str, ...]:
    """Return the referred ids; a receipt for reading names its mail in a part of its own."""
    found = message_ids(message.first("references"))[-MOST_REFERENCES:]
    for part in message.walk():
        if part.content_type == "message/disposition-notification":
            fields, _ = split_header(part.content().lstrip())
            found += message_ids(dict(fields).get("original-message-id", b""))
    return found


def _every_box(message: Part, name: str) -> tuple[Mailbox, ...]:
    return mailboxes(b", ".join(message.every(name)))


def _delivered_to(message: Part) -> tuple[str, ...]:
    """Return the addresses that servers on the way say they delivered to."""
    found = [
        box.exact
        for name in DELIVERY_FIELDS
        for value in message.every(name)[:20]
        for box in mailboxes(value)
        if box.exact
    ]
    return tuple(dict.fromkeys(found))


def _authentication(message: Part) -> tuple[str, ...]:
    values = message.every("authentication-results")[:20]
    return tuple(words(value)[:2_000] for value in values)


def _identity_problems(message: Part, authors: tuple[Mailbox, ...]) -> list[str]:
    problems = []
    if not authors or not authors[0].address:
        problems.append("the message names no usable sender")
    if len(authors) > 1 or len(message.every("from")) > 1:
        problems.append("the message names several senders")
    author = authors[0].address if authors else ""
    is_list = bool(message.first("list-id"))
    for name in ("reply-to",) if is_list else ("reply-to", "sender"):
        others = [box.address for box in mailboxes(message.first(name)) if box.address]
        if others and author and author not in others:
            problems.append(f"{name.title()} is {others[0]}, not the sender")
    return problems


def sent_instant(text: str) -> datetime | None:
    """Return the instant of a Date field, or None where it is none; an unknown zone is UTC."""
    match = _DATE.search(text[:200])
    if match is None or match[2].lower() not in _MONTHS:
        return None
    year = int(match[3])
    if len(match[3]) == 2:
        year += 2000 if year < 70 else 1900
    offset = match[7] or "+0000"
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    try:
        return datetime(
            year, _MONTHS.index(match[2].lower()) + 1, int(match[1]),
            int(match[4]), int(match[5]), min(int(match[6] or 0), 59), tzinfo=zone,
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError):
        return None
