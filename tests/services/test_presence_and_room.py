"""Who is at a ticket, and what the teams say among themselves about it."""

from datetime import timedelta

import pytest

from kept.records.models import Message, Notification, Outbox, RoomLine
from kept.records.queries import writing
from kept.services import presence, rooms
from kept.services.errors import NotFound, NotValid
from tests.people import DANA, MONDAY, Cast, dana_asks

SECOND = timedelta(seconds=1)


@pytest.fixture
def ticket(cast: Cast) -> int:
    return dana_asks(at=MONDAY)


def seen(ticket: int, by: int, *, after: int = 0) -> list[tuple[str, str]]:
    others = presence.others(ticket, by=by, at=MONDAY + after * SECOND)
    return [(one.name, one.intent) for one in others]


def test_writers_come_first_and_oneself_is_not_shown(cast: Cast, ticket: int) -> None:
    presence.beat(ticket, by=cast.amira, at=MONDAY, intent="viewing")
    presence.beat(ticket, by=cast.chen, at=MONDAY, intent="writing")
    told = presence.beat(ticket, by=cast.bo, at=MONDAY, intent="viewing")
    assert [(one.name, one.intent) for one in told] == [("Chen", "writing"), ("Amira", "viewing")]
    assert seen(ticket, cast.chen) == [("Amira", "viewing"), ("Bo", "viewing")]


def test_whoever_stops_beating_is_gone_within_fifteen_seconds(cast: Cast, ticket: int) -> None:
    presence.beat(ticket, by=cast.amira, at=MONDAY, intent="writing")
    assert seen(ticket, cast.bo, after=14) == [("Amira", "writing")]
    assert seen(ticket, cast.bo, after=15) == []
    assert presence.forget_gone(at=MONDAY + 61 * SECOND) == 1


def test_whoever_leaves_is_gone_at_once(cast: Cast, ticket: int) -> None:
    presence.beat(ticket, by=cast.amira, at=MONDAY, intent="viewing")
    presence.leave(ticket, by=cast.amira, at=MONDAY)
    assert seen(ticket, cast.bo) == []


def test_an_outsider_neither_beats_nor_sees(cast: Cast, ticket: int) -> None:
    with pytest.raises(NotFound):
        presence.beat(ticket, by=cast.eve, at=MONDAY, intent="viewing")
    with pytest.raises(NotFound):
        presence.beat(10**9, by=cast.amira, at=MONDAY, intent="viewing")
    assert seen(ticket, cast.bo) == []


def test_what_is_said_among_us_is_unread_for_the_others(cast: Cast, ticket: int) -> None:
    line = rooms.say(ticket, by=cast.amira, at=MONDAY, text="Is it the plug?", key="a")
    assert writing.room(cast.amira, ticket).unread == 0
    assert writing.room(cast.bo, ticket).unread == 1
    rooms.read(ticket, by=cast.bo, line=line)
    shown = writing.room(cast.bo, ticket)
    assert (shown.unread, [(one.author, one.text, one.mine) for one in shown.lines]) == (
        0, [("Amira", "Is it the plug?", False)],
    )  # fmt: skip
    assert writing.room(cast.eve, ticket).lines == ()


def test_a_line_is_said_once_and_never_leaves(cast: Cast, ticket: int) -> None:
    mails, messages = Outbox.objects.count(), Message.objects.count()
    for _ in range(2):
        rooms.say(ticket, by=cast.amira, at=MONDAY, text="canary-in-the-room", key="same")
    assert RoomLine.objects.count() == 1
    assert (Outbox.objects.count(), Message.objects.count()) == (mails, messages)
    assert not Outbox.objects.filter(payload__text__contains="canary").exists()


def test_whom_a_line_mentions_is_told_and_nobody_else(cast: Cast, ticket: int) -> None:
    text = f"@bo can you look? @Chen, @eve and @{DANA} too. @amira that is me"
    rooms.say(ticket, by=cast.amira, at=MONDAY, text=text, key="a")
    told = Notification.objects.filter(cause__startswith="room")
    assert set(told.values_list("agent_id", flat=True)) == {cast.bo, cast.chen}
    assert not told.filter(about__contains="look").exists()


def test_an_outsider_says_and_reads_nothing(cast: Cast, ticket: int) -> None:
    with pytest.raises(NotFound):
        rooms.say(ticket, by=cast.eve, at=MONDAY, text="I am Eve", key="e")
    with pytest.raises(NotFound):
        rooms.read(ticket, by=cast.eve, line=1)
    with pytest.raises(NotValid):
        rooms.say(ticket, by=cast.amira, at=MONDAY, text="  ", key="b")
