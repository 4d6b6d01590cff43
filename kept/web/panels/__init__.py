"""The panels beside a conversation: each is one module here and one template of the same name.

`EVERY` is their order: what is owed now, what may be done, for whom, and the rest folded. A
panel reads what it shows by itself, for the person who looks; where it answers None it is not
there. Acts whose `panel` names it come along with their forms.
"""

from dataclasses import dataclass

from kept.web.panels import (
    approvals,
    customer,
    knowledge,
    linked,
    next_acts,
    outage,
    paged,
    promises,
    room,
    routing,
    steps,
    tags,
    time_spent,
    what_if,
    yours,
)
from kept.web.panels.panel import Glance, Panel

EVERY: tuple[Panel, ...] = (
    outage.PANEL,
    paged.PANEL,
    approvals.PANEL,
    steps.PANEL,
    promises.PANEL,
    next_acts.PANEL,
    customer.PANEL,
    knowledge.PANEL,
    room.PANEL,
    linked.PANEL,
    tags.PANEL,
    yours.PANEL,
    what_if.PANEL,
    routing.PANEL,
    time_spent.PANEL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A panel with what it found."""

    panel: Panel
    value: object

    @property
    def template(self) -> str:
        return f"tickets/panels/_{self.panel.name}.html"


def shown(glance: Glance) -> tuple[Shown, ...]:
    """Return the panels that have something to say of a ticket."""
    found = ((panel, panel.read(glance)) for panel in EVERY)
    return tuple(Shown(panel=panel, value=value) for panel, value in found if value is not None)
