"""What the desk knows of this: suggestions fetched once the page stands, what solved it."""

from dataclasses import dataclass

from kept.policy import rights
from kept.policy.vocabulary import NONE_FOUND, knowledge_step
from kept.records.queries.article import SolvedBy, solved_by
from kept.web.act import OPEN
from kept.web.panels.panel import Glance, Panel

OWED = frozenset({"open", "missed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """`asks` is the clause that wants to hear whether an article was found, while it is owed."""

    solved: tuple[SolvedBy, ...]
    suggests: bool
    asks: str
    writes: bool


def read(glance: Glance) -> Knowledge:
    page = glance.page
    return Knowledge(
        solved=solved_by(glance.me, page.ticket.id),
        suggests=page.ticket.status in OPEN or page.ticket.status == "resolved",
        asks=_asks(glance),
        writes=rights.may(page.policy, page.ticket.desk.roles, "write_article"),
    )


def _asks(glance: Glance) -> str:
    found = knowledge_step(glance.page.policy)
    if found is None or all(field.id != NONE_FOUND for field in found[1].fields):
        return ""
    owed = (
        step.clause for step in glance.page.ticket.steps
        if step.name == found[0].name and step.state in OWED and step.done_at is None
    )  # fmt: skip
    return next(owed, "")


PANEL = Panel(name="knowledge", title="Knowledge", read=read)
