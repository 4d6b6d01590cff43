"""What would happen if: acts tried by the engine before anybody does them."""

from kept.web.act import OPEN
from kept.web.panels.panel import Glance, Panel
from kept.web.what_if import choices


def read(glance: Glance) -> tuple[tuple[str, str], ...] | None:
    ticket = glance.page.ticket
    if ticket.status not in OPEN | {"resolved"}:
        return None
    return choices(glance.page.policy, ticket.severity, ticket.level)


PANEL = Panel(name="what_if", title="What would happen if", read=read, folded=True, still=True)
