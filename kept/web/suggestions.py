"""Suggestions beside a ticket: one registry of sources, each asked for the reader by itself.

A source adds one line to `SOURCES` (articles, procedures). It carries the reader's rights in
its own query and answers only what that reader may open.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from kept.records.queries.similar import similar_solved
from kept.records.queries.tickets import ticket_state
from kept.web.me import me
from kept.web.render import agent_id, render
from kept.web.sign_in import signed_in

PARTS = {"suggestions": "tickets/_suggestions.html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One thing that may help. `text` can be put into the answer where it is given."""

    title: str
    href: str
    says: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where suggestions come from: `read` takes the reader and the ticket."""

    name: str
    title: str
    read: Callable[[int, int], tuple[Suggestion, ...]]


def _similar(agent: int, ticket: int) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(
            title=f"#{one.id} {one.subject}", href=reverse("ticket", args=(one.id,)),
            says=one.answer,
        )
        for one in similar_solved(agent, ticket)
    )  # fmt: skip


SOURCES: tuple[Source, ...] = (
    Source(name="similar", title="Solved before", read=_similar),
)  # fmt: skip


@require_safe
@signed_in
def suggestions(request: HttpRequest, number: int) -> HttpResponse:
    """Show what every source has for a ticket."""
    agent = agent_id(request)
    if ticket_state(agent, number) is None:
        raise Http404
    found = tuple((source, source.read(agent, number)) for source in SOURCES)
    shown = {"found": found, "ticket": number, "me": me(request)}
    return render(request, "tickets/suggestions.html", shown, parts=PARTS)
