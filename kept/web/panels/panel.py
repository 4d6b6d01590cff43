"""What a panel is, and what it is given to look at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kept.web.ticket_page import ActCard, TicketPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One ticket as one person sees it now."""

    page: TicketPage
    me: int
    now: datetime

    def acts_of(self, panel: str) -> tuple[ActCard, ...]:
        """Return the acts whose forms stand in a panel."""
        return tuple(card for card in self.page.acts if card.panel == panel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`name` is its template's, its id in the page and the key under which it stays folded."""

    name: str
    title: str
    read: Callable[[Glance], object | None]
    folded: bool = False
    """Whether it begins folded."""
    still: bool = False
    """Whether live updates leave it alone because it keeps itself fresh."""
