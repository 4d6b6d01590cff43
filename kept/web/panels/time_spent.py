"""How long people worked on a ticket, as they say themselves."""

from dataclasses import dataclass

from kept.records.queries.tags import TimeView, time_of
from kept.web.panels.panel import Glance, Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpent:
    entries: tuple[TimeView, ...]
    me: int

    @property
    def minutes(self) -> int:
        return sum(one.minutes for one in self.entries)


def read(glance: Glance) -> TimeSpent:
    return TimeSpent(entries=time_of(glance.me, glance.page.ticket.id), me=glance.me)


PANEL = Panel(name="time_spent", title="Time spent", read=read, folded=True)
