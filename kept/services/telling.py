"""Tell running tickets what the desk knows of their customer, whenever that changes.

A fact carries it into the journal, and only what the policy asks and was not told yet: a replay
decides the same whatever the books say later. Tickets are locked before the rows of the customer.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kept.policy.facts import ProfileChanged
from kept.policy.profiles import facts_of_customer
from kept.policy.words import Value
from kept.records.instants import instant
from kept.records.models import Ticket
from kept.records.models.tickets import OPEN
from kept.services import permissions
from kept.services.books import PURCHASE_FIELD, profile_of, purchase_facts
from kept.services.children import SYSTEM
from kept.services.errors import AgentId
from kept.services.journal import record
from kept.services.locking import LockedTicket, lock, save


def running(
    customers: Iterable[int], *, at: datetime, desk: int | None = None
) -> tuple[LockedTicket, ...]:
    """Lock the running tickets of customers in the order of their numbers."""
    found = Ticket.objects.filter(customer_id__in=tuple(customers), status__in=OPEN)
    if desk is not None:
        found = found.filter(desk_id=desk)
    numbers = found.order_by("id").values_list("id", flat=True)
    return tuple(lock(number, at=at) for number in list(numbers))


def tell(tickets: Iterable[LockedTicket], *, by: AgentId | None) -> None:
    """Record on each ticket what is known of its customer and was not told yet, and save it."""
    for ticket in tickets:
        if ticket.customer is not None:
            tell_one(ticket, by=by)
        save(ticket)


def hand_over(tickets: Iterable[LockedTicket], *, customer: int) -> None:
    """Let locked tickets be another record's; `tell` then records it on each."""
    for ticket in tickets:
        ticket.customer = customer


def tell_one(ticket: LockedTicket, *, by: AgentId | None) -> None:
    """Record what the policy asks about the customer and the ticket does not say yet."""
    assert ticket.customer is not None
    facts = ticket.state.facts
    profile = profile_of(ticket.customer, ticket.desk)
    news = _news(facts, facts_of_customer(ticket.policy, profile))
    bought = facts.get(PURCHASE_FIELD)
    if isinstance(bought, str) and bought.isdigit():
        news |= _news(facts, purchase_facts(ticket.policy, int(bought)))
    customer = str(ticket.customer)
    is_other = facts.get("customer") not in (None, customer)
    tier = profile.tier if profile.tier != (facts.get("tier") or "") else None
    if news or is_other or tier is not None:
        actor = permissions.standing(by, ticket.desk).actor() if by is not None else SYSTEM
        fact = ProfileChanged(
            at=instant(ticket.at), by=actor, tier=tier, fields=news,
            customer=customer if is_other else None,
        )  # fmt: skip
        record(ticket, fact, by_agent=by)


def tell_purchase(ticket: LockedTicket, purchase: int, *, by: AgentId) -> None:
    """Record that a ticket is about a purchase, and what the SOP asks of it."""
    actor = permissions.standing(by, ticket.desk).actor()
    fact = ProfileChanged(
        at=instant(ticket.at), by=actor, purchase=str(purchase),
        fields=purchase_facts(ticket.policy, purchase),
    )  # fmt: skip
    record(ticket, fact, by_agent=by)


def _news(known: Mapping[str, Value], told: Mapping[str, Value]) -> dict[str, Value]:
    return {
        name: value
        for name, value in told.items()
        if known.get(name) != value and not (value in (False, ()) and known.get(name) is None)
    }
