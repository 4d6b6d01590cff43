"""Carry out what the policy decided: mail, notices, pages, assignments, approvals.

Everything here is rows in the transaction of the fact. A row's `cause` is the journal row and
the decision's place in it, so nothing is ever carried out twice.
"""

from typing import assert_never

from kept.policy.decisions import (
    AskApproval,
    Assign,
    CloseTicket,
    Decision,
    Escalate,
    MissCommitment,
    MoveDue,
    Notify,
    OpenChild,
    OpenStep,
    OrderQueue,
    Overrule,
    PageRole,
    PauseCommitment,
    RaiseFlag,
    Refuse,
    ReopenCommitment,
    RetractMiss,
    Send,
    SetField,
    SetSeverity,
    SettleApproval,
    SettleCommitment,
    StartCommitment,
    WarnDue,
)
from kept.policy.facts import Assigned, Fact
from kept.policy.titles import deed, titles
from kept.policy.words import Because
from kept.records.instants import instant, moment, moment_or_none
from kept.records.models import ApprovalRow, Message, Outage
from kept.services import (
    assigning,
    budgets,
    children,
    filling,
    following,
    mailing,
    notices,
    paging,
    rosters,
)
from kept.services.alarms import raise_alarm
from kept.services.children import SYSTEM, FollowUp
from kept.services.locking import LockedTicket

CAUSES = {
    "created": "has arrived", "triaged": "was given its urgency", "warned": "a due time is near",
    "missed": "a due time was missed", "escalated": "was escalated",
    "severity_changed": "its urgency changed", "customer_message": "the customer wrote",
    "reopened": "was reopened", "resolved": "was resolved", "closed": "was closed",
    "confirmed": "the customer confirms it", "accepted": "was taken on",
    "attempt_failed": "an attempt failed", "survey_answered": "the customer answered the survey",
}  # fmt: skip
"""What a `notify` answers -> what its reader is told; other events speak for themselves."""
_LATE = notices.LATE


def carry_out(ticket: LockedTicket, fact: Fact, decisions: tuple[Decision, ...]) -> list[FollowUp]:
    """Do each decision's effect; return the facts that follow, such as who was assigned."""
    follow_ups: list[FollowUp] = []
    for number, decision in enumerate(decisions):
        cause = f"t{ticket.id}.{ticket.seq}.{number}"
        match decision:
            case Send():
                _send(ticket, decision, cause)
            case Notify():
                _notify(ticket, decision, cause)
            case PageRole():
                _page(ticket, decision, cause)
            case Escalate():
                _tell_level(ticket, decision, cause)
            case Assign():
                follow_ups.append((ticket, _assign(ticket, decision, cause)))
            case OpenChild():
                follow_ups += _open_child(ticket, decision, cause)
            case OrderQueue():
                Outage.objects.filter(desk=ticket.desk, ended_at=None).update(queue_by=decision.by)
            case AskApproval():
                _ask(ticket, fact, decision, cause)
            case SettleApproval():
                _settle(ticket, decision)
            case OpenStep():
                _tell_step(ticket, decision, cause)
            case (
                StartCommitment() | MoveDue() | PauseCommitment() | WarnDue() | MissCommitment()
                | SettleCommitment() | RetractMiss() | ReopenCommitment() | Refuse() | Overrule()
                | SetSeverity() | RaiseFlag() | CloseTicket() | SetField()
            ):  # fmt: skip
                pass  # The engine's state holds these; the projections show them.
            case _:
                assert_never(decision)
    following.tell_followers(ticket, fact, decisions)
    return follow_ups


def _send(ticket: LockedTicket, send: Send, cause: str) -> None:
    if send.to != "customer":
        filled = children.sheet(ticket, send.template)
        _tell(ticket, (send.to,), ("email",), filled.subject, send, cause)
        return
    filled = mailing.template_text(ticket, send.template, agent=None, given={})
    message = Message.objects.create(
        ticket_id=ticket.id,
        kind="public",
        direction="out",
        sender=ticket.desk_name,
        channel="email",
        subject=mailing.subject_of(ticket, filled.subject),
        text=filled.body,
        template=send.template,
        sent_at=ticket.at,
    )
    blanks = ", ".join(filled.open_blanks)
    hold = f"The template has blanks nothing fills: {blanks}." if blanks else ""
    mailing.mail_customer(ticket, message, cause=cause, automatic=True, hold=hold)
    _tell_of_blanks(ticket, send.template, filled)


def _open_child(ticket: LockedTicket, decision: OpenChild, cause: str) -> list[FollowUp]:
    follow_ups, filled = children.open_child(ticket, decision)
    _tell_of_blanks(ticket, decision.template, filled)
    child = follow_ups[0][0]
    about = _about(child, f"opened for ticket {ticket.id}")
    _tell(child, (decision.team,), ("dashboard",), about, decision, cause)
    return follow_ups


def _tell_of_blanks(ticket: LockedTicket, template: str, filled: filling.Filled) -> None:
    if filled.open_blanks:
        blanks = ", ".join(filled.open_blanks)
        raise_alarm(
            f"blank:{ticket.slug}:{template}",
            f"Template {template} of {ticket.slug} has open blanks: {blanks}.",
            at=ticket.at,
            desk=ticket.desk,
            ticket=ticket.id,
        )


def _notify(ticket: LockedTicket, notify: Notify, cause: str) -> None:
    about = _about(
        ticket, CAUSES.get(notify.about, notify.about.replace("_", " ")) or "by its clause"
    )
    people = tuple(who for who in notify.who if who != "customer")
    _tell(ticket, people, notify.by, about, notify, cause)
    if "customer" in notify.who:
        _write_customer(ticket, cause)


def _page(ticket: LockedTicket, page: PageRole, cause: str) -> None:
    if page.repeat and notices.page_again(ticket.id, page.page, page.repeat, at=ticket.at):
        return
    notice = _notice(
        ticket, ("page", "call", "email"), _about(ticket, "somebody must take it on"), page,
        cause, page=page.page,
    )  # fmt: skip
    every = paging.interval(ticket.policy, page.because.clause, page.role)
    if not paging.begin(notice, page.role, ticket.people(), every=every):
        raise_alarm(
            f"nobody:{ticket.slug}:{page.role}",
            f"Desk {ticket.slug} has nobody in the role {page.role} to page.",
            at=ticket.at,
            desk=ticket.desk,
        )


def _tell_level(ticket: LockedTicket, escalate: Escalate, cause: str) -> None:
    about = _about(ticket, f"escalated to {escalate.to}")
    _tell(
        ticket, (escalate.to,), ("dashboard",), about, escalate, cause,
        due=escalate.accept_by,
    )  # fmt: skip


def _tell_step(ticket: LockedTicket, step: OpenStep, cause: str) -> None:
    if step.role is not None:
        about = _about(ticket, deed(step.step, titles(ticket.policy)))
        _tell(ticket, (step.role,), ("dashboard",), about, step, cause, due=step.due_at)


def _assign(ticket: LockedTicket, assign: Assign, cause: str) -> Assigned:
    people = ticket.candidates()
    choice = assigning.choose(ticket, assign, people)
    assigning.keep(ticket, choice, why="rule")
    if choice.agent is not None:
        told = tuple(p for p in people if p.id == choice.agent)
        _tell_people(ticket, told, ("dashboard",), _about(ticket, "is yours"), assign, cause)
    return Assigned(
        at=max(assign.at, ticket.state.now),
        by=SYSTEM,
        received_at=instant(ticket.at),
        team=choice.team,
        agent=str(choice.agent) if choice.agent is not None else None,
        fields={"why_assigned": choice.reasons},
    )


def _ask(ticket: LockedTicket, fact: Fact, ask: AskApproval, cause: str) -> None:
    ApprovalRow.objects.bulk_create(
        [
            ApprovalRow(
                desk_id=ticket.desk,
                ticket_id=ticket.id,
                approval=ask.approval,
                kind=ask.kind_of,
                amount=ask.amount,
                clause=ask.because.clause,
                roles=list(ask.roles),
                requester=int(fact.by.id) if fact.by.id.isdigit() else None,
                asked_at=moment(ask.at),
                expires_at=moment_or_none(ask.expires_at),
            )
        ],
        ignore_conflicts=True,
    )
    about = _about(ticket, f"you are asked to {deed(ask.kind_of, titles(ticket.policy))}")
    _tell(ticket, ask.roles, ("dashboard", "email"), about, ask, cause, due=ask.expires_at)


def _settle(ticket: LockedTicket, settle: SettleApproval) -> None:
    ApprovalRow.objects.filter(ticket_id=ticket.id, approval=settle.approval).update(
        result=settle.result, settled_by=settle.by, settled_at=moment(settle.at)
    )


def _write_customer(ticket: LockedTicket, cause: str) -> None:
    known = filling.sources(ticket, agent=None, given={})
    known |= budgets.neutral_words(ticket, known["customer.name"])
    when = f" You will hear from us by {known['next_due']}." if known["next_due"] else ""
    message = Message.objects.create(
        ticket_id=ticket.id,
        kind="public",
        direction="out",
        sender=ticket.desk_name,
        channel="email",
        subject=mailing.subject_of(ticket, known["ticket.subject"]),
        text=f"Hello {known['customer.name']},\n\nwe are working on your request"
        f" {ticket.id}.{when}\n\n{ticket.desk_name}\n",
        sent_at=ticket.at,
    )
    mailing.mail_customer(ticket, message, cause=f"{cause}.customer", automatic=True)


def _tell(
    ticket: LockedTicket,
    who: tuple[str, ...],
    means: tuple[str, ...],
    about: str,
    decision: Decision,
    cause: str,
    *,
    due: int | None = None,
) -> None:
    everybody = ticket.people()
    team = ticket.state.facts.get("team")
    found: dict[int, rosters.Colleague] = {}
    for word in who:
        for person in rosters.answering_to(
            word, everybody, team=team if isinstance(team, str) else None, owner=ticket.owner
        ):
            found[person.id] = person
    _tell_people(ticket, tuple(found.values()), means, about, decision, cause, due=due)


def _tell_people(
    ticket: LockedTicket,
    people: tuple[rosters.Colleague, ...],
    means: tuple[str, ...],
    about: str,
    decision: Decision,
    cause: str,
    *,
    due: int | None = None,
) -> None:
    notices.tell(_notice(ticket, means, about, decision, cause, due=due), people)


def _notice(
    ticket: LockedTicket,
    means: tuple[str, ...],
    about: str,
    decision: Decision,
    cause: str,
    *,
    page: str = "",
    due: int | None = None,
) -> notices.Notice:
    because: Because = decision.because
    return notices.Notice(
        desk=ticket.desk,
        ticket=ticket.id,
        cause=cause,
        about=about,
        clause=because.clause,
        means=means,
        at=ticket.at,
        due_at=moment_or_none(due),
        page=page,
        late=moment(decision.at) < ticket.at - _LATE,
    )


def _about(ticket: LockedTicket, what: str) -> str:
    return f"Ticket {ticket.id}: {what}"
