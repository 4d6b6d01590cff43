"""The steps that the SOP wants on this ticket, with the forms of those still open."""

from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import StepCard


def read(glance: Glance) -> tuple[StepCard, ...] | None:
    return glance.page.steps or None


PANEL = Panel(name="steps", title="Steps of the SOP", read=read)
