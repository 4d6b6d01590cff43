"""Organisations and households of a desk, and who belongs to them.

Nobody joins by an address: a domain can be claimed by anybody who writes a From line.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from kept.records.models import Household, HouseholdMember, Organisation, OrganisationMember
from kept.services import permissions, serving
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.texts import clean, one_line
from kept.services.whole import whole

ROLES = (
    "elder", "spouse", "daughter", "son", "relative", "payer", "guardian", "caregiver", "contact",
)  # fmt: skip
"""Who somebody can be in a household."""
NOTES_LIMIT = 5000


def make_organisation(
    desk: int, *, by: AgentId, at: datetime, name: str, domain: str = "", notes: str = ""
) -> int:
    """Put an organisation on a desk's books."""
    told = _named(name, "An organisation")
    with whole():
        _member(desk, by)
        try:
            with transaction.atomic():
                row = Organisation.objects.create(
                    desk_id=desk, name=told, domain=_domain(domain), notes=_notes(notes),
                    made_at=at, made_by_id=by,
                )  # fmt: skip
        except IntegrityError:
            raise Conflict("This desk has an organisation of that name already.") from None
    return row.pk


def change_organisation(
    organisation: int, *, by: AgentId, name: str, domain: str = "", notes: str = ""
) -> None:
    """Change what is said of an organisation."""
    told = _named(name, "An organisation")
    with whole():
        _organisation(organisation, by)
        try:
            with transaction.atomic():
                Organisation.objects.filter(pk=organisation).update(
                    name=told, domain=_domain(domain), notes=_notes(notes)
                )
        except IntegrityError:
            raise Conflict("This desk has an organisation of that name already.") from None


def join_organisation(
    organisation: int, *, customer: int, by: AgentId, at: datetime, title: str = ""
) -> None:
    """Say that a customer of the desk belongs to an organisation."""
    with whole():
        desk = _organisation(organisation, by).desk_id
        serving.require(customer, desk, "profile", by=by)
        OrganisationMember.objects.update_or_create(
            organisation_id=organisation, customer_id=customer, ended_at=None,
            defaults={"title": one_line(title, 100)}, create_defaults={
                "title": one_line(title, 100), "since": at},
        )  # fmt: skip


def leave_organisation(organisation: int, *, customer: int, by: AgentId, at: datetime) -> None:
    """Say that a customer belongs to an organisation no more."""
    with whole():
        _organisation(organisation, by)
        done = OrganisationMember.objects.filter(
            organisation_id=organisation, customer_id=customer, ended_at=None
        ).update(ended_at=at)
    if not done:
        raise NotFound("There is no such member.")


def make_household(desk: int, *, by: AgentId, at: datetime, name: str, notes: str = "") -> int:
    """Put a household on a desk's books."""
    told = _named(name, "A household")
    with whole():
        _member(desk, by)
        row = Household.objects.create(
            desk_id=desk, name=told, notes=_notes(notes), made_at=at, made_by_id=by
        )
    return row.pk


def change_household(household: int, *, by: AgentId, name: str, notes: str = "") -> None:
    """Change what is said of a household."""
    told = _named(name, "A household")
    with whole():
        _household(household, by)
        Household.objects.filter(pk=household).update(name=told, notes=_notes(notes))


def join_household(household: int, *, customer: int, role: str, by: AgentId, at: datetime) -> None:
    """Say who a customer of the desk is in a household; one person may be several things."""
    if role not in ROLES:
        raise NotValid(f"In a household somebody is one of: {', '.join(ROLES)}.")
    with whole():
        desk = _household(household, by).desk_id
        serving.require(customer, desk, "profile", by=by)
        HouseholdMember.objects.get_or_create(
            household_id=household, customer_id=customer, role=role, ended_at=None,
            defaults={"since": at},
        )  # fmt: skip


def leave_household(
    household: int, *, customer: int, role: str, by: AgentId, at: datetime
) -> None:
    """End somebody's part in a household."""
    with whole():
        _household(household, by)
        done = HouseholdMember.objects.filter(
            household_id=household, customer_id=customer, role=role, ended_at=None
        ).update(ended_at=at)
    if not done:
        raise NotFound("There is no such member.")


def _organisation(organisation: int, by: AgentId) -> Organisation:
    row = Organisation.objects.filter(pk=organisation).first()
    if row is None:
        raise NotFound("There is no such organisation.")
    _member(row.desk_id, by)
    return row


def _household(household: int, by: AgentId) -> Household:
    row = Household.objects.filter(pk=household).first()
    if row is None:
        raise NotFound("There is no such household.")
    _member(row.desk_id, by)
    return row


def _member(desk: int, by: AgentId) -> None:
    permissions.require(permissions.standing(by, desk), "profile", active_policy(desk))


def _named(name: str, what: str) -> str:
    told = one_line(name, 200)
    if not told:
        raise NotValid(f"{what} needs a name.")
    return told


def _domain(domain: str) -> str:
    told = one_line(domain, 253).lower().removeprefix("@")
    if told and ("." not in told or " " in told or "@" in told):
        raise NotValid("A domain looks like example.com.")
    return told


def _notes(notes: str) -> str:
    return clean(notes).strip()[:NOTES_LIMIT]
