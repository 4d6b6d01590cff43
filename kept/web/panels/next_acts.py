"""What may be done next: the common acts at hand, the rare ones folded away."""

from dataclasses import dataclass

from kept.web.panels.panel import Glance, Panel
from kept.web.ticket_page import ActCard


@dataclass(frozen=True, slots=True, kw_only=True)
class NextActs:
    common: tuple[ActCard, ...]
    rare: tuple[ActCard, ...]

    @property
    def rare_open(self) -> bool:
        """Whether a rare act was posted or opened, so that its form must be in glance."""
        return any(card.open for card in self.rare)


def read(glance: Glance) -> NextActs | None:
    cards = glance.acts_of("")
    if not cards:
        return None
    return NextActs(
        common=tuple(card for card in cards if not card.rare),
        rare=tuple(card for card in cards if card.rare),
    )


PANEL = Panel(name="next_acts", title="Next acts", read=read)
