"""Between JSON and facts: events of `kept sop trace`, of test blocks, of logs and of the journal.

Outside, instants are ISO 8601, money is `"150.00"` and a score `"4.5"`; inside, all are integers.
A wall time without an offset is local to the SOP's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, get_args

import msgspec

from kept.policy.decisions import Decision, Refuse
from kept.policy.errors import NotAFact
from kept.policy.event_words import told as what_is_wrong
from kept.policy.facts import Actor, CustomerReplied, Fact, FactBase, SopEvent, TicketCreated
from kept.policy.phrases import phrases_in
from kept.policy.program import program_of
from kept.policy.rules import CustomField, FormField, Policy, StepRule
from kept.policy.sop.resolve import BUILT_IN_FIELDS
from kept.policy.sop.zones import EPOCH, instant_of, zone_named
from kept.policy.state import Commitment, TicketState
from kept.policy.words import SECOND, Instant, Micros, Value

FACTS: dict[str, type[FactBase]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(Fact)
}
_INSTANTS = ("at", "received_at", "due", "fired_at")
_INSTANT_TABLES = ("dues", "starts")
_ACTOR_KEYS = ("by", "role", "roles", "level")
FIRST_YEAR, LAST_YEAR = 1970, 2199
MOST = Decimal(10) ** 15
ACTOR_FIELDS = frozenset(Actor.__struct_fields__)
_TEXTS = ("into", "evidence")
_MACHINES = frozenset({"bot", "chatbot", "robot", "auto", "automatic", "autoresponder", "policy"})
"""Names that logs give to what is no person."""
_BY_CUSTOMERS = ("customer_message", "confirmed", "survey_answered")
BUILT_IN_TYPES = {name: field.type.value for name, field in BUILT_IN_FIELDS.items()}
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")

Wire = Mapping[str, Any]
ABOUT_A_LINE = frozenset({"desk", "ticket", "seq", "policy", "refused"})
"""What a log over many tickets says of each event beside the event itself."""
OTHER_TICKET = "other_ticket"


def fact_from_wire(policy: Policy, event: Wire) -> Fact:
    """Return the fact an event dict tells; raise NotAFact where it tells none.

    Keys that the event does not have by itself are fields of the SOP, typed as declared.
    """
    name = str(event.get("event", ""))
    try:
        return _read(policy, name, dict(event))
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as problem:
        where = f"{name or 'event'} at {event.get('at', '?')}"
        raise NotAFact(f"{where}: {what_is_wrong(problem)}") from None


def facts_from_wire(policy: Policy, events: Iterable[Wire]) -> tuple[Fact, ...]:
    """Return the facts of several events, in the order given."""
    return tuple(fact_from_wire(policy, event) for event in events)


def fact_to_wire(policy: Policy, fact: Fact) -> dict[str, Any]:
    """Return the event dict of a fact; `fact_from_wire` reads it back to the same fact."""
    told: dict[str, Any] = msgspec.to_builtins(fact)
    for key in _INSTANTS:
        if told.get(key) is not None:
            told[key] = instant_to_wire(told[key])
    for key in _INSTANT_TABLES:
        if key in told:
            told[key] = {name: instant_to_wire(at) for name, at in told[key].items()}
    if "amount" in told:
        told["amount"] = money_to_wire(told["amount"])
    if "spent_before" in told:
        told["spent_before"] = {k: money_to_wire(v) for k, v in told["spent_before"].items()}
    if "score" in told:
        told["score"] = _plain(Decimal(told["score"]) / 1000)
    fields = {key: _field_to_wire(policy, key, value) for key, value in fact.fields.items()}
    if fields:
        told["fields"] = fields
    return told


def line_of(about: Wire, event: Wire) -> dict[str, Any]:
    """Return an event as a line of a log over many tickets; `about` says whose it is.

    A fact that names another ticket itself has that one as `other_ticket` here.
    """
    told = dict(event)
    if "ticket" in told:
        told[OTHER_TICKET] = told.pop("ticket")
    return {**about, **told}


def fact_of_line(policy: Policy, line: Wire) -> Fact:
    """Return the fact that a line of such a log tells."""
    told = {key: value for key, value in line.items() if key not in ABOUT_A_LINE}
    if OTHER_TICKET in told:
        told["ticket"] = told.pop(OTHER_TICKET)
    return fact_from_wire(policy, told)


def instant_from_wire(policy: Policy, written: str) -> Instant:
    """Return the instant of an ISO 8601 time, local to the SOP's zone unless it has an offset."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f'"{written[:60]}" is no instant; write 2025-06-02T10:00') from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f'"{written[:60]}" is not in the years {FIRST_YEAR} to {LAST_YEAR}')
    return instant_of(moment, zone_named(policy.zone))


def instant_to_wire(at: Instant) -> str:
    """Return an instant as ISO 8601 in UTC, with as many digits as it needs."""
    moment = (EPOCH + timedelta(microseconds=at)).replace(tzinfo=None)
    return moment.isoformat() + "Z"


def money_from_wire(written: object) -> int:
    """Return minor units of an amount such as `100`, `"100.5"` or `"$1,200.00"`."""
    amount = _decimal(str(written).replace(",", "").strip("$€£₹ "))
    if amount is None:
        raise NotAFact(f'"{str(written)[:60]}" is no amount; write 150.00')
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def score_from_wire(written: object) -> int:
    """Return thousandths of a score such as `4`, `"4.5"`."""
    score = _decimal(str(written))
    if score is None:
        raise NotAFact(f'"{str(written)[:60]}" is no score; write 4.5')
    return int(score * 1000)


def _decimal(written: str) -> Decimal | None:
    """Return a number; None where there is none or it is larger than any that is meant."""
    try:
        number = Decimal(written)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < MOST else None


def money_to_wire(minor: int) -> str:
    """Return minor units as an amount with two digits."""
    return f"{Decimal(minor) / 100:.2f}"


def for_journal(policy: Policy, fact: Fact) -> Fact:
    """Return the fact without its text, but with those of the SOP's phrases that the text has."""
    if not isinstance(fact, TicketCreated | CustomerReplied) or not fact.text:
        return fact
    phrases = fact.phrases
    if phrases is None:
        phrases = phrases_in(fact.text, program_of(policy).phrases)
    return msgspec.structs.replace(fact, text="", phrases=phrases)


def trace_to_wire(state: TicketState, decisions: Iterable[Decision]) -> dict[str, Any]:
    """Return what `kept sop trace` prints of one ticket's run."""
    told = list(decisions)
    return {
        "commitments": [commitment_to_wire(c) for c in state.commitments.values()],
        "decisions": [decision_to_wire(d) for d in told if not isinstance(d, Refuse)],
        "refusals": [decision_to_wire(d) for d in told if isinstance(d, Refuse)],
        "state": state_to_wire(state),
    }


def commitment_to_wire(commitment: Commitment) -> dict[str, Any]:
    """Return one commitment as the trace shows it."""
    return {
        "clause": commitment.because.clause,
        "name": commitment.name,
        "started_at": instant_to_wire(commitment.started_at),
        "due_at": _maybe(commitment.due_at),
        "verdict": commitment.verdict.value,
        "reason": commitment.reason,
        "settled_at": _maybe(commitment.settled_at),
        "late_open_s": _seconds(commitment.late_open),
        "late_wall_s": _seconds(commitment.late_wall),
    }


def decision_to_wire(decision: Decision) -> dict[str, Any]:
    """Return one decision: `at`, `kind`, `clause`, `line`, then what is particular to it."""
    told: dict[str, Any] = msgspec.to_builtins(decision)
    told.pop("because")
    kind, at = told.pop("kind"), told.pop("at")
    head = {"at": instant_to_wire(at), "kind": kind}
    cited = {"clause": decision.because.clause, "line": decision.because.line}
    for key, value in told.items():
        if key.endswith(("_at", "_by")) and isinstance(value, int):
            told[key] = instant_to_wire(value)
        if key in ("late_open", "late_wall"):
            told[key] = _seconds(value)
    return {**head, **cited, "rule": decision.because.rule, **told}


def state_to_wire(state: TicketState) -> dict[str, Any]:
    """Return the ticket's facts, with severity, level and status always present."""
    facts = {key: value for key, value in state.facts.items() if key != "status"}
    head = {"severity": None, "level": None, "status": state.status.value}
    return {**head, **msgspec.to_builtins(facts), "now": instant_to_wire(state.now)}


# Reading one event ---------------------------------------------------------------------------


def _read(policy: Policy, name: str, event: dict[str, Any]) -> Fact:
    event.pop("event", None)
    kind = FACTS.get(name)
    given: dict[str, Any] = {"event": name}
    if kind is None:
        kind = _sop_event(policy, name, given)
    if name == "promised" and "due" not in event:
        if "by" not in event:
            raise ValueError("`by` is missing: until when it is promised")
        event["due"] = event.pop("by")
    given["by"] = _actor(policy, name, event)
    own = {field.name for field in msgspec.structs.fields(kind)}
    fields = event.pop("fields", None) or {}
    if not isinstance(fields, Mapping):
        raise ValueError("`fields` takes a mapping")
    fields = dict(fields)
    for key, value in event.items():
        if value is None and key in own:
            continue  # a log's way of saying that it does not know
        if key in own and key != "by":
            given[key] = _own_value(policy, key, value)
        elif key not in _ACTOR_KEYS:
            fields[key] = value
    given["fields"] = {key: _field_value(policy, key, value) for key, value in fields.items()}
    if "at" not in given:
        raise NotAFact("no `at`")
    fact: Fact = msgspec.convert(given, kind, strict=False)  # type: ignore[assignment]  # a member
    return fact


def _sop_event(policy: Policy, name: str, given: dict[str, Any]) -> type[FactBase]:
    """Return the fact that an event of the SOP's own making is told by."""
    if any(name in (form.event, form.id) for form in policy.forms.values()):
        given |= {"event": "sop_event", "name": name}
        return SopEvent
    if any(isinstance(rule, StepRule) and rule.name == name for rule in policy.rules):
        given |= {"event": "step_done", "step": name}
        return FACTS["step_done"]
    if name in _named_events(policy):
        given |= {"event": "sop_event", "name": name}
        return SopEvent
    raise NotAFact("no such event in this SOP")


def _named_events(policy: Policy) -> set[str]:
    """Return every event that some rule starts, stops or acts on."""
    keys = ("start", "stop", "act", "until", "after", "auto", "on")
    found: set[str] = set()
    for rule in policy.rules:
        for key in keys:
            value = getattr(rule, key, ())
            found |= set(value) if isinstance(value, tuple) else set()
    return found


def _own_value(policy: Policy, key: str, value: Any) -> Any:
    if key in _INSTANTS:
        return instant_from_wire(policy, str(value))
    if key in _INSTANT_TABLES:
        return {name: instant_from_wire(policy, str(at)) for name, at in value.items()}
    if key == "amount":
        return money_from_wire(value)
    if key == "spent_before":
        return {period: money_from_wire(spent) for period, spent in value.items()}
    if key == "score":
        return score_from_wire(value)
    if key == "second":
        return _actor(policy, "", {"by": value})
    if key in _TEXTS and value is not None and not isinstance(value, str):
        return msgspec.json.encode(value).decode()
    return value


def _actor(policy: Policy, name: str, event: Wire) -> dict[str, Any]:
    """Return who acted: `by` is a kind, a role, a level or a person; a mapping says all of it."""
    by = event.get("by")
    if isinstance(by, Mapping):
        unknown = sorted(set(by) - ACTOR_FIELDS)
        if unknown:
            raise ValueError(
                f'`by` has no "{unknown[0]}"; it has {", ".join(sorted(ACTOR_FIELDS))}'
            )
        return dict(by)
    if by is not None and (isinstance(by, bool) or not isinstance(by, str | int)):
        raise ValueError("`by` takes a name or a mapping")
    actor: dict[str, Any] = {}
    if name in _BY_CUSTOMERS and by is None:
        actor["kind"] = "customer"
    if by is not None:
        actor |= _named_actor(policy, str(by).removeprefix("role:").removeprefix("agent:"))
    if "role" in event or "roles" in event:
        roles = event.get("roles", event.get("role"))
        actor["roles"] = [roles] if isinstance(roles, str) else list(roles or ())
    if event.get("level") is not None:
        actor["level"] = event["level"]
    return actor


def _named_actor(policy: Policy, by: str) -> dict[str, Any]:
    if by in ("system", "customer", "human"):
        return {"kind": by}
    if by in _MACHINES and by not in policy.roles:
        return {"id": by, "kind": "system"}
    if by in policy.roles:
        return {"id": by, "roles": [by], "level": policy.roles[by].level}
    if any(level.id == by for level in policy.levels):
        return {"id": by, "level": by}
    return {"id": by}


# Custom fields -------------------------------------------------------------------------------


def _field_type(policy: Policy, key: str) -> str:
    declared: CustomField | FormField | None = policy.fields.get(key)
    if declared is None:
        form, _, field = key.rpartition(".")
        forms = [policy.forms[form]] if form in policy.forms else policy.forms.values()
        found = (f for each in forms for f in each.fields if f.id == field)
        declared = next(found, None)
    if declared is not None:
        return declared.type
    return BUILT_IN_TYPES.get(key, "text")


def _field_value(policy: Policy, key: str, value: Any) -> Value:
    """Return a field's value as the SOP types it; a value without a type stays as it is."""
    match _field_type(policy, key):
        case "bool" | "yes_no":
            return _truth(value)
        case "count" | "number":
            return _whole(value)
        case "money":
            return money_from_wire(value)
        case "score":
            return score_from_wire(value)
        case "list":
            return tuple(str(each) for each in ([value] if isinstance(value, str) else value))
    if isinstance(value, list | tuple):
        return tuple(str(each) for each in value)
    return value if isinstance(value, bool | int | str) or value is None else str(value)


def _whole(value: Any) -> int:
    number = _decimal(str(value))
    if number is None or number != int(number):
        raise ValueError(f'"{str(value)[:60]}" is no whole number')
    return int(number)


def _truth(value: Any) -> bool:
    told = str(value).casefold()
    if told in _TRUE or told in _FALSE:
        return told in _TRUE
    raise ValueError(f'"{str(value)[:60]}" is neither true nor false')


def _field_to_wire(policy: Policy, key: str, value: Value) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        match _field_type(policy, key):
            case "money":
                return money_to_wire(value)
            case "score":
                return _plain(Decimal(value) / 1000)
    return list(value) if isinstance(value, tuple) else value


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _maybe(at: Instant | None) -> str | None:
    return None if at is None else instant_to_wire(at)


def _seconds(span: Micros) -> int | float:
    return span // SECOND if span % SECOND == 0 else span / SECOND
