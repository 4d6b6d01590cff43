"""Facts become state: what each one tells of the ticket, and how it moves its status.

`told` and `sets` look only, so that a gate can ask before anything is changed; `take_in`
changes. Facts are recomputed, never accumulated from decisions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kept.policy import children
from kept.policy import facts as f
from kept.policy.facts import MACHINE, PERSON, Actor, Fact, FactBase
from kept.policy.ladder import compare
from kept.policy.phrases import phrases_in
from kept.policy.run import OVER, Run
from kept.policy.words import NEW, RESOLVED, Instant, Status, Value

DEFAULTS: dict[str, Value] = {
    "status": "new", "failed_attempts": 0, "reopened": 0, "escalations": 0, "replies": 0,
    "customer_turns": 0, "open_promises": 0, "linked_tickets": 0, "open_children": 0,
    "verified": False,
    "confirmed": False, "resolved": False, "flags": (), "steps_done": (), "tags": (),
    "waiting_on": "nobody",
}  # fmt: skip
NO_WORK = frozenset(
    {
        f.TicketCreated,
        f.CustomerReplied,
        f.AgentNoted,
        f.TicketLinked,
        f.TicketUnlinked,
        f.Tagged,
        f.Untagged,
        f.ArticleHelped,
        f.ArticleWithdrawn,
        f.ProfileChanged,
        f.OutageBegan,
        f.OutageEnded,
    }
)
ENDED = frozenset({*OVER, Status.MERGED, Status.SPAM})
_SET_AS_NAMED: dict[type, tuple[str, ...]] = {
    f.TicketCreated: ("severity", "channel", "type", "topic", "customer", "tier"),
    f.OpenedAsChild: ("severity", "type", "topic", "team", "level", "parent"),
    f.CustomerReplied: ("channel",),
    f.Triaged: ("severity", "type", "topic"),
    f.Assigned: ("team",),
    f.OutageBegan: ("outage",),
    f.SurveyAnswered: ("score",),
    f.Paid: ("amount",),
    f.ApprovalAsked: ("amount",),
    f.ProfileChanged: ("customer", "tier", "purchase"),
}
_TOLD_AS_NAMED: dict[type, tuple[str, ...]] = {
    f.AgentReplied: ("template", "channel"),
    f.SeverityChanged: ("to", "reason"),
    f.Escalated: ("to", "reason"),
    f.WaitingOn: ("who",),
    f.Promised: ("what",),
    f.ApprovalAsked: ("kind",),
    f.Approved: ("kind",),
    f.Rejected: ("kind",),
    f.Paid: ("kind",),
    f.Verified: ("method",),
    f.Withdrawn: ("reason",),
    f.CallAnswered: ("rings",),
    f.OpenedAsChild: ("template",),
    f.ChildOpened: ("template",),
    f.ChildEnded: ("how",),
    f.OutageEnded: ("reason",),
    f.TicketLinked: ("kind",),
    f.TicketUnlinked: ("kind",),
    f.Tagged: ("tag",),
    f.Untagged: ("tag",),
}


def effective_at(fact: FactBase) -> Instant:
    """Return the instant a fact counts from: a trusted source's time, never later than ours."""
    received_at = fact.received_at
    if received_at is None or (fact.trusted and fact.at <= received_at):
        return fact.at
    return received_at


def names_of(fact: Fact) -> tuple[str, ...]:
    """Return the events a fact is: its own name, and the step, approval or form it is about."""
    kind = type(fact)
    return KINDS[kind].names or _NAMED_OTHERWISE[kind](fact)


_NAMED_OTHERWISE: dict[type, Callable[[Any], tuple[str, ...]]] = {
    f.StepDone: lambda fact: ("step_done", f"step:{fact.step}"),
    f.Approved: lambda fact: ("approved", f"approved:{fact.kind}"),
    f.Flagged: lambda fact: ("note_flag", f"note_flag:{fact.flag}"),
    f.Tagged: lambda fact: ("tagged", f"tagged:{fact.tag}"),
    f.SopEvent: lambda fact: (fact.name,),
}


IDLE: dict[type, Callable[[Run, Any], bool]] = {
    f.Resolved: lambda run, fact: run.state.status in ENDED,
    f.Closed: lambda run, fact: run.state.status in ENDED and run.state.status is not RESOLVED,
    f.Reopened: lambda run, fact: run.state.status not in OVER or bool(run.memory.ended_as),
    f.Tagged: lambda run, fact: fact.tag in (run.facts.get("tags") or ()),  # type: ignore[operator]  # a list of words
    f.Untagged: lambda run, fact: fact.tag not in (run.facts.get("tags") or ()),  # type: ignore[operator]  # a list of words
    f.SeverityChanged: lambda run, fact: run.facts.get("severity") == fact.to,
    f.OutageBegan: lambda run, fact: run.facts.get("outage") == fact.outage,
    f.OutageEnded: lambda run, fact: run.facts.get("outage") != fact.outage,
    f.Merged: lambda run, fact: bool(run.memory.ended_as),
    f.MarkedSpam: lambda run, fact: bool(run.memory.ended_as),
    f.Withdrawn: lambda run, fact: bool(run.memory.ended_as),
}


def told(run: Run, fact: Fact, kind: Kind) -> dict[str, Value]:
    """Return the event's own fields, which conditions read while it is handled."""
    fields = _told_by_actor(fact.by) if run.asks_actor else {}
    for name in kind.told:
        value = getattr(fact, name)
        if value is not None and value != "":
            fields[name] = value
    if kind.tells is not None:
        kind.tells(run, fact, fields)
    return fields


def _told_by_customer(
    run: Run, fact: f.TicketCreated | f.CustomerReplied, fields: dict[str, Value]
) -> None:
    if fact.text:
        fields["text"] = fact.text
    if fact.phrases is not None:
        fields["phrases"] = fact.phrases
    elif fact.text and run.knows_one_version:
        fields["phrases"] = phrases_in(fact.text, run.program.phrases)


def _told_by_agent(run: Run, fact: f.AgentReplied, fields: dict[str, Value]) -> None:
    fields["missing"] = fact.open_blanks


def _told_of_severity(run: Run, fact: f.SeverityChanged, fields: dict[str, Value]) -> None:
    fields["raised"], fields["lowered"] = compare(run, run.word("severity"), fact.to)


_TOLD_OTHERWISE: dict[type, Callable[[Run, Any, dict[str, Value]], None]] = {
    f.TicketCreated: _told_by_customer,
    f.CustomerReplied: _told_by_customer,
    f.AgentReplied: _told_by_agent,
    f.SeverityChanged: _told_of_severity,
}


def _told_by_actor(by: Actor) -> dict[str, Value]:
    fields: dict[str, Value] = {"by_kind": by.kind._value_}
    if by.roles:
        fields["by_role"] = by.roles[0]
    if by.level:
        fields["by_level"] = by.level
    return fields


def sets(run: Run, fact: Fact, kind: Kind) -> dict[str, Value]:
    """Return the ticket's fields a fact gives a value to."""
    found: dict[str, Value] = {}
    for name in kind.set:
        value = getattr(fact, name)
        if value is not None:
            found[name] = value
    if kind.sets is not None:
        found |= kind.sets(run, fact)
    if fact.fields:
        found |= _form_fields(run, fact)
    return found


_SET_OTHERWISE: dict[type, Callable[[Run, Any], dict[str, Value]]] = {
    f.SeverityChanged: lambda run, fact: {"severity": fact.to},
    f.WaitingOn: lambda run, fact: {"waiting_on": fact.who},
    f.Assigned: lambda run, fact: _given_to(fact),
    # Who was checked on the ticket was somebody else on our books then.
    f.ProfileChanged: lambda run, fact: {"verified": False} if _is_other(run, fact) else {},
    f.Verified: lambda run, fact: {"verified": fact.passed or bool(run.facts.get("verified"))},
}


def _is_other(run: Run, fact: f.ProfileChanged) -> bool:
    return fact.customer is not None and run.facts.get("customer") not in (None, fact.customer)


def _given_to(fact: f.Assigned) -> dict[str, Value]:
    """Return owner and team; an empty one gives the ticket back to nobody."""
    given: dict[str, Value] = {} if fact.agent is None else {"owner": fact.agent or None}
    return given | {"team": None} if fact.team == "" else given


def _form_fields(run: Run, fact: Fact) -> dict[str, Value]:
    """Return the further fields, those of a form under `FORM.FIELD` as well."""
    found = dict(fact.fields)
    form = None
    if isinstance(fact, f.StepDone):
        plan = run.program.steps.get(fact.step)
        form = getattr(plan.rule, "form", None) if plan else None
    elif isinstance(fact, f.SopEvent):
        forms = run.policy.forms.values()
        form = next((each.id for each in forms if fact.name in (each.event, each.id)), None)
    if form is not None:
        found |= {f"{form}.{key}": value for key, value in fact.fields.items() if "." not in key}
    return found


# Taking in -------------------------------------------------------------------------------------


def take_in(run: Run, fact: Fact, kind: Kind, given: dict[str, Value]) -> None:
    """Write a fact into the state."""
    for field, value in given.items():
        run.put(field, value)
    if "severity" in given and not isinstance(fact, f.TicketCreated):
        run.memory.by_hand = tuple(sorted({*run.memory.by_hand, "severity"}))
    if run.state.status is NEW and _is_work(fact):
        run.stand(Status.OPEN)
    if kind.change is not None:
        kind.change(run, fact)


def prepare(run: Run) -> None:
    """Give a new ticket the facts that are known of every ticket from the start."""
    run.facts.update(DEFAULTS)
    run.scope.update(DEFAULTS)
    if run.policy.levels:
        run.put("level", run.policy.levels[0].id)


def _is_work(fact: Fact) -> bool:
    """Say whether somebody of ours has begun on the ticket."""
    return fact.by.kind is PERSON and type(fact) not in NO_WORK


def _created(run: Run, fact: f.TicketCreated) -> None:
    run.count("customer_turns")
    run.memory.turn = "customer"


def _customer_replied(run: Run, fact: f.CustomerReplied) -> None:
    if run.memory.turn != "customer":
        run.count("customer_turns")
        run.memory.turn = "customer"
    if run.facts.get("waiting_on") == "customer":
        _wait(run, "nobody")


def _agent_replied(run: Run, fact: f.AgentReplied) -> None:
    if fact.by.kind is not MACHINE:
        run.count("replies")
        run.memory.turn = "agent"


def _waiting(run: Run, fact: f.WaitingOn) -> None:
    _wait(run, fact.who)


def _wait(run: Run, who: str) -> None:
    run.put("waiting_on", who)
    if run.state.status in (NEW, Status.OPEN, Status.WAITING):
        run.stand(Status.OPEN if who == "nobody" else Status.WAITING)


def _step_done(run: Run, fact: f.StepDone) -> None:
    run.add_to("steps_done", fact.step)


def _attempt_failed(run: Run, fact: f.AttemptFailed) -> None:
    run.count("failed_attempts")


def _resolved(run: Run, fact: f.Resolved) -> None:
    run.put("waiting_on", "nobody")
    run.stand(RESOLVED)


def _confirmed(run: Run, fact: f.Confirmed) -> None:
    run.put("confirmed", True)


def _reopened(run: Run, fact: f.Reopened) -> None:
    run.count("reopened")
    run.put("confirmed", False)
    run.stand(Status.OPEN)


def _closed(run: Run, fact: f.Closed) -> None:
    run.put("waiting_on", "nobody")
    run.stand(Status.CLOSED)


def _linked(run: Run, fact: f.TicketLinked) -> None:
    run.count("linked_tickets")


def _unlinked(run: Run, fact: f.TicketUnlinked) -> None:
    if run.facts.get("linked_tickets"):
        run.count("linked_tickets", -1)


def _outage_ended(run: Run, fact: f.OutageEnded) -> None:
    run.put("outage", None)


def _tagged(run: Run, fact: f.Tagged) -> None:
    run.add_to("tags", fact.tag)


def _untagged(run: Run, fact: f.Untagged) -> None:
    run.take_from("tags", fact.tag)


def _flagged(run: Run, fact: f.Flagged) -> None:
    run.add_to("flags", fact.flag)


CHANGES: dict[type, Callable[[Run, Any], None]] = {
    f.TicketCreated: _created,
    f.CustomerReplied: _customer_replied,
    f.AgentReplied: _agent_replied,
    f.WaitingOn: _waiting,
    f.StepDone: _step_done,
    f.AttemptFailed: _attempt_failed,
    f.Resolved: _resolved,
    f.Confirmed: _confirmed,
    f.Reopened: _reopened,
    f.Closed: _closed,
    f.Flagged: _flagged,
    f.OpenedAsChild: children.begin_child,
    f.ChildOpened: children.count_opened,
    f.ChildReopened: children.count_opened,
    f.ChildEnded: children.count_ended,
    f.OutageEnded: _outage_ended,
    f.TicketLinked: _linked,
    f.TicketUnlinked: _unlinked,
    f.Tagged: _tagged,
    f.Untagged: _untagged,
}


# Kinds -----------------------------------------------------------------------------------------

ASKED_ALWAYS = frozenset({f.WaitingOn, f.Waived, f.MissRetracted, f.Approved, f.Rejected})
"""Facts that the language itself may forbid, whatever the SOP says."""


@dataclass(frozen=True, slots=True)
class Kind:
    """All that the type of a fact decides by itself, found with one look."""

    names: tuple[str, ...]
    """Empty where the fact's content names it."""
    told: tuple[str, ...]
    tells: Callable[[Run, Any, dict[str, Value]], None] | None
    set: tuple[str, ...]
    sets: Callable[[Run, Any], dict[str, Value]] | None
    change: Callable[[Run, Any], None] | None
    is_idle: Callable[[Run, Any], bool] | None
    """Whether a fact tells what already is so: it is no event then."""
    is_asked_always: bool


KINDS: dict[type, Kind] = {
    kind: Kind(
        names=() if kind in _NAMED_OTHERWISE else (str(kind.__struct_config__.tag),),
        told=_TOLD_AS_NAMED.get(kind, ()),
        tells=_TOLD_OTHERWISE.get(kind),
        set=_SET_AS_NAMED.get(kind, ()),
        sets=_SET_OTHERWISE.get(kind),
        change=CHANGES.get(kind),
        is_idle=IDLE.get(kind),
        is_asked_always=kind in ASKED_ALWAYS,
    )
    for kind in FactBase.__subclasses__()
}
