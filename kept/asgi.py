"""The whole product on one port: live streams here, every page by Django in a pool of threads.

Django's own ASGI handler costs several times the processor time of its WSGI handler on the
same page (docs/decisions/0005-one-port.md), and only the streams need to be asynchronous.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import WSGIApp

from kept.web.live import stream
from kept.wsgi import application as django_pages

# Django's stubs name the answer's class where WSGI asks for an iterable of bytes.
pages = WSGIMiddleware(cast(WSGIApp, django_pages), workers=16)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]


async def application(
    scope: Scope,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer one connection; refuse what is neither HTTP nor the server's own start and stop."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1008})
    elif scope["path"] == "/live":
        await stream(scope, receive, send)
    else:
        await _pages(scope, receive, send)


async def _pages(
    scope: Scope,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Hand over to the threads, which want coroutines where granian has awaitables."""

    async def received() -> Message:
        return await receive()

    async def sent(message: Message) -> None:
        await send(message)

    await pages(cast(Any, scope), cast(Any, received), cast(Any, sent))


async def _lifespan(
    receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
