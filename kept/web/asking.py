"""What the acts ask for: the SOP's own words as choices, its fields with fitting inputs.

Display only: whether an answer will do is decided by the services and the policy.
"""

from collections.abc import Mapping
from typing import Any

from kept.policy.conditions import Expr, walk
from kept.policy.rules import ApprovalRule, CustomField, GateRule, Policy, TableRule
from kept.policy.vocabulary import accepted_reasons, handoff_step, known_words
from kept.policy.words import Value
from kept.records.queries.views import TicketView
from kept.web import forms
from kept.web.forms import Field
from kept.web.say import plain

PREFIX = "field-"
INPUTS = {"count": "number", "score": "number", "money": "money", "date": "date", "list": "list"}
YES_NO = (("yes", "yes"), ("no", "no"))
ANY_WORDS = ("text", "long")


def triage_fields(ticket: TicketView, policy: Policy) -> tuple[Field, ...]:
    """Return the form of triage: what its gates read first, the SOP's other fields folded."""
    read = _triage_reads(policy)
    named = (
        Field(name="severity", label="Severity", type="choice", choices=severities(policy),
              value=ticket.severity or "", required=False),
        _worded(policy, "type", "Type", ticket.type or ""),
        _worded(policy, "topic", "Topic", ticket.topic or ""),
    )  # fmt: skip
    own = [_custom(one, ticket.facts, folded=one.id not in read) for one in policy.fields.values()]
    return (*named, *sorted(own, key=lambda field: field.folded))


def triage_values(policy: Policy, facts: Mapping[str, Any], given: Mapping[str, str]) \
        -> dict[str, Value]:  # fmt: skip
    """Return the SOP's fields that the form changes, as values of their types."""
    values = {}
    for one in policy.fields.values():
        told = given.get(PREFIX + one.id, "")
        if told and told != _shown(one, facts.get(one.id)):
            values[one.id] = _value(one, told)
    return values


def severities(policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return the scale, most urgent first; a name that only repeats the id is not said twice."""
    return tuple(
        (one.id, one.id if one.name.lower() in ("", one.id.lower()) else f"{one.id} {one.name}")
        for one in policy.severities
    )


def severity_fields(ticket: TicketView, policy: Policy) -> tuple[Field, ...]:
    """Return the form that raises or lowers a severity."""
    return (
        Field(name="to", label="To", type="choice", choices=severities(policy)),
        _reason(policy, "severity_changed", ticket.facts),
    )


def verify_fields(ticket: TicketView, policy: Policy) -> tuple[Field, ...]:
    """Return the form of an identity check, by the ways the SOP names."""
    ways = known_words(policy, "method")
    how = Field(name="method", label="How it was checked", type="choice" if ways else "text",
                choices=_words(ways))  # fmt: skip
    return (how, Field(name="passed", label="Is it the customer?", type="yes_no"))


def flags_left(ticket: TicketView, policy: Policy) -> tuple[str, ...]:
    """Return the flags that the SOP reads and the ticket does not carry."""
    carried = ticket.facts.get("flags") or ()
    return tuple(flag for flag in known_words(policy, "flags") if flag not in carried)


def flag_fields(ticket: TicketView, policy: Policy) -> tuple[Field, ...]:
    """Return the form that puts one of the SOP's flags on a ticket."""
    return (
        Field(
            name="flag", label="Flag", type="choice", choices=_words(flags_left(ticket, policy))
        ),
    )


def escalation(ticket: TicketView, policy: Policy, to: str) -> tuple[Field, ...]:
    """Return the form of an escalation to one level: each level may want its own hand-off."""
    levels = tuple((one.id, f"{one.id} {one.name}") for one in policy.levels)
    facts = {**ticket.facts, "to": to}
    step = handoff_step(policy, facts)
    form = policy.forms.get(step.form or "") if step else None
    target = Field(name="to", label="To level", type="choice", choices=levels, value=to,
                   decides=True)  # fmt: skip
    own = tuple(
        field for field in forms.of_sop(form, sources(ticket, policy), "handoff")
        if field.name not in ("reason", "to")
    )  # fmt: skip
    return (target, _reason(policy, "escalated", facts), *own)


def level_after(ticket: TicketView, policy: Policy) -> str:
    """Return the next level up, the top where there is none."""
    known = [one.id for one in policy.levels]
    here = known.index(ticket.level) if ticket.level in known else 0
    return known[min(here + 1, len(known) - 1)] if known else ""


def step_fields(
    ticket: TicketView, policy: Policy, form: str | None, key: str
) -> tuple[Field, ...]:
    """Return the evidence form of a step; a step without one asks for nothing."""
    return forms.of_sop(policy.forms.get(form or ""), sources(ticket, policy), key)


def assign_fields(ticket: TicketView, policy: Policy) -> tuple[Field, ...]:
    """Return who may take the ticket, people first."""
    people = tuple(
        (str(one.id), one.name if one.on_duty else f"{one.name} (off duty)")
        for one in ticket.people
    )
    teams = tuple((team.id, team.name) for team in policy.teams.values())
    owner = Field(name="agent", label="Owner", type="choice", choices=people,
                  value=str(ticket.owner_id or ""), required=False)  # fmt: skip
    team = Field(name="team", label="Team", type="choice", choices=teams,
                 value=ticket.team or "", required=False)  # fmt: skip
    return (owner, team) if teams else (owner,)


def approval_kinds(policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return what the SOP wants approved before it is paid or done."""
    return _words(sorted({one.name for one in policy.rules if isinstance(one, ApprovalRule)}))


def amount_fields(ticket: TicketView, policy: Policy) -> tuple[Field, ...]:
    """Return the form of money: for what, and how much."""
    return (
        Field(name="kind", label="For", type="choice", choices=approval_kinds(policy)),
        Field(name="amount", label=f"Amount in {policy.currency}", type="money"),
    )


def sources(ticket: TicketView, policy: Policy) -> dict[str, str]:
    """Return what can fill a form of the SOP beforehand."""
    return {
        "ticket.number": str(ticket.id),
        "ticket.subject": ticket.subject,
        "ticket.type": plain(ticket.type or ""),
        "ticket.severity": ticket.severity or "",
        "customer.name": ticket.customer,
        "customer.email": ticket.customer_address if ticket.sight.contacts else "",
        "severity.name": _named(policy.severities, ticket.severity),
        "level.name": _named(policy.levels, ticket.level),
        "agent.name": ticket.owner or "",
        "desk.name": ticket.desk.name,
    }


def _named(known: tuple[Any, ...], wanted: str | None) -> str:
    return next((one.name or one.id for one in known if one.id == wanted), wanted or "")


def _words(words: Any) -> tuple[tuple[str, str], ...]:
    return tuple((word, plain(word)) for word in words)


def _worded(policy: Policy, field: str, label: str, now: str) -> Field:
    """Return a choice of the words an SOP has for a field, free text where it has none."""
    words = known_words(policy, field)
    if not words:
        return Field(name=field, label=label, required=False, value=now)
    listed = words if not now or now in words else (now, *words)
    return Field(name=field, label=label, type="choice", choices=_words(listed), value=now,
                 required=False)  # fmt: skip


def _reason(policy: Policy, event: str, facts: dict[str, Any]) -> Field:
    """Return the reason as the list that a gate wants, else as text with the SOP's words near."""
    listed = accepted_reasons(policy, event, facts)
    if listed:
        return Field(name="reason", label="Why", type="choice", choices=_words(listed))
    words = known_words(policy, "reason")
    return Field(name="reason", label="Why", type="words" if words else "text",
                 choices=tuple((word, word) for word in words))  # fmt: skip


def _triage_reads(policy: Policy) -> set[str]:
    """Return the fields that decide at triage: its gates' and the tables'."""
    read: set[str] = set()
    for rule in policy.rules:
        if isinstance(rule, GateRule) and rule.name == "triaged" and rule.needs is not None:
            if isinstance(rule.needs.tree, Expr):
                read |= {node.name for node in walk(rule.needs.tree) if node.op == "field"}
        elif isinstance(rule, TableRule):
            read |= {name for row in rule.rows for name, _ in row.when}
    return read


def _custom(one: CustomField, facts: Mapping[str, Any], *, folded: bool) -> Field:
    choices = YES_NO if one.type == "bool" else _words(one.values)
    told = one.type in ANY_WORDS and not choices and bool(facts.get(one.id))
    return Field(
        name=PREFIX + one.id, label=plain(one.id).capitalize(), choices=choices, folded=folded,
        type="choice" if choices and one.type != "list" else INPUTS.get(one.type, "text"),
        required=False, value=_shown(one, facts.get(one.id)),
        help="Given already; write it again to change it." if told else "",
    )  # fmt: skip


def _shown(one: CustomField, value: Any) -> str:
    """Return a field's present value as the form shows it; free text is kept elsewhere."""
    if value is None or (one.type in ANY_WORDS and not one.values):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if one.type == "money":
        return f"{value // 100}.{value % 100:02}"
    return "\n".join(value) if isinstance(value, tuple | list) else str(value)


def _value(one: CustomField, told: str) -> Value:
    match one.type:
        case "bool":
            return told == "yes"
        case "money":
            return forms.minor_units(told)
        case "count" | "score":
            return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else -1
        case "list":
            return tuple(line.strip() for line in told.splitlines() if line.strip())
    return told
