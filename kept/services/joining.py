"""Join a household or an organisation by its name; one that is not there is made."""

from datetime import datetime

from kept.records.models import Household, Organisation
from kept.services import groups
from kept.services.errors import AgentId
from kept.services.texts import one_line
from kept.services.whole import together


def household_named(
    desk: int, name: str, *, customer: int, role: str, by: AgentId, at: datetime
) -> int:
    """Let a customer be somebody in the household of that name."""
    with together():
        row = Household.objects.filter(desk_id=desk, name__iexact=one_line(name, 200)).first()
        number = row.pk if row else groups.make_household(desk, by=by, at=at, name=name)
        groups.join_household(number, customer=customer, role=role, by=by, at=at)
    return number


def organisation_named(
    desk: int, name: str, *, customer: int, title: str, by: AgentId, at: datetime
) -> int:
    """Let a customer belong to the organisation of that name."""
    with together():
        row = Organisation.objects.filter(desk_id=desk, name__iexact=one_line(name, 200)).first()
        number = row.pk if row else groups.make_organisation(desk, by=by, at=at, name=name)
        groups.join_organisation(number, customer=customer, title=title, by=by, at=at)
    return number
