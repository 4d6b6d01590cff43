"""Live updates: members hear that a ticket changed, nobody else hears anything."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from kept import clock
from kept.services import conversation, people
from kept.web.live import stream
from tests.people import Cast, dana_asks, raise_the_curtain
from tests.web.conftest import ago, signed_in_as
from tests.web.sop import WEB

PATIENCE = 12.0


class Reader:
    """A browser's end of one stream."""

    def __init__(self, client: Client) -> None:
        cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
        held = f"{settings.SESSION_COOKIE_NAME}={cookie.value}" if cookie else ""
        headers = [(b"cookie", held.encode())]
        self.scope = {"type": "http", "method": "GET", "path": "/live", "headers": headers}
        self.said = ""
        self.status = 0
        self.changed = asyncio.Event()
        self.closed = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.closed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.said += bytes(message.get("body", b"")).decode()
        self.changed.set()

    async def hears(self, words: str) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                while words not in self.said:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True


async def do(act: Callable[[], object]) -> None:
    def whole() -> None:
        act()
        connection.close()

    await asyncio.to_thread(whole)


async def listening(readers: list[Reader], then: Callable[[], Awaitable[None]]) -> None:
    tasks = [asyncio.create_task(stream(one.scope, one.receive, one.send)) for one in readers]
    for one in readers:
        assert await one.hears("retry")
    await then()
    for one in readers:
        one.closed.set()
    await asyncio.gather(*tasks)


@pytest.fixture
def wide_desk(transactional_db: None) -> Cast:
    return raise_the_curtain(WEB)


def test_a_member_hears_of_a_change_and_an_outsider_does_not(wide_desk: Cast) -> None:
    number = dana_asks(at=ago(5))
    amira, eve = signed_in_as(wide_desk.amira), signed_in_as(wide_desk.eve)

    async def scene() -> None:
        ears = [Reader(amira), Reader(eve)]

        async def then() -> None:
            await do(
                lambda: conversation.note(
                    number, by=wide_desk.amira, at=clock.now(), text="A secret word"
                )
            )
            assert await ears[0].hears(f'event: changed\ndata: {{"ticket": {number}}}')

        await listening(ears, then)
        assert "changed" not in ears[1].said
        assert all("secret" not in one.said for one in ears)

    asyncio.run(scene())


def test_a_stream_ends_when_its_person_may_not_read_any_more(wide_desk: Cast) -> None:
    amira, bo = signed_in_as(wide_desk.amira), signed_in_as(wide_desk.bo)

    async def scene() -> None:
        ears = [Reader(amira), Reader(bo)]

        async def then() -> None:
            await do(lambda: people.disable(wide_desk.amira, at=clock.now()))
            await do(lambda: bo.post("/sign-out"))
            assert await ears[0].hears("signed-out")
            assert await ears[1].hears("signed-out")

        await listening(ears, then)

    asyncio.run(scene())


def test_a_stranger_gets_no_stream(transactional_db: None) -> None:
    async def scene() -> None:
        reader = Reader(Client())
        await stream(reader.scope, reader.receive, reader.send)
        assert (reader.status, reader.said) == (204, "")

    asyncio.run(scene())
