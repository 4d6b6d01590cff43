"""The outage a ticket is tied to, with the act that unties it."""

from dataclasses import dataclass

from kept.records.queries.views import OutageNow
from kept.web.outage_acts import is_tied
from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import ActCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    outage: OutageNow
    acts: tuple[ActCard, ...]


def read(glance: Glance) -> Tied | None:
    ticket = glance.page.ticket
    outage = ticket.desk.outage
    if outage is None or not is_tied(ticket):
        return None
    return Tied(outage=outage, acts=glance.acts_of("outage"))


PANEL = Panel(name="outage", title="Outage", read=read)
