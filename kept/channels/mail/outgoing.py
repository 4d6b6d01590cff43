"""Outgoing: what the outbox holds becomes mails on the wire, each with its own result.

The attempt was recorded when the row was claimed. Whatever is not known to have arrived is
tried again under the same Message-ID; a mail that cannot be built is never sent repaired.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from kept.channels.mail import oauth
from kept.channels.mail.filenames import shown_name
from kept.channels.mail.message import NotMailable, build
from kept.channels.mail.parsed import File
from kept.channels.mail.send import (
    Connection,
    MailServer,
    SendFailed,
    ServerWrong,
    server_from_url,
)
from kept.records.queries.conversation import files_to_send
from kept.services import outbox
from kept.services.outgoing import ClaimedMail, OutgoingMail

log = logging.getLogger(__name__)


def server_of(url: str, oauth_client: str, *, now: Callable[[], datetime]) -> MailServer | None:
    """Return the mail server of the settings; with an OAuth client it is asked with a token."""
    server = server_from_url(url)
    if server is None or not oauth_client:
        return server
    tokens = oauth.Tokens(oauth.client_from_secret(oauth_client), now=now)
    return replace(server, password="", token=tokens.current)


def send_due(smtp: Connection, *, now: Callable[[], datetime], limit: int = 20) -> int:
    """Send what is due; return how many mails were tried."""
    claims = outbox.claim(at=now(), limit=limit)
    has_worked = False
    for place, claimed in enumerate(claims):
        try:
            octets = octets_of(claimed.mail, at=now())
            smtp.send(claimed.mail.from_address, claimed.mail.to, octets)
        except NotMailable as problem:
            outbox.mark_failed(claimed, str(problem), at=now(), permanent=True)
        except ServerWrong as problem:
            _give_back(claims[place:], str(problem), now)
            return 0
        except SendFailed as problem:
            outbox.mark_failed(claimed, str(problem), at=now(), permanent=problem.is_permanent)
        except (ValueError, LookupError, TypeError):
            log.exception("outbox %s could not be sent; the others go on", claimed.id)
            outbox.mark_failed(claimed, "It could not be sent; see the log.", at=now())
        else:
            outbox.mark_sent(claimed, at=now())
            if not has_worked:
                has_worked = True
                outbox.server_works(at=now())
    return len(claims)


def lay_by(*, now: Callable[[], datetime], limit: int = 50) -> int:
    """No mail server is set: every mail rests on the outbox page; return how many were laid by."""
    claims = outbox.claim(at=now(), limit=limit)
    for claimed in claims:
        outbox.lay_by(claimed)
    return len(claims)


def octets_of(mail: OutgoingMail, *, at: datetime) -> bytes:
    """Return a mail as it goes over the wire, its files included."""
    files = tuple(
        File(
            name=shown_name(found.filename, "file"),
            content_type=found.content_type,
            octets=found.body,
            cid=found.inline_cid,
            inline=bool(found.inline_cid),
        )
        for found in files_to_send(mail.attachments)
    )
    return build(mail, at=at, files=files)


def _give_back(claims: tuple[ClaimedMail, ...], reason: str, now: Callable[[], datetime]) -> None:
    """The server is at fault: no mail loses an attempt over it."""
    for claimed in claims:
        outbox.hold_back(claimed, reason, at=now())
