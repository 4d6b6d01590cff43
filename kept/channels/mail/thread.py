"""Thread: what of a parsed mail speaks for its place, put into intake's own terms. Pure.

Here it is only gathered. Whether a token or a reference counts is decided by intake, which
knows to whom each was sent.
"""

from collections.abc import Iterable, Sequence

from kept.channels.mail.addresses import base_address, token_in
from kept.channels.mail.authentication import vouched
from kept.channels.mail.parsed import ParsedMail, Report
from kept.services.incoming import IncomingFile, IncomingMessage

LONGEST_ADDRESS = 320
LONGEST_CONTENT_TYPE = 127
LONGEST_CID = 250


def incoming(
    mail: ParsedMail,
    *,
    desk_address: str,
    envelope_to: Iterable[str] = (),
    own_addresses: Iterable[str] = (),
    servers: Sequence[str] = (),
) -> IncomingMessage:
    """Return the mail as intake takes it.

    `envelope_to` are the recipients the server was given, where they are known: they may name
    the reply address when To does not.
    """
    authenticated = vouched(mail, servers)
    own = {address.lower() for address in own_addresses} | {desk_address.lower()}
    from_ourselves = base_address(mail.author.address) in own if mail.author.address else False
    report = mail.report
    failed = [] if report is None else [r for r in report.recipients if r.action == "failed"]
    return IncomingMessage(
        sender=mail.author.address,
        sender_name=mail.author.name,
        subject=mail.subject,
        text=mail.fresh,
        quoted=mail.quoted,
        html=mail.html,
        message_id=_bracketed(mail.message_id),
        in_reply_to=_bracketed(next(iter(mail.in_reply_to), "")),
        references=tuple(
            _bracketed(one) for one in dict.fromkeys((*mail.references, *mail.in_reply_to))
        ),
        reply_token=token_in(_recipients(mail, envelope_to), desk_address),
        authenticated=authenticated,
        automatic=bool(mail.automatic) or from_ourselves,
        bounce_of=_reported(report) if report is not None else (),
        bounce_fate=report.fate if report is not None else "failed",
        bounce_formal=report is None or report.is_formal,
        bounce_reason=_reason(failed[0].address, failed[0].told) if failed else "",
        files=tuple(
            IncomingFile(
                filename=found.name,
                content_type=found.content_type[:LONGEST_CONTENT_TYPE],
                body=found.octets,
                inline_cid=found.cid[:LONGEST_CID] if found.inline else "",
            )
            for found in mail.files
        ),
        sent_at=mail.sent_at,
        warnings=_warnings(mail, authenticated=authenticated, from_ourselves=from_ourselves),
    )


def _recipients(mail: ParsedMail, envelope_to: Iterable[str]) -> list[str]:
    """Return every address the mail says it went to, the surest first.

    Cc counts here for the token alone: nobody in Cc gains anything by being there.
    """
    boxes = [box.exact for box in (*mail.to, *mail.cc)]
    return [*envelope_to, *mail.delivered_to, *boxes]


def _reported(report: Report) -> tuple[str, ...]:
    """Return the ids a report names; one that names none is a report all the same."""
    return tuple(_bracketed(one) for one in report.message_ids) or ("<>",)


def _bracketed(message_id: str) -> str:
    """Return a Message-ID in the form in which ids are kept and compared."""
    return f"<{message_id}>" if message_id else ""


def _reason(address: str, told: str) -> str:
    return f"{address}: {told}" if told else address


def _warnings(
    mail: ParsedMail, *, authenticated: bool | None, from_ourselves: bool
) -> tuple[str, ...]:
    found = list(mail.problems)
    if authenticated is False:
        found.append("the sender's own domain says this mail is not from there")
    if from_ourselves:
        found.append("the mail bears one of our own addresses as its sender")
    if mail.automatic and mail.report is None:
        found.append(f"written by a machine ({mail.automatic})")
    return tuple(found)
