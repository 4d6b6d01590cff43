"""Among us: the teams' own talk about a ticket, live and apart from its notes."""

from kept.records.queries.writing import RoomView
from kept.records.queries.writing import room as room_of
from kept.web.panels.panel import Glance, Panel


def read(glance: Glance) -> RoomView:
    return room_of(glance.me, glance.page.ticket.id)


PANEL = Panel(name="room", title="Among us", read=read, still=True)
