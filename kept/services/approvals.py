"""Ask, approve, reject, pay. Who may decide and whether duties are split is the policy's word."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.db.models import Sum

from kept.policy import Outcome
from kept.policy.facts import ApprovalAsked, Approved, Paid, Rejected
from kept.policy.rules import ApprovalRule
from kept.records.instants import instant
from kept.records.models import Payment
from kept.services import permissions
from kept.services.acting import act
from kept.services.errors import AgentId, NotValid
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket
from kept.services.retrying import retried

MOST = 10**12
"""Minor units; more than this is a slip of the hand."""


def amount_of(written: str) -> int:
    """Return minor units of an amount as people write it; raise NotValid for anything else."""
    try:
        amount = Decimal(written.strip().replace(",", "")) * 100
    except InvalidOperation:
        raise NotValid("Write the amount as 150 or 150.00.") from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise NotValid("An amount has at most two decimals.")
    if not 0 < amount <= MOST:
        raise NotValid("An amount is more than zero and not absurd.")
    return int(amount)


def ask(
    ticket_id: int, *, by: AgentId, at: datetime, kind: str, amount: int, payee: str = ""
) -> Outcome:
    """Ask for an approval; `payee` is an id, never a name."""
    return act(
        ticket_id, by=by, at=at, may="ask_approval",
        make=lambda ticket, who: ApprovalAsked(
            at=instant(at), by=who.actor(), kind=_kind(ticket, kind), amount=amount,
            requester=str(by), payee=payee, spent_before=spent_before(ticket, at),
        ),
    )  # fmt: skip


def approve(ticket_id: int, *, by: AgentId, at: datetime, kind: str) -> Outcome:
    """Approve what was asked for."""
    return act(
        ticket_id, by=by, at=at, may="approve",
        make=lambda ticket, who: Approved(
            at=instant(at), by=who.actor(), kind=_kind(ticket, kind)
        ),
    )  # fmt: skip


def reject(ticket_id: int, *, by: AgentId, at: datetime, kind: str) -> Outcome:
    """Reject what was asked for."""
    return act(
        ticket_id, by=by, at=at, may="approve",
        make=lambda ticket, who: Rejected(
            at=instant(at), by=who.actor(), kind=_kind(ticket, kind)
        ),
    )  # fmt: skip


def pay(
    ticket_id: int, *, by: AgentId, at: datetime, kind: str, amount: int, payee: str = "",
    key: str = "",
) -> Outcome:  # fmt: skip
    """Record a payment; without the approval the SOP demands it is refused."""

    def once() -> Outcome:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "pay", ticket.policy)
            fact = Paid(
                at=instant(at), id=f"pay:{by}:{key}" if key else "", by=who.actor(),
                kind=_kind(ticket, kind), amount=amount, payee=payee,
            )  # fmt: skip
            before = ticket.seq
            outcome = record(ticket, fact, by_agent=by)
            if outcome.refused is None and ticket.seq > before:
                Payment.objects.create(
                    desk_id=ticket.desk, ticket_id=ticket.id, customer_id=ticket.customer,
                    kind=fact.kind, amount=amount, by_id=by, at=at,
                )  # fmt: skip
        return outcome

    return retried(once)


def spent_before(ticket: LockedTicket, at: datetime) -> dict[str, int]:
    """Return what the customer received before, for each period some approval rule sums over."""
    periods = {
        period
        for rule in ticket.policy.rules
        if isinstance(rule, ApprovalRule)
        for scope, period in rule.sum_over
        if scope == "customer"
    }
    spent: dict[str, int] = {}
    if ticket.customer is None:
        return dict.fromkeys(sorted(periods), 0)
    for period in sorted(periods):
        paid = Payment.objects.filter(desk_id=ticket.desk, customer_id=ticket.customer)
        paid = paid.exclude(ticket_id=ticket.id)
        if period.endswith("d") and period[:-1].isdigit():
            paid = paid.filter(at__gt=at - timedelta(days=int(period[:-1])))
        spent[period] = paid.aggregate(sum=Sum("amount"))["sum"] or 0
    return spent


def _kind(ticket: LockedTicket, kind: str) -> str:
    kinds = {rule.name for rule in ticket.policy.rules if isinstance(rule, ApprovalRule)}
    if kinds and kind not in kinds:
        raise NotValid(f"The SOP knows approvals of: {', '.join(sorted(kinds))}.")
    return kind
