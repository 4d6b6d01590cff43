"""The tags a ticket carries, put on and taken off in place."""

from kept.records.queries.tags import TicketTags, tags_of
from kept.web.panels.panel import Glance, Panel


def read(glance: Glance) -> TicketTags:
    return tags_of(glance.me, glance.page.ticket.id)


PANEL = Panel(name="tags", title="Tags", read=read)
