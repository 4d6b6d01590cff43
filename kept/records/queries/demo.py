"""What the demo's players look up, as people would: the last mail, the level, the next timer."""

from datetime import datetime

from kept.policy.state import Commitment
from kept.policy.words import Frozen, Verdict
from kept.records.models import (
    CadenceTask,
    CustomerImport,
    Desk,
    Outbox,
    PolicyVersion,
    Ticket,
    TicketLink,
)
from kept.records.models.tickets import OPEN
from kept.records.queries.tickets import decoded_state


class LastMail(Frozen, frozen=True, kw_only=True):
    """The mail a customer presses Reply on."""

    message_id: str
    address: str
    token: str


def desk_number(slug: str) -> int:
    """Return the number of a desk."""
    return int(Desk.objects.values_list("id", flat=True).get(slug=slug))


def import_mapping(run: int) -> dict[str, str]:
    """Return what an import's columns were taken to mean."""
    return dict(CustomerImport.objects.values_list("mapping", flat=True).get(pk=run))


def next_timer_at() -> datetime | None:
    """Return the earliest timer of all tickets."""
    timers = Ticket.objects.filter(next_timer_at__isnull=False)
    return timers.order_by("next_timer_at").values_list("next_timer_at", flat=True).first()


def timers_at(at: datetime) -> tuple[int, ...]:
    """Return the tickets whose next timer is at an instant."""
    found = Ticket.objects.filter(next_timer_at=at).order_by("id")
    return tuple(found.values_list("id", flat=True))


def owed(ticket: int) -> tuple[Commitment, ...]:
    """Return what the desk still owes on a ticket."""
    state = decoded_state(Ticket.objects.values_list("state", flat=True).get(pk=ticket))
    return tuple(
        each for each in state.commitments.values()
        if each.verdict is Verdict.PENDING and not each.paused_for and not each.suspended
    )  # fmt: skip


def last_mail(ticket: int) -> LastMail | None:
    """Return the last mail to the ticket's customer."""
    row = Outbox.objects.filter(ticket_id=ticket, kind="mail").order_by("-id").first()
    if row is None:
        return None
    mail = row.payload
    return LastMail(
        message_id=row.mail_id, address=mail["from_address"], token=mail.get("reply_token", "")
    )


def policy_hash(ticket: int) -> str:
    """Return the policy a ticket runs under."""
    return str(Ticket.objects.values_list("policy_hash", flat=True).get(pk=ticket))


def level(ticket: int) -> str | None:
    """Return where the ticket stands in the ladder."""
    return Ticket.objects.values_list("level", flat=True).get(pk=ticket)


def customer(ticket: int) -> int | None:
    """Return whose ticket it is."""
    return Ticket.objects.values_list("customer_id", flat=True).get(pk=ticket)


def has_owner(ticket: int) -> bool:
    """Tell whether somebody's name stands on the ticket."""
    return Ticket.objects.filter(pk=ticket, owner_id__isnull=False).exists()


def open_children(ticket: int) -> tuple[tuple[int, str | None, str], ...]:
    """Return number, team and subject of the escalation tickets that are still at work."""
    rows = TicketLink.objects.filter(other_id=ticket, kind="child_of", ended_at=None)
    rows = rows.filter(ticket__status__in=OPEN).order_by("ticket_id")
    return tuple(rows.values_list("ticket_id", "ticket__team", "ticket__subject"))


def parent(ticket: int) -> int | None:
    """Return the ticket whose clause opened this one."""
    rows = TicketLink.objects.filter(ticket_id=ticket, kind="child_of", ended_at=None)
    return rows.values_list("other_id", flat=True).first()


def ticket_count() -> int:
    """Return how many tickets there are."""
    return Ticket.objects.count()


def ticket_about(desk: str, subject: str) -> int | None:
    """Return the newest ticket of a desk with this subject."""
    found = Ticket.objects.filter(desk__slug=desk, subject=subject).order_by("-id")
    return found.values_list("id", flat=True).first()


class TaskDue(Frozen, frozen=True, kw_only=True):
    """A duty whose due has passed undone."""

    id: int
    desk: str
    name: str
    subject: str
    role: str | None
    form: str | None
    due_at: datetime
    policy_hash: str


def tasks_due(at: datetime) -> tuple[TaskDue, ...]:
    """Return the duties undone at an instant, the earliest first."""
    hashes = dict(PolicyVersion.objects.filter(state="active").values_list("desk_id", "hash"))
    rows = CadenceTask.objects.filter(done_at=None, due_at__lt=at).order_by("due_at", "id")
    return tuple(
        TaskDue(
            id=row[0], desk=row[1], name=row[2], subject=row[3], role=row[4], form=row[5],
            due_at=row[6], policy_hash=hashes[row[7]],
        )
        for row in rows.values_list(
            "id", "desk__slug", "name", "subject", "role", "form", "due_at", "desk_id"
        )
    )  # fmt: skip
