"""What the reader keeps for themselves about this ticket: following it, putting it to sleep."""

from dataclasses import dataclass

from kept.records.queries.yours import Yours, yours_of
from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import ActCard


@dataclass(frozen=True, slots=True, kw_only=True)
class YoursShown:
    yours: Yours
    press: tuple[ActCard, ...]
    """Acts of one button."""
    fill: tuple[ActCard, ...]
    zone: str


def read(glance: Glance) -> YoursShown:
    yours = yours_of(glance.me, glance.page.ticket.id)
    hidden = {"follow" if yours.follows else "unfollow", "snooze" if yours.is_asleep else "wake"}
    cards = tuple(card for card in glance.acts_of("yours") if card.name not in hidden)
    return YoursShown(
        yours=yours,
        press=tuple(card for card in cards if not card.fields),
        fill=tuple(card for card in cards if card.fields),
        zone=glance.page.zone,
    )


PANEL = Panel(name="yours", title="For yourself", read=read)
