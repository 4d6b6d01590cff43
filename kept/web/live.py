"""Live updates: one stream per page, fed by LISTEN, with polling as the guarantee.

An event says only that a ticket changed, and only to members of its desk: rights are read anew
at every round, so a person who loses a desk loses its events within seconds. What changed is
fetched as a page, which asks for the rights once more.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse

from kept.records.queries.live import POLL_SECONDS, LiveReader, Unreachable, standing_of
from kept.web.cookies import session_key

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
log = logging.getLogger(__name__)

BEAT_SECONDS = 15
START_SECONDS = 2
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(eq=False, slots=True)
class Listener:
    """One open stream. A full queue drops events: the next page load has them all."""

    agent: int
    session: str
    desks: frozenset[int]
    events: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(64))

    def offer(self, event: str) -> None:
        if not self.events.full():
            self.events.put_nowait(event)


class Hub:
    """All streams of this process over one listening connection."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._listens = asyncio.Event()

    async def join(self, listener: Listener) -> None:
        """Add a stream; return once changes are heard, or soon where the database is away."""
        self.listeners.add(listener)
        if self._task is None or self._task.done():
            self._listens = asyncio.Event()
            self._task = asyncio.create_task(self._run())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listens.wait(), START_SECONDS)

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)

    async def _run(self) -> None:
        """Read changes while anybody listens; a lost database is tried again, never fatal."""
        while self.listeners:
            try:
                async with LiveReader() as reader:
                    self._listens.set()
                    while self.listeners:
                        await self._round(reader)
            except Unreachable as problem:
                log.warning("live updates wait for the database: %s", problem)
                await asyncio.sleep(POLL_SECONDS)

    async def _round(self, reader: LiveReader) -> None:
        found = await reader.changed()
        stirs = reader.stirred()
        noticed = await reader.noticed()
        standing = await reader.standing({listener.session for listener in self.listeners})
        for listener in tuple(self.listeners):
            now = standing.get(listener.session)
            if now is None:
                listener.offer("event: signed-out\ndata: {}\n\n")
                continue
            listener.desks = now.desks
            if listener.agent in noticed:
                listener.offer("event: notice\ndata: {}\n\n")
            for change in found:
                if change.desk in listener.desks:
                    words = json.dumps({"ticket": change.ticket})
                    listener.offer(f"id: {change.id}\nevent: changed\ndata: {words}\n\n")
            for stir in stirs:
                if stir.desk in listener.desks:
                    words = json.dumps({"ticket": stir.ticket})
                    listener.offer(f"event: {stir.kind}\ndata: {words}\n\n")


hub = Hub()


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer GET /live: 204 to strangers, so that their browsers do not ask again."""
    try:
        listener = await _listener(scope)
    except Unreachable:
        await _come_back_later(send)
        return
    if listener is None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await hub.join(listener)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await _write(send, "retry: 3000\n\n")
        event = ""
        while not event.startswith("event: signed-out"):
            event = await _next(listener, gone)
            if gone.done():
                return
            await _write(send, event)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except OSError:
        pass  # the reader went while we wrote
    finally:
        hub.leave(listener)
        gone.cancel()


async def _come_back_later(send: Send) -> None:
    # A browser gives up for ever on an error, but comes back to a stream that merely ended.
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"retry: 5000\n\n"})


async def _listener(scope: Scope) -> Listener | None:
    key = session_key(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    if not key or scope["method"] != "GET":
        return None
    standing = await standing_of(key)
    if standing is None:
        return None
    return Listener(agent=standing.agent, session=key, desks=standing.desks)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(listener: Listener, gone: "asyncio.Future[None]") -> str:
    """Return the next event, or a comment that keeps proxies from closing the stream."""
    waiting = asyncio.ensure_future(listener.events.get())
    both: set[asyncio.Future[Any]] = {waiting, gone}
    done, _ = await asyncio.wait(both, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if waiting in done:
        return waiting.result()
    waiting.cancel()
    return ": still here\n\n"


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


def needs_the_stream(request: HttpRequest) -> HttpResponse:
    """Answer /live where only WSGI serves: 204 tells the browser not to ask again."""
    return HttpResponse(status=204)
