"""Purchases: what a customer bought, and which of it a ticket is about."""

from collections.abc import Mapping
from datetime import date, datetime

from kept.policy import Outcome, Policy
from kept.policy.facts import ProfileChanged
from kept.policy.profiles import purchase_fields
from kept.policy.words import Value
from kept.records.instants import instant
from kept.records.models import Purchase
from kept.services import permissions, serving, telling
from kept.services.acting import act
from kept.services.books import PURCHASE_FIELD, only_purchase, purchase_facts
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.forms import field_values
from kept.services.locking import LockedTicket
from kept.services.texts import one_line
from kept.services.whole import whole

MOST = 500


def add(
    customer: int,
    *,
    desk: int,
    by: AgentId,
    at: datetime,
    product: str,
    serial: str = "",
    order_number: str = "",
    bought_on: date | None = None,
    price: int | None = None,
    cover: str = "",
    more: Mapping[str, Value] | None = None,
) -> int:
    """Put a purchase on the books; a customer's only one is told to their running tickets."""
    with whole():
        _, policy = serving.require(customer, desk, "profile", by=by)
        serving.require_account(customer, desk, by=by)
        tickets = telling.running([customer], at=at, desk=desk)
        if Purchase.objects.filter(customer_id=customer, desk_id=desk).count() >= MOST:
            raise NotValid(f"A customer has at most {MOST} purchases.")
        row = make_row(
            policy, product=product, serial=serial, order_number=order_number,
            bought_on=bought_on, price=price, cover=cover, more=more or {}, today=at.date(),
        )  # fmt: skip
        row.customer_id, row.desk_id, row.made_at, row.made_by_id = customer, desk, at, by
        row.save()
        if only_purchase(customer, desk) == row.pk:
            for ticket in tickets:
                _tell_purchase(ticket, row.pk, by)
        telling.tell(tickets, by=by)
    return row.pk


def make_row(
    policy: Policy,
    *,
    product: str,
    serial: str,
    order_number: str,
    bought_on: date | None,
    price: int | None,
    cover: str,
    more: Mapping[str, Value],
    today: date,
) -> Purchase:
    """Return a purchase that the SOP can read; raise NotValid naming what it cannot."""
    told = one_line(product, 200)
    if not told:
        raise NotValid("Say what was bought.")
    if bought_on is not None and not date(1970, 1, 1) <= bought_on <= _tomorrow(today):
        raise NotValid("The day of purchase lies in the future, or too far back.")
    if price is not None and price < 0:
        raise NotValid("A price is not below nothing.")
    declared = policy.fields.get("cover")
    if cover and declared is not None and declared.values and cover not in declared.values:
        raise NotValid(f"The cover is one of: {', '.join(declared.values)}.")
    own = {field.id for field in purchase_fields(policy)}
    foreign = sorted(set(more) - own)
    if foreign:
        raise NotValid(f"The SOP knows no field {foreign[0]} of a purchase.")
    return Purchase(
        product=told, serial=one_line(serial, 100), order_number=one_line(order_number, 100),
        bought_on=bought_on, price=price, cover=one_line(cover, 60),
        more=field_values(policy, more),
    )  # fmt: skip


def remove(customer: int, *, desk: int, by: AgentId, at: datetime, purchase: int) -> None:
    """Take a purchase off the books; what tickets were told of it stays told."""
    with whole():
        serving.require(customer, desk, "profile", by=by)
        serving.require_account(customer, desk, by=by)
        gone, _ = Purchase.objects.filter(pk=purchase, customer_id=customer, desk_id=desk).delete()
    if not gone:
        raise NotFound("There is no such purchase.")


def choose(ticket_id: int, *, by: AgentId, at: datetime, purchase: int) -> Outcome:
    """Say which purchase a ticket is about; the SOP reads its fields from now on."""

    def make(ticket: LockedTicket, who: permissions.Standing) -> ProfileChanged:
        known = Purchase.objects.filter(
            pk=purchase, customer_id=ticket.customer or 0, desk_id=ticket.desk
        ).exists()
        if not known:
            raise NotFound("There is no such purchase.")
        return ProfileChanged(
            at=instant(at), by=who.actor(), purchase=str(purchase),
            fields=purchase_facts(ticket.policy, purchase),
        )  # fmt: skip

    return act(ticket_id, by=by, at=at, may="triage", make=make)


def _tell_purchase(ticket: LockedTicket, purchase: int, by: AgentId) -> None:
    if ticket.state.facts.get(PURCHASE_FIELD) is None:
        telling.tell_purchase(ticket, purchase, by=by)


def _tomorrow(today: date) -> date:
    """Return a day later: somewhere it is already tomorrow."""
    return date.fromordinal(today.toordinal() + 1)
