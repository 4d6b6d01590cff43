"""Fill a template's blanks from the ticket. One pass: what fills a blank is never read again."""

import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from django.conf import settings
from django.db.models import Q

from kept.policy import Policy
from kept.policy.rules import Template
from kept.policy.words import Frozen
from kept.records.instants import moment
from kept.records.models import Agent, CustomerAddress, Outage
from kept.services import projections
from kept.services.links import confirm_token
from kept.services.locking import LockedTicket
from kept.services.reflowing import reflowed

BLANK = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
VARIABLES = (
    "customer.name", "customer.email", "ticket.number", "ticket.subject", "ticket.url",
    "agent.name", "desk.name", "desk.hours", "severity.name", "level.name", "next_due",
    "promise.due", "confirm.url", "survey.url",
)  # fmt: skip
"""What a text that people write themselves (a macro) may name, beside the SOP's own fields."""


class Filled(Frozen, frozen=True, kw_only=True):
    """A template's texts; `open_blanks` names what nothing could fill."""

    subject: str
    body: str
    open_blanks: tuple[str, ...] = ()


def fill(template: Template, known: Mapping[str, str]) -> Filled:
    """Fill the blanks of a template; an open one stays visible in the text."""
    blanks: list[str] = []

    def put(match: re.Match[str]) -> str:
        name = match.group(1)
        value = known.get(name, "")
        if not value:
            blanks.append(name)
            return f"[{name}]"
        return value

    subject = BLANK.sub(put, template.subject)
    body = BLANK.sub(put, reflowed(template.body))
    return Filled(
        subject=" ".join(subject.split()), body=body, open_blanks=tuple(dict.fromkeys(blanks))
    )


def sources(
    ticket: LockedTicket, *, agent: int | None, given: Mapping[str, str], reason: str = ""
) -> dict[str, str]:
    """Return what the common blanks hold for a ticket, and the fields an agent gave."""
    policy = ticket.policy
    person = _customer(ticket.customer, ticket.desk)
    known = {key: str(value) for key, value in ticket.state.facts.items() if value is not None}
    known |= {
        "ticket.number": str(ticket.id),
        "ticket.subject": ticket.subject,
        "ticket.url": f"{settings.KEPT_URL}/tickets/{ticket.id}",
        "confirm.url": f"{settings.KEPT_URL}/c/{confirm_token(ticket.id, ticket.customer)}",
        "survey.url": f"{settings.KEPT_URL}/c/{confirm_token(ticket.id, ticket.customer)}#survey",
        "desk.name": ticket.desk_name,
        "desk.hours": desk_hours(policy),
        "severity.name": _named(policy, ticket.state.facts.get("severity")),
        "level.name": _level_named(policy, ticket.state.facts.get("level")),
        "reason": reason,
        **_dues(ticket, person["customer.language"]),
        **_outage(ticket.state.facts.get("outage")),
        **person,
        **_agent(agent or ticket.owner, ticket.desk_name),
    }
    known |= {key: str(value) for key, value in given.items()}
    return known


def desk_hours(policy: Policy) -> str:
    """Return when the desk is open, in the SOP's own words where it has some."""
    channels = sorted(policy.channels.values(), key=lambda c: not c.primary)
    return next((channel.hours for channel in channels if channel.hours), "around the clock")


def local_time(at: datetime, zone: str, language: str = "") -> str:
    """Return an instant as a customer reads it, in their language, with its zone."""
    local = at.astimezone(ZoneInfo(zone))
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return local.strftime("%a %d %b %Y %H:%M %Z")
    return f"{format_datetime(local, 'EEE d MMM y HH:mm', locale=locale)} {local:%Z}"


def _dues(ticket: LockedTicket, language: str) -> dict[str, str]:
    due = projections.next_due(ticket.state)
    promise = next(
        (c for c in ticket.state.commitments.values() if c.kind == "promise" and c.due_at), None
    )
    return {
        "next_due": local_time(moment(due.due_at), ticket.zone, language)
        if due and due.due_at
        else "",
        "next_due_clause": due.because.clause if due else "",
        "promise.due": (
            local_time(moment(promise.due_at), ticket.zone, language)
            if promise and promise.due_at
            else ""
        ),
    }


def _outage(number: object) -> dict[str, str]:
    """Return what a running outage is called and what customers are told of it."""
    if not isinstance(number, str) or not number.isdigit():
        return {}
    row = Outage.objects.filter(pk=int(number)).values_list("name", "notice").first()
    if row is None:
        return {}
    name, notice = row
    return {"outage.name": name, "outage.notice": notice or f"Out of order at the moment: {name}."}


def _customer(customer: int | None, desk: int) -> dict[str, str]:
    nobody = {"customer.name": "there", "customer.language": ""}
    if customer is None:
        return nobody
    row = (
        CustomerAddress.objects.filter(Q(desk=None) | Q(desk=desk), customer_id=customer)
        .values_list("customer__name", "customer__language", "kind", "value")
        .filter(kind__in=("email", "phone"))
        .order_by("kind", "id")
        .first()
    )
    if row is None:
        return nobody
    name, language, kind, value = row
    return {
        "customer.name": name or "there",
        "customer.language": language,
        "customer.email": value if kind == "email" else "",
    }


def _agent(agent: int | None, desk_name: str) -> dict[str, str]:
    name = Agent.objects.filter(pk=agent).values_list("name", flat=True).first() if agent else None
    return {"agent.name": name or desk_name}


def _named(policy: Policy, severity: object) -> str:
    return next((s.name for s in policy.severities if s.id == severity), "")


def _level_named(policy: Policy, level: object) -> str:
    return next((each.name for each in policy.levels if each.id == level), "")
