"""What agents do on a ticket between its first message and its end. One fact per verb."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kept.policy import Outcome
from kept.policy.facts import (
    Accepted,
    Assigned,
    AttemptFailed,
    Escalated,
    Flagged,
    Promised,
    SeverityChanged,
    SopEvent,
    StepDone,
    Triaged,
    Verified,
    WaitingOn,
)
from kept.policy.identity import WayKind, kind_of
from kept.policy.rules import StepRule
from kept.policy.vocabulary import handoff_step, known_words
from kept.policy.words import Value
from kept.records.instants import instant
from kept.records.models import IdentityCheck, StepEvidence
from kept.services import permissions
from kept.services.acting import act
from kept.services.errors import AgentId, NotValid
from kept.services.forms import check_form, field_values, form_values
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket
from kept.services.notices import acknowledge_ticket
from kept.services.retrying import retried
from kept.services.texts import keep_text

WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
WAITS = ("customer", "third_party", "nobody")


def triage(
    ticket_id: int,
    *,
    by: AgentId,
    at: datetime,
    severity: str | None = None,
    type: str | None = None,  # noqa: A002 - the desk's own word
    topic: str | None = None,
    fields: Mapping[str, Value] | None = None,
) -> Outcome:
    """Say what the ticket is about and how bad it is."""
    return act(
        ticket_id, by=by, at=at, may="triage",
        make=lambda ticket, who: Triaged(
            at=instant(at), by=who.actor(), severity=_severity(ticket, severity),
            type=type or None, topic=topic or None,
            fields=field_values(ticket.policy, fields or {}),
        ),
    )  # fmt: skip


def change_severity(
    ticket_id: int, *, by: AgentId, at: datetime, to: str, reason: str, override: str = ""
) -> Outcome:
    """Raise or lower the severity; the reason is kept."""
    return act(
        ticket_id, by=by, at=at, may="severity",
        make=lambda ticket, who: SeverityChanged(
            at=instant(at), by=who.actor(), to=_severity(ticket, to) or to,
            reason=_said(ticket, "reason", reason), override=keep_text(ticket.id, override),
        ),
    )  # fmt: skip


def assign(
    ticket_id: int,
    *,
    by: AgentId,
    at: datetime,
    agent: AgentId | None = None,
    team: str | None = None,
) -> Outcome:
    """Give the ticket to an agent of the desk or to a team."""

    def make(ticket: LockedTicket, who: permissions.Standing) -> Assigned:
        if agent is not None:
            permissions.standing(agent, ticket.desk)
        if team and team not in ticket.policy.teams:
            raise NotValid(f"The SOP has no team named {team}.")
        return Assigned(
            at=instant(at), by=who.actor(), team=team or None,
            agent=str(agent) if agent is not None else None,
        )  # fmt: skip

    return act(ticket_id, by=by, at=at, may="assign", make=make)


def give_back(
    ticket_id: int, *, by: AgentId, at: datetime, agent: AgentId | None, team: str | None
) -> Outcome:
    """Undo an assignment: owner and team are again as they were, nobody where there was none."""

    def make(ticket: LockedTicket, who: permissions.Standing) -> Assigned:
        if agent is not None:
            permissions.standing(agent, ticket.desk)
        return Assigned(
            at=instant(at), by=who.actor(), team=team or "",
            agent=str(agent) if agent is not None else "",
        )  # fmt: skip

    return act(ticket_id, by=by, at=at, may="assign", make=make)


def escalate(
    ticket_id: int,
    *,
    by: AgentId,
    at: datetime,
    to: str,
    reason: str,
    form: Mapping[str, Any] | None = None,
    override: str = "",
) -> Outcome:
    """Ask to escalate; raise Refused once on record. `form` answers the SOP's hand-off form."""

    def once() -> Outcome:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "escalate", ticket.policy)
            if all(level.id != to for level in ticket.policy.levels):
                raise NotValid(f"The SOP has no level named {to}.")
            if form:
                _hand_off(ticket, who, to, form)
            fact = Escalated(
                at=instant(at),
                by=who.actor(),
                to=to,
                reason=_said(ticket, "reason", reason),
                override=keep_text(ticket.id, override),
            )
            return record(ticket, fact, by_agent=by)

    return retried(once)


def accept(ticket_id: int, *, by: AgentId, at: datetime) -> Outcome:
    """Take an escalated ticket on; pages about it fall silent."""

    def once() -> Outcome:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "accept", ticket.policy)
            outcome = record(ticket, Accepted(at=instant(at), by=who.actor()), by_agent=by)
            if outcome.refused is None:
                acknowledge_ticket(ticket.id, by=by, at=at)
                if ticket.owner != by:
                    mine = Assigned(at=instant(at), by=who.actor(), agent=str(by))
                    record(ticket, mine, by_agent=by)
        return outcome

    return retried(once)


def wait(ticket_id: int, *, by: AgentId, at: datetime, who: str) -> Outcome:
    """Say whom the ticket waits for: customer, third_party or nobody."""
    if who not in WAITS:
        raise NotValid(f"A ticket waits on one of: {', '.join(WAITS)}.")
    return act(
        ticket_id, by=by, at=at, may="wait",
        make=lambda _, me: WaitingOn(at=instant(at), by=me.actor(), who=who),
    )  # fmt: skip


def promise(ticket_id: int, *, by: AgentId, at: datetime, what: str, due: datetime) -> Outcome:
    """Write down a time the customer was told; it becomes a commitment of its own."""
    word = what.strip().lower().replace(" ", "_")
    if not WORD.fullmatch(word):
        raise NotValid("Say in one word what is promised, such as update or resolution.")
    if due <= at:
        raise NotValid("A promised time must lie ahead.")
    return act(
        ticket_id, by=by, at=at, may="promise",
        make=lambda _, who: Promised(at=instant(at), by=who.actor(), what=word, due=instant(due)),
    )  # fmt: skip


def do_step(
    ticket_id: int,
    *,
    by: AgentId,
    at: datetime,
    step: str,
    answers: Mapping[str, Any] | None = None,
) -> Outcome:
    """Do a step of the SOP, with its form as evidence."""

    def make(ticket: LockedTicket, who: permissions.Standing) -> StepDone:
        rule = next(
            (r for r in ticket.policy.rules if isinstance(r, StepRule) and r.name == step), None
        )
        if rule is None:
            raise NotValid(f"The SOP has no step named {step}.")
        return step_done(ticket, who, rule, answers or {})

    return act(ticket_id, by=by, at=at, may="step", make=make)


def fill_form(
    ticket_id: int, *, by: AgentId, at: datetime, form: str, answers: Mapping[str, Any]
) -> Outcome:
    """Send in a form of the SOP; a form with an event makes that event happen."""

    def make(ticket: LockedTicket, who: permissions.Standing) -> SopEvent:
        declared = ticket.policy.forms.get(form)
        if declared is None:
            raise NotValid(f"The SOP has no form named {form}.")
        check_form(ticket.policy, form, answers)
        StepEvidence.objects.create(
            ticket_id=ticket.id, step=form, form=form, answers=dict(answers), by_id=who.agent,
            at=at,
        )  # fmt: skip
        return SopEvent(
            at=instant(at), by=who.actor(), name=declared.event or declared.id,
            fields=form_values(ticket.policy, form, answers),
        )  # fmt: skip

    return act(ticket_id, by=by, at=at, may="step", make=make)


def attempt_failed(ticket_id: int, *, by: AgentId, at: datetime) -> Outcome:
    """Note that a try to solve it did not work."""
    return act(
        ticket_id, by=by, at=at, may="attempt",
        make=lambda _, who: AttemptFailed(at=instant(at), by=who.actor()),
    )  # fmt: skip


def flag(ticket_id: int, *, by: AgentId, at: datetime, flag: str) -> Outcome:
    """Put a flag of the SOP on the ticket."""
    word = flag.strip()
    if not WORD.fullmatch(word.lower().replace("-", "_")):
        raise NotValid("A flag is one short word.")
    return act(
        ticket_id, by=by, at=at, may="flag",
        make=lambda _, who: Flagged(at=instant(at), by=who.actor(), flag=word),
    )  # fmt: skip


def verify_identity(
    ticket_id: int, *, by: AgentId, at: datetime, method: str, passed: bool
) -> Outcome:
    """Note that somebody checked the customer's identity, and how it came out.

    The address a mail says it comes from is no check: by e-mail only a code that came back is.
    """
    if not method.strip():
        raise NotValid("Name the method by which the customer was checked.")

    def make(ticket: LockedTicket, who: permissions.Standing) -> Verified:
        if passed and kind_of(method) is WayKind.EMAIL_CODE:
            _require_code(ticket)
        return Verified(
            at=instant(at), by=who.actor(), method=_said(ticket, "method", method), passed=passed
        )

    return act(ticket_id, by=by, at=at, may="verify", make=make)


def _require_code(ticket: LockedTicket) -> None:
    came_back = IdentityCheck.objects.filter(
        ticket_id=ticket.id, customer_id=ticket.customer or 0, kind=WayKind.EMAIL_CODE,
        state="passed",
    )  # fmt: skip
    if ticket.state.facts.get("channel") == "email" and not came_back.exists():
        raise NotValid(
            "Anybody can write a sender's address. Send a code to the address on file; when it "
            "comes back, the customer is known."
        )


def _hand_off(
    ticket: LockedTicket, who: permissions.Standing, to: str, answers: Mapping[str, Any]
) -> None:
    """Do the step that the SOP wants before this escalation, with the answers as evidence."""
    rule = handoff_step(ticket.policy, {**ticket.state.facts, "to": to})
    if rule is None:
        raise NotValid("The SOP asks for no form before an escalation.")
    done = step_done(ticket, who, rule, answers)
    record(ticket, done, by_agent=who.agent)


def step_done(
    ticket: LockedTicket, who: permissions.Standing, rule: StepRule, answers: Mapping[str, Any]
) -> StepDone:
    """Return a step as done, its evidence kept."""
    fields: dict[str, Value] = {}
    if rule.form is not None:
        check_form(ticket.policy, rule.form, answers)
        fields = form_values(ticket.policy, rule.form, answers)
    evidence = StepEvidence.objects.create(
        ticket_id=ticket.id, step=rule.name, form=rule.form or "", answers=dict(answers),
        by_id=who.agent, at=ticket.at,
    )  # fmt: skip
    return StepDone(
        at=instant(ticket.at), by=who.actor(), step=rule.name, evidence=str(evidence.pk),
        fields=fields,
    )  # fmt: skip


def _said(ticket: LockedTicket, field: str, told: str) -> str:
    """Return a word the SOP's conditions know as it is; keep any other text and return its id."""
    word = told.strip()
    return word if word in known_words(ticket.policy, field) else keep_text(ticket.id, told)


def _severity(ticket: LockedTicket, severity: str | None) -> str | None:
    if not severity:
        return None
    if all(each.id != severity for each in ticket.policy.severities):
        raise NotValid(f"The SOP has no severity named {severity}.")
    return severity
