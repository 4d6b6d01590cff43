"""Who was paged about this ticket, rung by rung, and who answered."""

from kept.records.queries.pages import PageView, pages_of
from kept.web.panels.panel import Glance, Panel


def read(glance: Glance) -> tuple[PageView, ...] | None:
    return pages_of(glance.me, ticket=glance.page.ticket.id) or None


PANEL = Panel(name="paged", title="Pages", read=read)
