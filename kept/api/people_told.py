"""A customer as the API tells it, with what each of the token's desks keeps of them."""

from datetime import datetime

from kept.api.told import Told
from kept.records.queries.customer_history import (
    PromiseView,
    TicketLine,
    TurnView,
    history,
    promises_to,
    tickets_of,
)
from kept.records.queries.customer_page import (
    AddressView,
    BookView,
    CustomerPageView,
    GroupView,
    customer_page,
)
from kept.records.queries.purchases import PurchaseView


class BookTold(Told, frozen=True, kw_only=True):
    """What one desk keeps. `clause` says what covers the rest until the customer is verified."""

    desk: str
    since: datetime
    tier: str
    flags: tuple[str, ...]
    reviewed_at: datetime | None
    is_covered: bool
    clause: str
    purchases: tuple[PurchaseView, ...]
    households: tuple[GroupView, ...]
    organisations: tuple[GroupView, ...]


class CustomerTold(Told, frozen=True, kw_only=True):
    """One customer. `history` are the newest turns on all their tickets, `tickets` their lines;
    both are empty for a token that may not read tickets.
    """

    id: int
    name: str
    language: str
    preferred_channel: str
    merged_into: int | None
    erased_at: datetime | None
    is_covered: bool
    addresses: tuple[AddressView, ...]
    books: tuple[BookTold, ...]
    tickets: tuple[TicketLine, ...]
    promises: tuple[PromiseView, ...]
    history: tuple[TurnView, ...]


def customer_told(
    agent: int, number: int, *, reads_tickets: bool, at: datetime
) -> CustomerTold | None:
    """Return a customer as an agent's program may see them."""
    view = customer_page(agent, number, at=at)
    if view is None:
        return None
    return _told(agent, view, reads_tickets)


def _told(agent: int, view: CustomerPageView, reads_tickets: bool) -> CustomerTold:
    return CustomerTold(
        id=view.id, name=view.name, language=view.language,
        preferred_channel=view.preferred_channel, merged_into=view.merged_into,
        erased_at=view.erased_at, is_covered=not view.shows_contacts, addresses=view.addresses,
        books=tuple(_book(book) for book in view.books), promises=promises_to(agent, view.id),
        tickets=tickets_of(agent, view.id) if reads_tickets else (),
        history=history(agent, view.id) if reads_tickets else (),
    )  # fmt: skip


def _book(book: BookView) -> BookTold:
    return BookTold(
        desk=book.desk.slug, since=book.since, tier=book.tier, flags=book.flags,
        reviewed_at=book.reviewed_at, is_covered=not book.sight.personal,
        clause=book.sight.clause, purchases=book.purchases, households=book.households,
        organisations=book.organisations,
    )  # fmt: skip
