"""The built-in receiver: SMTP or LMTP. Only the desks' own addresses, and DATA is answered 250
only when the raw octets are committed. While the database is away it says 4xx, so that the
sender's server keeps the mail and tries again.
"""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable
from functools import partial
from typing import AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from kept.channels.mail.addresses import base_address

LARGEST_MESSAGE = 40_000_000
MOST_RECIPIENTS = 100
IDLE_SECONDS = 120
STOP_SECONDS = 10
LONGEST_LINE = 1_000_000

NOT_HERE = "550 5.1.1 No desk has this address"
TOO_MANY = "452 4.5.3 Too many recipients"
LATER = "451 4.3.0 The desk cannot keep mail just now; try again later"

DeskOf = Callable[[str], str | None]
"""Which desk an address belongs to; None for nobody's. Raises when it cannot tell now."""
Keep = Callable[[str, str, bytes], None]
"""Commit the octets for a desk and its address. Raises when that did not happen."""

log = logging.getLogger(__name__)


class _Session(SMTP):
    """SMTP with room for the long lines that real mail programs write."""

    line_length_limit = LONGEST_LINE


class _LocalSession(LMTP):
    """LMTP: after DATA every recipient has an answer of its own (RFC 2033)."""

    line_length_limit = LONGEST_LINE

    async def push(self, status: AnyStr) -> None:
        """Send an answer; one about the whole of DATA goes out once for each recipient."""
        count = 1
        if isinstance(status, str) and status.startswith(("552 Error: Too much", "500 Line too")):
            count = max(1, len(self.envelope.rcpt_tos)) if self.envelope is not None else 1
        for _ in range(count):
            await super().push(status)


class Desk:
    """Answers the commands of one session: whose mail this is, and whether it is kept."""

    def __init__(self, desk_of: DeskOf, keep: Keep, *, each_apart: bool) -> None:
        self._desk_of = desk_of
        self._keep = keep
        self._each_apart = each_apart

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the addresses of desks and no others."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return TOO_MANY
        try:
            desk = await asyncio.to_thread(self._desk_of, address)
        except Exception:
            log.exception("an address could not be looked up")
            return LATER
        if desk is None:
            return NOT_HERE
        envelope.rcpt_tos.append(address)
        # No option of RCPT is taken, so the list is free to hold each recipient's desk.
        envelope.rcpt_options.append(desk)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the octets once for each recipient's desk; answer when they are on disk."""
        answers = [
            await asyncio.to_thread(self._keep_for, desk, address, envelope)
            for desk, address in zip(envelope.rcpt_options, envelope.rcpt_tos, strict=True)
        ]
        if self._each_apart:
            return "\r\n".join(answers)
        return next((answer for answer in answers if not answer.startswith("2")), answers[0])

    def _keep_for(self, desk: str, address: str, envelope: Envelope) -> str:
        try:
            self._keep(desk, base_address(address), _traced(address, envelope))
        except Exception:
            log.exception("a mail could not be kept; its sender was asked to try again")
            return LATER
        return "250 2.0.0 Kept"


def _traced(address: str, envelope: Envelope) -> bytes:
    """Return the octets with what only the envelope knew, the same at each delivery."""
    sender = (envelope.mail_from or "").strip("<>")
    content = envelope.original_content or b""
    trace = f"Return-Path: <{sender}>\r\nDelivered-To: {address}\r\n"
    return trace.encode("utf-8", "replace") + content


class Receiver:
    """The server in a thread of its own. Port 0 asks the system for a free one."""

    def __init__(
        self,
        *,
        desk_of: DeskOf,
        keep: Keep,
        host: str = "127.0.0.1",
        port: int = 2525,
        lmtp: bool = False,
        largest: int = LARGEST_MESSAGE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.port = host, port
        self._session = partial(
            _LocalSession if lmtp else _Session,
            Desk(desk_of, keep, each_apart=lmtp),
            data_size_limit=largest,
            enable_SMTPUTF8=True,
            hostname="kept",
            ident="Kept",
            timeout=IDLE_SECONDS,
            tls_context=tls,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
        )
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="smtp-receiver", daemon=True)

    def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        opened = self._loop.create_server(self._make, host=self.host, port=self.port)
        self._server = self._loop.run_until_complete(opened)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread.start()

    def stop(self) -> None:
        """Take no new sessions, give those under way a moment, then end."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(STOP_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_SECONDS)
        self._loop.close()

    def _make(self) -> SMTP:
        return self._session(loop=self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.wait(others, timeout=2) if others else None
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_default_executor()
