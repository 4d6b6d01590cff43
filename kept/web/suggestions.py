"""Suggestions beside a ticket: one registry of sources, each asked for the reader by itself.

A source adds one line to `SOURCES`. It carries the reader's rights in
its own query and answers only what that reader may open.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from kept.records.queries.article_suggestions import SuggestedArticle, for_ticket
from kept.records.queries.similar import similar_solved
from kept.records.queries.tickets import ticket_state
from kept.web.article_text import plain
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
    kind: str = "public"
    """Where `text` may go: to the customer, or into a `note` only."""
    article: int | None = None
    """Set where it can be said that this solved the ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where suggestions come from: `read` takes reader, ticket and what is typed."""

    name: str
    title: str
    read: Callable[[int, int, str], tuple[Suggestion, ...]]


def _similar(agent: int, ticket: int, typed: str) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(
            title=f"#{one.id} {one.subject}", href=reverse("ticket", args=(one.id,)),
            says=one.answer,
        )
        for one in similar_solved(agent, ticket)
    )  # fmt: skip


def _articles(agent: int, ticket: int, typed: str) -> tuple[Suggestion, ...]:
    return tuple(
        Suggestion(
            title=one.title, href=reverse("article", args=(one.id,)),
            says=_begins(one), text=_for_answer(one), article=one.id,
            kind="public" if one.audience == "public" else "note",
        )
        for one in for_ticket(agent, ticket, typed)
    )  # fmt: skip


def _begins(one: SuggestedArticle) -> str:
    return " ".join(plain(one.begins).split())[:200]


def _for_answer(one: SuggestedArticle) -> str:
    """Return an article as words with where it stands whole; links of ours for ours alone."""
    place = (
        reverse("help-article", args=(one.desk, one.id))
        if one.audience == "public"
        else reverse("article", args=(one.id,))
    )
    words = plain(one.begins)
    cut = (
        words if len(words) < LONGEST_ANSWER else re.sub(r"\s+\S*$", " …", words[:LONGEST_ANSWER])
    )
    return f"{one.title}\n\n{cut}\n\n{settings.KEPT_URL}{place}\n"


LONGEST_ANSWER = 2500
SOURCES: tuple[Source, ...] = (
    Source(name="articles", title="Articles", read=_articles),
    Source(name="similar", title="Solved before", read=_similar),
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def suggestions(request: HttpRequest, number: int) -> HttpResponse:
    """Show what every source has for a ticket, or for what is being written: a POST only reads.

    What is typed comes in a body, so that no log of addresses holds it.
    """
    agent = agent_id(request)
    typed = request.POST.get("text", "").strip()[:2000]
    if ticket_state(agent, number) is None:
        raise Http404
    found = tuple((source, source.read(agent, number, typed)) for source in SOURCES)
    shown = {"found": found, "ticket": number, "me": me(request)}
    return render(request, "tickets/suggestions.html", shown, parts=PARTS)
