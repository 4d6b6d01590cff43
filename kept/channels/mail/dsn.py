"""Delivery reports: RFC 3464 reports of any server, and the free-form bounces of old ones."""

import re

from kept.channels.mail.charsets import decode, one_line
from kept.channels.mail.headers import mailboxes, message_ids, plain_address, words
from kept.channels.mail.mime import Part, Unreadable, split_header
from kept.channels.mail.parsed import FailedRecipient, Report

MOST_RECIPIENTS = 50

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_QUOTED_ID = re.compile(rb"^[ \t>]*Message-I[Dd]:\s{0,3}(<[^<>\s]{1,998}>)", re.MULTILINE)
_DAEMON_LOCALS = ("mailer-daemon", "postmaster", "mdaemon", "mail-daemon")
_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_BOUNCES = re.compile(
    r"fail|undeliver|could ?n.t (be )?deliver|not (be )?deliver|unable to deliver"
    r"|returned (mail|to)|delivery (status|report)|delayed|unzustellbar|nicht zugestellt"
    r"|non remis|no se pudo entregar|не доставлен|недоставлен|mancata consegna",
    re.IGNORECASE,
)
_LATE = re.compile(r"delayed|will be retried|still being retried|no action is required", re.I)


def read_report(message: Part) -> Report | None:
    """Return the delivery report that this mail is, or None for any other mail.

    A person who forwards a report has its parts in a mail of their own: that mail is theirs.
    """
    status = next((part for part in message.walk() if part.content_type in _STATUS_PARTS), None)
    if status is not None and (_is_report(message) or _is_from_daemon(message)):
        return Report(message_ids=_about(message), recipients=_recipients(status))
    if status is None and _is_free_form(message):
        is_formal = bool(message.first("x-failed-recipients")) or _has_null_sender(message)
        return Report(
            message_ids=_about(message), recipients=_told_in_text(message), is_formal=is_formal
        )
    return None


def _is_report(message: Part) -> bool:
    kind = message.type_parameters.get("report-type", "delivery-status").lower()
    return message.content_type == "multipart/report" and kind == "delivery-status"


def _is_from_daemon(message: Part) -> bool:
    authors = mailboxes(message.first("from"))
    local = authors[0].address.partition("@")[0] if authors else ""
    return _has_null_sender(message) or local in _DAEMON_LOCALS


def _has_null_sender(message: Part) -> bool:
    return any(value.strip() == b"<>" for value in message.every("return-path"))


def _is_free_form(message: Part) -> bool:
    """A bounce without a machine-readable part: from a daemon, in the words of one."""
    if message.first("x-failed-recipients"):
        return True
    if message.content_type == "multipart/report" or not _is_from_daemon(message):
        return False
    told = words(message.first("subject")) + "\n" + _first_text(message)[:2_000]
    return bool(_about(message)) and bool(_BOUNCES.search(told))


def _about(message: Part) -> tuple[str, ...]:
    """Return the ids of the returned message: the id of the mail inside, then those named."""
    found: list[str] = []
    for part in message.walk():
        if part.content_type in ("message/rfc822", "message/global", "text/rfc822-headers",
                                 "message/rfc822-headers", "message/global-headers"):  # fmt: skip
            try:
                inner, _ = split_header(part.content().lstrip())
            except Unreadable:
                continue
            found += [
                i for name, value in inner if name == "message-id" for i in message_ids(value)
            ]
        elif part.content_type.startswith("text/"):
            for value in _QUOTED_ID.findall(part.content()[:200_000]):
                found += message_ids(value)
    found += message_ids(message.first("in-reply-to")) + message_ids(message.first("references"))
    return tuple(dict.fromkeys(found))[:50]


def _recipients(status: Part) -> tuple[FailedRecipient, ...]:
    """Read the groups of a delivery-status part; the first is about the message."""
    found: list[FailedRecipient] = []
    content = status.content()[:500_000].replace(b"\r\n", b"\n")
    for group in re.split(rb"\n[ \t]*\n", content)[: MOST_RECIPIENTS + 1]:
        fields = dict(reversed(split_header(group.lstrip(b"\n"))[0]))
        address = _typed(fields.get("original-recipient") or fields.get("final-recipient"))
        if not address:
            continue
        found.append(
            FailedRecipient(
                address=plain_address(address.strip("<>")),
                action=_text(fields.get("action")).partition(" ")[0].lower(),
                status=_text(fields.get("status")).partition(" ")[0],
                told=_text(fields.get("diagnostic-code"))[:500],
            )
        )
    return tuple(found)


def _typed(value: bytes | None) -> str:
    """Return the address of `rfc822; address`."""
    kind, separator, address = _text(value).partition(";")
    return (address if separator else kind).strip()


def _text(value: bytes | None) -> str:
    return one_line(decode(value or b"", "utf-8"))


def _told_in_text(message: Part) -> tuple[FailedRecipient, ...]:
    named = mailboxes(message.first("x-failed-recipients"))
    text = _first_text(message)
    match = _STATUS.search(text)
    status = match.group() if match else ""
    is_late = status.startswith("4") or (not status and _LATE.search(text))
    action = "delayed" if is_late else "failed"
    told = one_line(text[:500])
    addresses = [box.address for box in named if box.address] or [""]
    return tuple(
        FailedRecipient(address=address, action=action, status=status, told=told)
        for address in addresses[:MOST_RECIPIENTS]
    )


def _first_text(message: Part) -> str:
    return next(
        (decode(p.content()[:20_000], p.type_parameters.get("charset"))
         for p in message.walk() if p.content_type == "text/plain"), "",
    )  # fmt: skip
