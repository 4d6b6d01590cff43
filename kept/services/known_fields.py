"""What the desk knows of a customer and an SOP may ask: told with the facts that begin and end.

The fact carries it into the journal, so a replay decides the same whatever is known later. Only
fields that the policy declares are told, and what the fact says itself goes first.
"""

from datetime import timedelta

import msgspec

from kept.policy import Policy
from kept.policy.facts import Closed, Confirmed, Fact, Resolved, TicketCreated
from kept.policy.words import Value
from kept.records.models import Customer, Message
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
    if ticket.customer is None:
        return known
    if "surveyed_lately" in declared:
        known["surveyed_lately"] = _surveyed_lately(ticket, ticket.customer)
    if begins and {"preferred_channel", "customer_flags"} & declared.keys():
        row = Customer.objects.filter(pk=ticket.customer).values_list("preferred_channel", "flags")
        for channel, flags in row:
            field = declared.get("preferred_channel")
            if field is not None and channel and channel in (field.values or (channel,)):
                known["preferred_channel"] = channel
            if "customer_flags" in declared:
                known["customer_flags"] = tuple(sorted(flags))
    return known


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
