"""Waive a commitment or take its miss back (R5): one person asks, a second one agrees.

Asking needs a place on the desk and a reason; agreeing needs the act `waive` or `retract`. Only
the agreement is a fact, and it names both.
"""

from datetime import datetime
from typing import Literal

from kept.policy import Commitment, Outcome
from kept.policy.facts import MissRetracted, Waived
from kept.policy.words import Verdict
from kept.records.instants import instant
from kept.records.models import Lift
from kept.services import permissions
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound, NotValid
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket, lock
from kept.services.retrying import retried
from kept.services.texts import keep_text
from kept.services.whole import whole

Kind = Literal["waive", "retract"]


def ask(
    ticket_id: int, *, by: AgentId, at: datetime, kind: Kind, commitment: str, reason: str
) -> int:
    """Ask a second person to lift a commitment; return the number of the request."""

    def once() -> int:
        with whole():
            ticket = lock(ticket_id, at=at)
            permissions.standing(by, ticket.desk)
            _liftable(ticket, kind, commitment)
            waiting = Lift.objects.filter(
                ticket_id=ticket_id, commitment=commitment, kind=kind, state="asked"
            )
            if waiting.exists():
                raise Conflict("Somebody has asked for that already; it waits for an answer.")
            kept = keep_text(ticket_id, reason)
            if not kept:
                raise NotValid("Say why: the reason stays with the ticket.")
            lift = Lift.objects.create(
                ticket_id=ticket_id, commitment=commitment, kind=kind, reason=kept,
                asked_by_id=by, asked_at=at,
            )  # fmt: skip
        return lift.pk

    return retried(once)


def agree(lift_id: int, *, by: AgentId, at: datetime) -> Outcome:
    """Agree as the second person; whoever asked cannot."""

    def once() -> Outcome:
        with on_ticket(_ticket_of(lift_id), at=at) as ticket:
            lift, who = _decide(ticket, lift_id, by)
            _liftable(ticket, lift.kind, lift.commitment)
            try:
                asker = permissions.standing(lift.asked_by_id, ticket.desk)
            except NotFound:
                raise Conflict("Whoever asked is not on this desk any more.") from None
            fact = (Waived if lift.kind == "waive" else MissRetracted)(
                at=instant(at), id=f"lift:{lift.pk}", by=who.actor(), second=asker.actor(),
                commitment=lift.commitment, reason=lift.reason,
            )  # fmt: skip
            outcome = record(ticket, fact, by_agent=by)
            if outcome.refused is None:
                _close(lift_id, "agreed", by, at)
        return outcome

    return retried(once)


def decline(lift_id: int, *, by: AgentId, at: datetime) -> None:
    """Say no; the commitment stays as it is."""

    def once() -> None:
        with whole():
            ticket = lock(_ticket_of(lift_id), at=at)
            _decide(ticket, lift_id, by, may_be_own=True)
            _close(lift_id, "declined", by, at)

    retried(once)


def _decide(
    ticket: LockedTicket, lift_id: int, by: AgentId, *, may_be_own: bool = False
) -> tuple[Lift, permissions.Standing]:
    """Return the request under the ticket's lock, and who decides; raise where they may not."""
    who = permissions.standing(by, ticket.desk)
    lift = Lift.objects.get(pk=lift_id)
    is_own = lift.asked_by_id == by
    if is_own and not may_be_own:
        raise NotAllowed("A second person agrees, not the one who asked.")
    if not is_own:
        permissions.require(who, lift.kind, ticket.policy)
    if lift.state != "asked":
        raise Conflict(f"This was {lift.state} already.")
    return lift, who


def _liftable(ticket: LockedTicket, kind: str, commitment: str) -> Commitment:
    """Return the commitment; raise NotValid where there is nothing to lift."""
    found = ticket.state.commitments.get(commitment)
    if found is None:
        raise NotValid("This ticket has no such commitment.")
    if kind == "retract" and found.missed_at is None:
        raise NotValid("This commitment was not missed.")
    if kind == "waive" and found.verdict not in (Verdict.PENDING, Verdict.MISSED):
        raise NotValid(f"This commitment ended already: {found.verdict.value}.")
    return found


def _ticket_of(lift_id: int) -> int:
    ticket = Lift.objects.filter(pk=lift_id).values_list("ticket_id", flat=True).first()
    if ticket is None:
        raise NotFound("There is no such request.")
    return ticket


def _close(lift_id: int, state: str, by: AgentId, at: datetime) -> None:
    Lift.objects.filter(pk=lift_id).update(state=state, decided_by_id=by, decided_at=at)
