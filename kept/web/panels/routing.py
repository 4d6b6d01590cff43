"""Why this owner: the desk's last decisions with every candidate's score."""

from kept.records.queries.availability import ChoiceView, choices_of
from kept.web.panels.panel import Glance, Panel


def read(glance: Glance) -> tuple[ChoiceView, ...] | None:
    return choices_of(glance.me, glance.page.ticket.id) or None


PANEL = Panel(name="routing", title="Why this owner", read=read, folded=True)
