"""The act of the outage panel: untie a ticket that has nothing to do with it."""

from kept.policy.rules import Policy
from kept.records.queries.views import TicketView
from kept.services import outages
from kept.web.act import OPEN, Act


def is_tied(ticket: TicketView) -> bool:
    """Tell whether the outage that runs on the desk is the ticket's."""
    outage = ticket.desk.outage
    return outage is not None and ticket.facts.get("outage") == str(outage.id)


def _shows(ticket: TicketView, policy: Policy) -> bool:
    return ticket.status in OPEN and is_tied(ticket)


ACTS = (
    Act(noun="outage-ties", name="untie", title="It has nothing to do with it",
        button="Untie it from the outage", panel="outage", shows=_shows,
        do=lambda said: outages.untie(said.ticket, by=said.by, at=said.at)),
)  # fmt: skip
