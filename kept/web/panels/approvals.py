"""Approvals asked for on this ticket, with the decision of those still open."""

from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import ApprovalCard


def read(glance: Glance) -> tuple[ApprovalCard, ...] | None:
    return glance.page.approvals or None


PANEL = Panel(name="approvals", title="Approvals", read=read)
