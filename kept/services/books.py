"""The desk's books of a customer, as the policy reads them."""

from kept.policy import Policy
from kept.policy.profiles import Bought, Profile, facts_of_purchase
from kept.policy.words import Value
from kept.records.models import CustomerDesk, Purchase

PURCHASE_FIELD = "purchase"
"""The ticket's own field for the purchase it is about: the number of its row."""


def profile_of(customer: int, desk: int) -> Profile:
    """Return what one desk knows of a customer, as an SOP may ask."""
    row = (
        CustomerDesk.objects.filter(customer_id=customer, desk_id=desk)
        .values_list("tier", "flags", "customer__preferred_channel")
        .first()
    )
    if row is None:
        return Profile()
    return Profile(tier=row[0], flags=tuple(row[1]), preferred_channel=row[2])


def purchase_facts(policy: Policy, purchase: int) -> dict[str, Value]:
    """Return what the SOP is told of a purchase; one that is gone tells nothing."""
    row = Purchase.objects.filter(pk=purchase).first()
    return facts_of_purchase(policy, bought_of(row)) if row is not None else {}


def only_purchase(customer: int, desk: int) -> int | None:
    """Return the one purchase of a customer; of several, nobody knows which is meant."""
    found = Purchase.objects.filter(customer_id=customer, desk_id=desk)
    numbers = list(found.order_by("id").values_list("id", flat=True)[:2])
    return numbers[0] if len(numbers) == 1 else None


def bought_of(row: Purchase) -> Bought:
    """Return a purchase as the policy reads it."""
    return Bought(
        product=row.product, serial=row.serial, bought_on=row.bought_on, price=row.price,
        cover=row.cover, more=row.more,
    )  # fmt: skip
