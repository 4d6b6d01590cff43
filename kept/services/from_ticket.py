"""The beginning of an article from a solved ticket: its matter and its answer, without persons.

What is masked is told, so that whoever goes on reads the draft with that in mind.
"""

from datetime import datetime

from kept.policy.words import Frozen
from kept.records.models import Customer, Message
from kept.services import permissions
from kept.services.articles import WRITE
from kept.services.errors import AgentId
from kept.services.locking import look
from kept.services.unnaming import Covered, unnamed

LONGEST_PART = 8_000
MOST_NAMES = 100


class Begun(Frozen, frozen=True, kw_only=True):
    """A text to go on with. `desk` is its desk's slug."""

    desk: str
    title: str
    body: str
    language: str
    covered: tuple[Covered, ...]


def begin_from(ticket_id: int, *, by: AgentId, at: datetime) -> Begun:
    """Draft an article from a ticket's first question and the last answer to it."""
    ticket = look(ticket_id, at=at)
    who = permissions.standing(by, ticket.desk)
    permissions.require(who, WRITE, ticket.policy)
    public = Message.objects.filter(ticket_id=ticket_id, kind="public")
    asked = public.filter(direction="in").order_by("id").first()
    answered = public.filter(direction="out").exclude(agent=None).order_by("-id").first()
    names = _names(ticket_id, ticket.customer)
    written = "\n\n".join(
        f"## {heading}\n\n{_quoted(part.text) if part else empty}"
        for heading, part, empty in (
            ("Problem", asked, "What the customer sees."),
            ("Solution", answered, "What helps, one step after the other."),
        )
    )
    title, in_title = unnamed(ticket.subject[:200], names)
    body, in_body = unnamed(written, names)
    counts: dict[str, int] = {}
    for one in (*in_title, *in_body):
        counts[one.what] = counts.get(one.what, 0) + one.times
    return Begun(
        desk=ticket.slug, title=title, body=body, language="en",
        covered=tuple(Covered(what=what, times=times) for what, times in counts.items()),
    )  # fmt: skip


def _quoted(text: str) -> str:
    """Return a message as Markdown that says what the message said: its signs are text."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#" else sign for sign in text[:LONGEST_PART])


def _names(ticket_id: int, customer: int | None) -> tuple[str, ...]:
    """Return everybody who has a name on this ticket: customers, senders, our own people."""
    rows = Message.objects.filter(ticket_id=ticket_id).values_list(
        "customer__name", "agent__name", "sender"
    )[:MOST_NAMES]
    found = {part.split("<")[0] for row in rows for part in row if part}
    found |= set(Customer.objects.filter(pk=customer or 0).values_list("name", flat=True))
    return tuple(sorted(found))
