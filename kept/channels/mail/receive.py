"""Receive: octets from any of the ways in become a ticket, a turn of one, or a quarantined mail.

Kept first, parsed outside every transaction, taken in last. Each step may be cut off anywhere:
what was kept is found again, what was taken in is taken in once.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from kept.channels.mail.addresses import base_address
from kept.channels.mail.mime import Unreadable
from kept.channels.mail.sandbox import Sandbox
from kept.channels.mail.thread import incoming
from kept.records.queries import mail as queries
from kept.services import intake
from kept.services.errors import NotFound
from kept.services.incoming import IncomingMessage, Taken

log = logging.getLogger(__name__)


def receive_file(desk: str, raw: bytes, *, at: datetime, sandbox: Sandbox | None = None) -> Taken:
    """Take one mail in for a desk, from bytes to ticket, and say what became of it."""
    addresses = queries.desk_addresses()
    address = next((found for found, slug in addresses.items() if slug == desk), None)
    if address is None:
        raise NotFound(f"There is no desk named {desk}.")
    raw_id = intake.keep_raw(desk, address, raw, at=at)
    before = queries.raw_state(raw_id)
    if before is None or before.state != "received":
        return _known(raw_id, is_duplicate=True)
    is_ours = before.received_at == at
    own = sandbox if sandbox is not None else Sandbox()
    try:
        taken = _take(raw_id, raw, address, tuple(addresses), own, at)
    finally:
        if sandbox is None:
            own.close()
    if taken is None or taken.duplicate:
        return _known(raw_id, is_duplicate=not is_ours)
    return taken


def take_waiting(sandbox: Sandbox, *, now: Callable[[], datetime], limit: int = 20) -> int:
    """Parse and take in what was kept; return how many were tried.

    One mail that fails leaves the others alone: it waits for its lease to end, and after three
    attempts it lies before a person.
    """
    own = tuple(queries.desk_addresses())
    claims = intake.claim(at=now(), limit=limit)
    for claim in claims:
        try:
            _take(claim.id, claim.body, claim.desk_address, own, sandbox, now())
        except Exception:
            log.exception("raw message %s could not be taken in", claim.id)
    return len(claims)


def desk_of(address: str) -> str | None:
    """Return the desk whose address this is, with or without a reply token."""
    return queries.desk_addresses().get(base_address(address))


def _take(
    raw_id: int,
    raw: bytes,
    desk_address: str,
    own: tuple[str, ...],
    sandbox: Sandbox,
    at: datetime,
) -> Taken | None:
    """Parse one kept mail and take it in; None when it went to the quarantine."""
    try:
        message = _parsed(raw, desk_address, own, sandbox)
    except Unreadable as reason:
        intake.quarantine(raw_id, str(reason), at=at)
        return None
    return intake.take_in(raw_id, message, at=at)


def _parsed(
    raw: bytes, desk_address: str, own: tuple[str, ...], sandbox: Sandbox
) -> IncomingMessage:
    return incoming(
        sandbox.parse(raw),
        desk_address=desk_address,
        own_addresses=own,
        servers=settings.KEPT_MAIL_SERVERS,
    )


def _known(raw_id: int, *, is_duplicate: bool) -> Taken:
    """Say what became of a mail that this call did not take in itself."""
    state = queries.raw_state(raw_id)
    if state is None:
        raise NotFound("There is no such raw message.")
    problems = (state.problem,) if state.problem else ()
    return Taken(
        ticket=state.ticket,
        created=state.opened and not is_duplicate,
        message=state.message,
        duplicate=is_duplicate,
        problems=problems,
    )
