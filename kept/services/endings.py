"""How a ticket ends: resolved, confirmed, closed, reopened, merged, spam or withdrawn."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import F, Func, Value

from kept.policy import Outcome
from kept.policy.facts import (
    Absorbed,
    Actor,
    ActorKind,
    Closed,
    Confirmed,
    Fact,
    MarkedSpam,
    Merged,
    Reopened,
    Resolved,
    SurveyAnswered,
    Withdrawn,
)
from kept.policy.words import CommitmentKind, Verdict
from kept.records.instants import instant
from kept.records.models import Customer, Message, ReplyToken, Ticket
from kept.services import permissions
from kept.services.acting import act
from kept.services.errors import AgentId, NotFound, NotValid
from kept.services.journal import on_ticket, raise_if_refused, record
from kept.services.links import read_confirm_token
from kept.services.locking import LockedTicket, lock, save
from kept.services.retrying import retried
from kept.services.texts import keep_text
from kept.services.whole import whole


def resolve(ticket_id: int, *, by: AgentId, at: datetime, override: str = "") -> Outcome:
    """Say that the matter is solved; the customer is asked where the SOP wants it."""
    return act(
        ticket_id, by=by, at=at, may="resolve",
        make=lambda ticket, who: Resolved(
            at=instant(at), by=who.actor(), override=keep_text(ticket.id, override)
        ),
    )  # fmt: skip


def confirm(ticket_id: int, *, by: AgentId, at: datetime) -> Outcome:
    """Note that the customer confirmed, as told to an agent."""
    return act(
        ticket_id, by=by, at=at, may="confirm",
        make=lambda _, who: Confirmed(at=instant(at), by=who.actor()),
    )  # fmt: skip


def reopen(ticket_id: int, *, by: AgentId, at: datetime) -> Outcome:
    """Open an ended ticket again."""
    return act(
        ticket_id, by=by, at=at, may="reopen",
        make=lambda _, who: Reopened(at=instant(at), by=who.actor()),
    )  # fmt: skip


def close(ticket_id: int, *, by: AgentId, at: datetime, override: str = "") -> Outcome:
    """Close for good; gates of the SOP decide whether that may be."""
    return act(
        ticket_id, by=by, at=at, may="close",
        make=lambda ticket, who: Closed(
            at=instant(at), by=who.actor(), override=keep_text(ticket.id, override)
        ),
    )  # fmt: skip


def mark_spam(ticket_id: int, *, by: AgentId, at: datetime) -> Outcome:
    """Say that nobody is owed anything here."""
    return act(
        ticket_id, by=by, at=at, may="spam",
        make=lambda _, who: MarkedSpam(at=instant(at), by=who.actor()),
    )  # fmt: skip


def withdraw(ticket_id: int, *, by: AgentId, at: datetime, reason: str) -> Outcome:
    """Note that the customer took the matter back (`withdrawn`) or sent it twice."""
    if reason not in ("withdrawn", "duplicate"):
        raise NotValid("A ticket is withdrawn or a duplicate.")
    return act(
        ticket_id, by=by, at=at, may="close",
        make=lambda _, who: Withdrawn(at=instant(at), by=who.actor(), reason=reason),
    )  # fmt: skip


def merge(ticket_id: int, *, into: int, by: AgentId, at: datetime) -> None:
    """Merge a ticket into another of the same desk; the survivor inherits its dues (R9)."""
    if ticket_id == into:
        raise NotValid("A ticket cannot be merged into itself.")

    def once() -> None:
        with whole():
            # Two tickets are locked in the order of their numbers, so two merges cannot deadlock.
            pair = {number: lock(number, at=at) for number in sorted((ticket_id, into))}
            merged, survivor = pair[ticket_id], pair[into]
            who = permissions.standing(by, merged.desk)
            if survivor.desk != merged.desk:
                raise NotFound("There is no such ticket.")
            permissions.require(who, "merge", merged.policy)
            dues = _open_dues(merged)
            severity = merged.state.facts.get("severity")
            gone = Merged(at=instant(at), by=who.actor(), into=str(into))
            if record(merged, gone, by_agent=by).refused is None:
                _move_words(merged.id, survivor.id)
                taken = Absorbed(
                    at=instant(at), by=who.actor(), ticket=str(ticket_id), dues=dues,
                    severity=severity if isinstance(severity, str) else None,
                )  # fmt: skip
                record(survivor, taken, by_agent=by)
            save(merged)
            save(survivor)
        raise_if_refused(merged)

    retried(once)


def ticket_of_token(token: str) -> int:
    """Return the ticket of a confirmation link; raise NotFound for any other text."""
    number = token.partition("-")[0]
    rows = list(
        Ticket.objects.filter(pk=int(number)).values_list("id", "customer_id")
        if number.isascii() and number.isdigit() and len(number) < 19
        else []
    )
    known = dict(rows)
    for ticket_id, customer in rows:
        # A link that was mailed before two records became one is as good as it was.
        merged = Customer.objects.filter(merged_into_id=customer).values_list("id", flat=True)
        for person in (customer, *merged):
            if read_confirm_token(token, {**known, ticket_id: person}) is not None:
                return int(ticket_id)
    raise NotFound("This link is not valid any more.")


def confirm_by_link(token: str, *, at: datetime) -> Outcome:
    """Record the customer's own confirmation."""
    return _by_customer(token, at, lambda actor: Confirmed(at=instant(at), by=actor))


def reopen_by_link(token: str, *, at: datetime) -> Outcome:
    """Record that the customer says it is not solved."""
    return _by_customer(token, at, lambda actor: Reopened(at=instant(at), by=actor))


def answer_survey(token: str, *, at: datetime, score: int) -> Outcome:
    """Record the customer's score, 1 to 5; one answer per ticket."""
    if not 1 <= score <= 5:
        raise NotValid("A score is a whole number from 1 to 5.")
    return _by_customer(
        token, at,
        lambda actor: SurveyAnswered(
            at=instant(at), id="survey", by=actor, score=score * 1000
        ),
    )  # fmt: skip


def _by_customer(token: str, at: datetime, make: Callable[[Actor], Fact]) -> Outcome:
    ticket_id = ticket_of_token(token)

    def once() -> Outcome:
        with on_ticket(ticket_id, at=at) as ticket:
            actor = Actor(id=f"c{ticket.customer}", kind=ActorKind.CUSTOMER)
            return record(ticket, make(actor))

    return retried(once)


def _open_dues(ticket: LockedTicket) -> dict[str, int]:
    dues: dict[str, int] = {}
    for commitment in ticket.state.commitments.values():
        if commitment.kind is CommitmentKind.CLOCK and commitment.verdict is Verdict.PENDING:
            due = commitment.due_at
            if due is not None:
                dues[commitment.name] = min(due, dues.get(commitment.name, due))
    return dues


def _move_words(merged: int, survivor: int) -> None:
    """Move what was said, and remember with each where it came from."""
    for words in (Message.objects, ReplyToken.objects):
        words.filter(ticket_id=merged).update(
            ticket_id=survivor,
            came_from=Func(F("came_from"), Value(merged), function="array_append"),
        )
