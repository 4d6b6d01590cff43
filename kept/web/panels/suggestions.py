"""What may help: fetched once the page stands, so that no ticket waits for it."""

from kept.web.act import OPEN
from kept.web.panels.panel import Glance, Panel


def read(glance: Glance) -> int | None:
    return glance.page.ticket.id if glance.page.ticket.status in OPEN else None


PANEL = Panel(name="suggestions", title="May help", read=read, still=True)
