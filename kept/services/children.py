"""Escalation tickets: a clause opens a child for a team, and the child tells its parent.

Everything happens in the transaction of the fact that caused it: the child's row, its sheet, its
link and what both journals say. The answer is facts for the journal, never a write of its own.
"""

from collections.abc import Mapping

from django.db import connection

from kept.policy.decisions import OpenChild
from kept.policy.facts import (
    Accepted,
    Actor,
    ActorKind,
    ChildEnded,
    ChildOpened,
    ChildReopened,
    Fact,
    OpenedAsChild,
)
from kept.policy.updates import ENDED, effective_at
from kept.policy.words import Status
from kept.records.instants import instant
from kept.records.models import Message, StepEvidence, TicketLink
from kept.services import mailing
from kept.services.beginning import new_row
from kept.services.filling import Filled
from kept.services.locking import LockedTicket, lock

SYSTEM = Actor(id="kept", kind=ActorKind.SYSTEM)
MERGED_AT_MOST = 10
"""So many merges in a row are followed to the ticket where a parent lives on."""

FollowUp = tuple[LockedTicket, Fact]


def open_child(parent: LockedTicket, decision: OpenChild) -> tuple[list[FollowUp], Filled]:
    """Open the child's row with its sheet and its link; return both tickets' facts."""
    filled = sheet(parent, decision.template)
    child = new_row(parent.slug, filled.subject, opened_at=parent.at, at=parent.at)
    parent.beside[child.id] = child
    Message.objects.create(
        ticket_id=child.id, kind="note", sender=parent.desk_name, template=decision.template,
        subject=filled.subject, text=filled.body, sent_at=parent.at,
    )  # fmt: skip
    TicketLink.objects.create(
        desk_id=parent.desk, ticket_id=child.id, other_id=parent.id, made_at=parent.at,
        kind=TicketLink.Kind.CHILD_OF, clause=decision.because.clause,
    )  # fmt: skip
    facts = parent.state.facts
    now = max(decision.at, parent.state.now)
    opened = OpenedAsChild(
        at=now, by=SYSTEM, parent=str(parent.id), template=decision.template,
        severity=_word(facts.get("severity")), type=_word(facts.get("type")),
        topic=_word(facts.get("topic")), team=decision.team, level=decision.level,
    )  # fmt: skip
    told = ChildOpened(
        at=now, id=f"child:{child.id}", by=SYSTEM, received_at=instant(parent.at),
        ticket=str(child.id), template=decision.template,
    )  # fmt: skip
    return [(child, opened), (parent, told)], filled


def sheet(ticket: LockedTicket, template: str) -> Filled:
    """Fill a template from what people wrote on the ticket's forms, the form's own answers last.

    The facts only say that a free text was given; the words are in the evidence.
    """
    told: dict[str, str] = {}
    rows = StepEvidence.objects.filter(ticket_id=ticket.id).order_by("pk")
    written = list(rows.values_list("form", "answers"))
    for _, answers in sorted(written, key=lambda row: row[0] == template):
        told |= _words(answers)
    return mailing.template_text(ticket, template, agent=None, given=told)


def tell_parent(child: LockedTicket, fact: Fact, before: Status) -> list[FollowUp]:
    """Return what a child's fact means for its parent: taken on, ended, or going on again."""
    after = child.state.status
    was_over, is_over = before in ENDED, after in ENDED
    takes = isinstance(fact, Accepted) and fact.by.kind is ActorKind.HUMAN
    if was_over == is_over and not takes:
        return []
    parent = _parent_of(child)
    told: Fact
    at = max(effective_at(fact), parent.state.now)
    name = f"child:{child.id}:{child.seq}"
    received_at = instant(child.at)
    number = str(child.id)
    if is_over and not was_over:
        told = ChildEnded(
            at=at, id=name, by=SYSTEM, received_at=received_at, ticket=number, how=after.value
        )
    elif was_over and not is_over:
        told = ChildReopened(at=at, id=name, by=SYSTEM, received_at=received_at, ticket=number)
    elif parent.state.memory.unaccepted:
        told = Accepted(at=at, id=name, by=fact.by, received_at=received_at)
    else:
        return []
    return [(parent, told)]


def _parent_of(child: LockedTicket) -> LockedTicket:
    """Return the parent under lock, or the ticket into which it was merged meanwhile."""
    number = int(str(child.state.facts["parent"]))
    for _ in range(MERGED_AT_MOST):
        parent = child.beside.get(number) or lock(number, at=child.at)
        child.beside[number] = parent
        into = merged_into(number) if parent.state.status is Status.MERGED else None
        if into is None:
            break
        number = into
    return parent


def merged_into(ticket: int) -> int | None:
    """Return the ticket into which one was merged last, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fact->>'into' FROM journal WHERE ticket_id = %s AND NOT refused"
            " AND fact->>'event' = 'merged' ORDER BY seq DESC LIMIT 1",
            [ticket],
        )
        row = cursor.fetchone()
    return int(row[0]) if row is not None else None


def _words(answers: Mapping[str, object]) -> dict[str, str]:
    return {
        key: "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in answers.items()
        if value not in (None, "", [])
    }


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
