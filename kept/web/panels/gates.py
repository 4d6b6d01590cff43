"""What resolving and closing still want, told before one runs into it, each one click away."""

from dataclasses import dataclass

from kept.web import wants
from kept.web.act import OPEN
from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import ways_here
from kept.web.ways import Way

NAMES = {"resolved": "Before it is resolved", "closed": "Before it is closed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One thing that is wanted: the clause's words, and the acts that would do it."""

    words: str
    clause: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    title: str
    wants: tuple[Want, ...]


def read(glance: Glance) -> tuple[Gate, ...] | None:
    page = glance.page
    events = [
        event for event in NAMES
        if page.ticket.status in OPEN or (event == "closed" and page.ticket.status == "resolved")
    ]  # fmt: skip
    gates = [Gate(title=NAMES[event], wants=_wants(glance, event)) for event in events]
    return tuple(gate for gate in gates if gate.wants) or None


def _wants(glance: Glance, event: str) -> tuple[Want, ...]:
    page = glance.page
    return tuple(
        Want(
            words=hint.words, clause=hint.clause,
            ways=ways_here(page.policy, hint.clause, event, page.acts, page.steps),
        )
        for hint in wants.before(
            page.policy, page.ticket.facts, page.ticket.steps, event
        )
    )  # fmt: skip


PANEL = Panel(name="gates", title="Before it ends", read=read)
