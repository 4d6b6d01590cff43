"""What the desk knows of a customer and an SOP may ask: told with the facts that begin and end.

The fact carries it into the journal, so a replay decides the same whatever is known later. Only
fields that the policy declares are told, and what the fact says itself goes first.
"""

from datetime import timedelta

import msgspec

from kept.policy import Policy
from kept.policy.facts import Closed, Confirmed, Fact, Resolved, TicketCreated
from kept.policy.profiles import (
    asks_of_customers,
    asks_of_purchases,
    facts_of_customer,
)
from kept.policy.words import Value
from kept.records.models import Message
from kept.services.books import (
    PURCHASE_FIELD,
    only_purchase,
    profile_of,
    purchase_facts,
)
from kept.services.locking import LockedTicket

BEGINS = (TicketCreated,)
ENDS = (Resolved, Confirmed, Closed)
SURVEY_BLANK = "survey.url"
UNITS = {"minutes": 60, "hours": 3600, "days": 86400}


def with_known(ticket: LockedTicket, fact: Fact) -> Fact:
    """Return the fact with what the SOP wants to know and the desk can tell."""
    if not isinstance(fact, BEGINS + ENDS):
        return fact
    known = _known(ticket, begins=isinstance(fact, BEGINS))
    if not known:
        return fact
    return msgspec.structs.replace(fact, fields={**known, **fact.fields})


def _known(ticket: LockedTicket, *, begins: bool) -> dict[str, Value]:
    declared = ticket.policy.fields
    known: dict[str, Value] = {}
    if begins and ticket.outage is not None:
        known["outage"] = str(ticket.outage)
    if ticket.customer is None:
        return known
    if not begins and _gap(ticket.policy) is not None:
        known["surveyed_lately"] = _surveyed_lately(ticket, ticket.customer)
    if begins:
        if asks_of_customers(ticket.policy):
            profile = profile_of(ticket.customer, ticket.desk)
            known |= {
                name: value
                for name, value in facts_of_customer(ticket.policy, profile).items()
                # A no is known only of what the SOP says is the customer's.
                if value is not False or declared[name].of
            }
        known |= _bought(ticket, ticket.customer)
    return known


def _bought(ticket: LockedTicket, customer: int) -> dict[str, Value]:
    """Return what is known of the customer's only purchase, where the SOP asks about purchases."""
    if not asks_of_purchases(ticket.policy):
        return {}
    purchase = only_purchase(customer, ticket.desk)
    if purchase is None:
        return {}
    return {PURCHASE_FIELD: str(purchase), **purchase_facts(ticket.policy, purchase)}


def _surveyed_lately(ticket: LockedTicket, customer: int) -> bool:
    """Tell whether this customer was sent a survey within the policy's `survey_gap`."""
    surveys = [
        each.id
        for each in ticket.policy.templates.values()
        if SURVEY_BLANK in each.body or SURVEY_BLANK in each.subject
    ]
    gap = _gap(ticket.policy)
    if not surveys or gap is None:
        return False
    return Message.objects.filter(
        ticket__customer_id=customer, ticket__desk_id=ticket.desk, direction="out",
        template__in=surveys, sent_at__gt=ticket.at - gap, sent_at__lte=ticket.at,
    ).exists()  # fmt: skip


def _gap(policy: Policy) -> timedelta | None:
    parameter = policy.parameters.get("survey_gap")
    if parameter is None or parameter.value is None or parameter.unit not in UNITS:
        return None
    return timedelta(seconds=float(parameter.value) * UNITS[parameter.unit])
