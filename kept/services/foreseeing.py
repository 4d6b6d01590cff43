"""What would happen if: an act tried on a copy of the ticket by the engine itself.

Nothing is kept, sent or journaled. What a form would ask for (a listed reason, a hand-off) is
taken as given, and told as such, so that one sees what comes after it.
"""

from datetime import datetime

import msgspec

from kept.policy import Outcome, TicketState, advance, what_if
from kept.policy.decisions import (
    Assign,
    CloseTicket,
    Decision,
    Escalate,
    Notify,
    OpenStep,
    PageRole,
    Refuse,
    Send,
    SetSeverity,
)
from kept.policy.facts import Actor, Closed, Escalated, Fact, Resolved, SeverityChanged, WaitingOn
from kept.policy.facts import StepDone as Step
from kept.policy.vocabulary import accepted_reasons, handoff_step
from kept.policy.words import Enforce, Frozen, Verdict
from kept.records.instants import instant, moment_or_none
from kept.services import permissions
from kept.services.errors import AgentId, NotValid
from kept.services.locking import LockedTicket, look

ACTS = ("severity", "escalate", "wait", "resolve", "close")
TOLD = (Send, Notify, PageRole, Escalate, Assign, SetSeverity, OpenStep, CloseTicket)
ASSUMED = "foreseen"


class Move(Frozen, frozen=True, kw_only=True):
    """One commitment before and after. `ends` is its verdict where the act ends it."""

    name: str
    clause: str
    before: datetime | None
    after: datetime | None
    begins: bool = False
    ends: str = ""


class Foresight(Frozen, frozen=True, kw_only=True):
    """What an act would lead to. With `refused` the rest is what a reason would let pass."""

    refused: Refuse | None
    passes_with_reason: bool
    assumed: tuple[str, ...]
    """What was taken as given: `reason`, or the name of a step."""
    moves: tuple[Move, ...]
    effects: tuple[Decision, ...]


def foresee(ticket_id: int, *, by: AgentId, at: datetime, act: str, to: str = "") -> Foresight:
    """Try one of ACTS on a ticket that `by` may see."""
    ticket = look(ticket_id, at=at)
    who = permissions.standing(by, ticket.desk)
    now = advance(ticket.policy, ticket.state, max(instant(at), ticket.state.now)).state
    assumed, facts = _facts(ticket, now, who.actor(), act, to)
    state, effects = now, list[Decision]()
    refused = None
    for fact in facts:
        outcome = what_if(ticket.policy, state, fact)
        if outcome.refused is not None:
            refused = refused or outcome.refused
            if outcome.refused.enforce is not Enforce.REQUIRE:
                return _nothing(outcome.refused, assumed)
            outcome = what_if(
                ticket.policy, state, msgspec.structs.replace(fact, override=ASSUMED)
            )
            if outcome.refused is not None:
                return _nothing(outcome.refused, assumed)
        effects += _told(outcome)
        state = outcome.state
    return Foresight(
        refused=refused, passes_with_reason=refused is not None, assumed=assumed,
        moves=_moves(now, state), effects=tuple(effects),
    )  # fmt: skip


def _facts(
    ticket: LockedTicket, state: TicketState, actor: Actor, act: str, to: str
) -> tuple[tuple[str, ...], tuple[Fact, ...]]:
    at = state.now
    match act:
        case "severity":
            if all(one.id != to for one in ticket.policy.severities):
                raise NotValid("The SOP has no such severity.")
            reason = _reason(ticket, "severity_changed", state, to)
            return (
                ("reason",) if reason else (),
                (SeverityChanged(at=at, by=actor, to=to, reason=reason or ASSUMED),),
            )
        case "escalate":
            return _escalation(ticket, state, actor, to)
        case "wait":
            return (), (WaitingOn(at=at, by=actor, who="customer"),)
        case "resolve":
            return (), (Resolved(at=at, by=actor),)
        case "close":
            return (), (Closed(at=at, by=actor),)
    raise NotValid("Nothing can be foreseen of that.")


def _escalation(
    ticket: LockedTicket, state: TicketState, actor: Actor, to: str
) -> tuple[tuple[str, ...], tuple[Fact, ...]]:
    if all(one.id != to for one in ticket.policy.levels):
        raise NotValid("The SOP has no such level.")
    step = handoff_step(ticket.policy, {**state.facts, "to": to})
    reason = _reason(ticket, "escalated", state, to)
    before = (Step(at=state.now, by=actor, step=step.name),) if step else ()
    assumed = (*(("reason",) if reason else ()), *((step.name,) if step else ()))
    return assumed, (*before, Escalated(at=state.now, by=actor, to=to, reason=reason or ASSUMED))


def _reason(ticket: LockedTicket, event: str, state: TicketState, to: str) -> str:
    return next(iter(accepted_reasons(ticket.policy, event, {**state.facts, "to": to})), "")


def _moves(before: TicketState, after: TicketState) -> tuple[Move, ...]:
    moves = []
    for key, now in after.commitments.items():
        was = before.commitments.get(key)
        ended = now.settled_at is not None and (was is None or was.settled_at is None)
        paused = bool(now.paused_for) and not (was and was.paused_for)
        if was is not None and not ended and not paused and was.due_at == now.due_at:
            continue
        if was is None and ended:
            continue  # it would begin and end in the same breath
        moves.append(
            Move(
                name=now.name, clause=now.because.clause, begins=was is None,
                before=moment_or_none(was.due_at) if was else None,
                after=moment_or_none(now.due_at),
                ends=_ending(now.verdict, now.reason) if ended else "paused" if paused else "",
            )
        )  # fmt: skip
    return tuple(moves)


def _ending(verdict: Verdict, reason: str) -> str:
    return f"{verdict.value}: {reason}" if reason else str(verdict.value)


def _told(outcome: Outcome) -> list[Decision]:
    return [each for each in outcome.decisions if isinstance(each, TOLD)]


def _nothing(refused: Refuse, assumed: tuple[str, ...]) -> Foresight:
    return Foresight(
        refused=refused, passes_with_reason=False, assumed=assumed, moves=(), effects=()
    )
