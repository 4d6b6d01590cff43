"""The customer: who they are and whether we know it, what they have, what we owe them."""

from dataclasses import dataclass

from kept.policy.identity import WayKind, is_known, second_step, ways
from kept.records.queries.customer_page import AddressView
from kept.records.queries.customer_panel import CustomerPanelView, customer_panel
from kept.records.queries.views import TicketView
from kept.services.identity import KINDS_OF_ADDRESS, can_send_codes
from kept.web.act import OPEN
from kept.web.customer_words import PurchaseCard, purchase_card
from kept.web.panels.panel import Glance, Panel

ANSWERS = {
    WayKind.EMAIL_CODE: "Code that came back", WayKind.PIN: "PIN as the customer says it",
    WayKind.AUTHENTICATOR: "Code of the authenticator",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WayCard:
    """One way to check who somebody is, and what it needs to be taken now."""

    kind: str
    word: str
    asks: str
    addresses: tuple[AddressView, ...]
    waits: bool
    """Whether a code is out and can come back."""
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCard:
    """What the panel shows."""

    ticket: TicketView
    view: CustomerPanelView | None
    known: bool
    owes: str
    may_check: bool
    open: bool
    ways: tuple[WayCard, ...]
    passed: tuple[str, ...]
    purchases: tuple[PurchaseCard, ...]
    chosen: str


def read(glance: Glance) -> CustomerCard:
    ticket, policy = glance.page.ticket, glance.page.policy
    view = customer_panel(glance.me, ticket, policy, at=glance.now)
    known, owes = is_known(ticket.facts), second_step(policy, ticket.facts)
    may_check = view is not None and ticket.status in OPEN and (not known or bool(owes))
    passed = tuple(c.kind for c in view.checks if c.state == "passed") if view else ()
    chosen = ticket.facts.get("purchase")
    return CustomerCard(
        ticket=ticket,
        view=view,
        known=known,
        owes=owes,
        may_check=may_check,
        open=any(card.open for card in glance.acts_of("customer")),
        ways=_ways(glance, view, passed) if view is not None and may_check else (),
        passed=tuple(c.word for c in view.checks if c.state == "passed") if view else (),
        purchases=tuple(purchase_card(one) for one in view.purchases) if view else (),
        chosen=chosen if isinstance(chosen, str) else "",
    )


def _ways(glance: Glance, view: CustomerPanelView, passed: tuple[str, ...]) -> tuple[WayCard, ...]:
    """Return the ways of the SOP that this customer can take: each needs something on file."""
    cards = []
    for way in ways(glance.page.policy):
        usable = _usable(glance, view, way.kind)
        here = {
            WayKind.PIN: view.has_pin, WayKind.AUTHENTICATOR: view.has_authenticator,
            WayKind.EMAIL_CODE: bool(usable) and can_send_codes(), WayKind.CALL_BACK: bool(usable),
        }[way.kind]  # fmt: skip
        if not here or way.kind in passed:
            continue
        out = next((c for c in view.checks if c.kind == way.kind and c.state == "open"), None)
        is_good = out is not None and (out.good_until is None or out.good_until > glance.now)
        cards.append(
            WayCard(
                kind=way.kind.value, word=way.word, asks=ANSWERS.get(way.kind, ""),
                addresses=usable, tries=out.tries if out else 0,
                waits=is_good if way.kind is WayKind.EMAIL_CODE else True,
            )
        )  # fmt: skip
    return tuple(cards)


def _usable(glance: Glance, view: CustomerPanelView, kind: WayKind) -> tuple[AddressView, ...]:
    kinds = KINDS_OF_ADDRESS.get(kind, ())
    opened_at = glance.page.ticket.opened_at
    return tuple(
        one for one in view.addresses
        if one.kind in kinds and (one.added_at is None or one.added_at < opened_at)
    )  # fmt: skip


PANEL = Panel(name="customer", title="Customer", read=read)
