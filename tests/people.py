"""The standing cast: Amira answers, Bo leads, Chen manages, Dana asks, Eve must not get in.

Their desk is `small`; its SOP is in tests/sop.py. Time is told by the test: MONDAY is 09:00.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from kept.records.models import Ticket
from kept.services import desks, intake, leaving, people, policies, signing, tickets
from kept.services.incoming import IncomingMessage, Taken
from tests.sop import SMALL

MONDAY = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)
DANA = "dana@example.com"
PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Cast:
    """Ids of the people on the small desk; Eve is an agent of another desk."""

    amira: int
    bo: int
    chen: int
    eve: int
    desk: int
    other_desk: int


def raise_the_curtain(source: str = SMALL) -> Cast:
    """Make the desk, its people and its policy, as an installation does."""
    desk = desks.create_desk(
        "small", name="Small desk", sop="small", address="small@kept.example", zone="Europe/London"
    )
    other = desks.create_desk(
        "other", name="Other desk", sop="small", address="other@kept.example", zone="Europe/London"
    )
    ids = {
        name: people.create_agent(email=f"{name}@kept.example", name=name.title())
        for name in ("amira", "bo", "chen", "eve")
    }
    for each in ids.values():  # they send at once; a test of the wait sets its own
        leaving.undo_seconds(each, 0)
    people.add_membership(ids["amira"], "small", role="agent", level="L1", team="front")
    people.add_membership(ids["bo"], "small", role="lead", level="L2")
    people.add_membership(ids["chen"], "small", role="manager", level="L2")
    people.add_membership(ids["eve"], "other", role="agent", level="L1")
    for slug in ("small", "other"):
        version = policies.propose(slug, source, by=None, at=MONDAY)
        policies.activate(version.pk, by=None, at=MONDAY)
    return Cast(**ids, desk=desk, other_desk=other)


def everybody_signs(cast: Cast) -> Cast:
    """Let the small desk's people sign its SOP, where it lets nobody work who has not."""
    asked = signing.asked_of("small")
    for person in (cast.amira, cast.bo, cast.chen) if asked else ():
        assert asked is not None
        signing.sign(asked.desk, version=asked.version, by=person, at=MONDAY)
    return cast


def may_sign_in(agent: int) -> None:
    """Give somebody the PASSWORD; hashing one is slow on purpose, so few tests ask for it."""
    people.set_password(agent, PASSWORD)


@pytest.fixture
def cast(db: None) -> Cast:
    return raise_the_curtain()


def raw_mail(
    text: str, *, message_id: str = "", subject: str = "Help", sender: str = DANA
) -> bytes:
    head = f"Message-ID: {message_id}\r\n" if message_id else ""
    return f"{head}From: {sender}\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


def dana_writes(
    text: str = "My screen is dark.",
    *,
    at: datetime = MONDAY,
    subject: str = "Help",
    message_id: str = "",
    token: str = "",
    references: tuple[str, ...] = (),
    sender: str = DANA,
    authenticated: bool | None = True,
    automatic: bool = False,
    desk: str = "small",
) -> Taken:
    """Take a mail in as the worker does: keep its bytes, then the parsed message."""
    raw = intake.keep_raw(
        desk, f"{desk}@kept.example",
        raw_mail(text, message_id=message_id, subject=subject, sender=sender), at=at,
    )  # fmt: skip
    message = IncomingMessage(
        sender=sender, sender_name="Dana", subject=subject, text=text, message_id=message_id,
        reply_token=token, references=references, authenticated=authenticated,
        automatic=automatic,
    )  # fmt: skip
    return intake.take_in(raw, message, at=at)


def dana_asks(
    text: str = "My screen is dark.", *, at: datetime = MONDAY, severity: str | None = None
) -> int:
    """Open a ticket for Dana and return its number."""
    opening = tickets.Opening(subject="Help", text=text, channel="email", severity=severity)
    return tickets.open_ticket("small", opening, address=DANA, name="Dana", at=at).ticket


def ticket_row(number: int) -> Ticket:
    return Ticket.objects.get(pk=number)
