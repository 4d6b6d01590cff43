"""Tickets that belong together: links both ways, merging with its undo, splitting."""

from dataclasses import dataclass

from kept.records.queries.linked import (
    CandidateView,
    LinkView,
    MergeView,
    candidates_of,
    links_of,
    merges_of,
)
from kept.records.queries.views import MessageView
from kept.web.act import OPEN
from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import ActCard

KINDS = (
    ("related_to", "is related to"),
    ("child_of", "is a part of"),
    ("duplicate_of", "is a duplicate of"),
    ("incident_of", "is an incident of the problem"),
)
READS = {
    **dict(KINDS),
    "parent_of": "has the part",
    "duplicated_by": "has the duplicate",
    "problem_of": "is the problem of",
}
"""How a link reads from this ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One link in words."""

    view: LinkView
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    links: tuple[Line, ...]
    merges: MergeView
    candidates: tuple[CandidateView, ...]
    movable: tuple[MessageView, ...]
    """Turns of the customer that could become a ticket of their own."""
    kinds: tuple[tuple[str, str], ...]
    acts: dict[str, ActCard]


def read(glance: Glance) -> Linked:
    ticket = glance.page.ticket
    links = links_of(glance.me, ticket.id)
    turns = tuple(one for one in ticket.messages if one.direction == "in")
    open_ = ticket.status in OPEN
    return Linked(
        links=tuple(Line(view=one, words=READS[one.reads]) for one in links),
        merges=merges_of(glance.me, ticket.id),
        candidates=candidates_of(glance.me, ticket.id) if open_ else (),
        movable=turns if open_ and len(turns) > 1 else (),
        kinds=KINDS,
        acts={card.name: card for card in glance.acts_of(PANEL.name)},
    )


PANEL = Panel(name="linked", title="Belongs together", read=read)
