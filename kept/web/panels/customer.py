"""Who the customer is, and what the ticket is about."""

from kept.records.queries.views import TicketView
from kept.web.panels.panel import Glance, Panel


def read(glance: Glance) -> TicketView:
    return glance.page.ticket


PANEL = Panel(name="customer", title="Customer", read=read)
