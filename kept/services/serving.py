"""Who may act on a customer: members of the desks that serve them, within the desk's own books."""

from datetime import datetime

from django.db import connection

from kept.policy import Policy
from kept.policy.rights import NOTHING
from kept.records.models import Customer, CustomerDesk
from kept.records.queries.sight import desk_sights
from kept.services import permissions
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound

NOBODY = "There is no such customer."
MASKED = (
    "This account is masked: check who the customer is on one of their tickets first, as clause "
    "{clause} asks."
)
UNSEEN = "Your role on this desk does not include seeing a customer's particulars."


def require(
    customer: int, desk: int, act: str, *, by: AgentId
) -> tuple[permissions.Standing, Policy]:
    """Return the agent's place on the desk; raise NotFound unless the desk serves the customer."""
    try:
        who = permissions.standing(by, desk)
    except NotFound:
        raise NotFound(NOBODY) from None
    if not CustomerDesk.objects.filter(customer_id=customer, desk_id=desk).exists():
        raise NotFound(NOBODY)
    policy = active_policy(desk)
    permissions.require(who, act, policy)
    if Customer.objects.filter(pk=customer, merged_into__isnull=False).exists():
        raise Conflict("This record was merged into another one; change that one.")
    return who, policy


def require_account(customer: int, desk: int, *, by: AgentId) -> None:
    """Raise NotAllowed while this person may not see the customer's account."""
    seen = desk_sights(by, customer).get(desk, NOTHING)
    if not seen.personal:
        wanted = MASKED.format(clause=seen.clause) if seen.clause else UNSEEN
        raise NotAllowed(wanted)


def require_everywhere(
    customers: tuple[int, ...], act: str, *, by: AgentId, otherwise: str
) -> tuple[int, ...]:
    """Return all desks that serve any of the customers; raise unless the agent may act on each.

    One who is served by none of the agent's desks is as one who does not exist.
    """
    served = list(
        CustomerDesk.objects.filter(customer_id__in=customers).values_list(
            "customer_id", "desk_id"
        )
    )
    desks = tuple(sorted({desk for _, desk in served}))
    places: dict[int, permissions.Standing] = {}
    for desk in desks:
        try:
            places[desk] = permissions.standing(by, desk)
        except NotFound:
            continue
    if {customer for customer, desk in served if desk in places} != set(customers):
        raise NotFound(NOBODY)
    for desk in desks:
        if desk not in places:
            raise NotAllowed(otherwise)
        permissions.require(places[desk], act, active_policy(desk))
    return desks


def serve(customer: int, desk: int, *, at: datetime) -> None:
    """Let a desk serve a customer from now on, unless it does already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customer_desk (customer_id, desk_id, since) VALUES (%s, %s, %s)"
            " ON CONFLICT (customer_id, desk_id) DO NOTHING",
            [customer, desk, at],
        )
