"""What our own people must see: notifications, pages, and the mails about them.

A page repeats, as the policy's timers say, until one of those paged acknowledges it. Mails are
bundled per person: after downtime or in a storm each gets one mail, not hundreds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from kept.policy.words import Frozen
from kept.records.models import Agent, Notification, Outbox, Page
from kept.services import permissions
from kept.services.alarms import clear_alarm
from kept.services.errors import AgentId, NotFound
from kept.services.links import new_message_id
from kept.services.outgoing import OutgoingMail
from kept.services.rosters import Colleague

LATE = timedelta(minutes=2)
"""A timer that fires later than this was missed while the desk was down (R12)."""
SINGLE_MAILS = 3
"""So many notices at once go out one by one; more become one bundle."""
STORM_LIMIT = 10
STORM_WINDOW = timedelta(minutes=10)


class Notice(Frozen, frozen=True, kw_only=True):
    """One thing to tell several people; `cause` and the person make it unique."""

    desk: int
    ticket: int | None
    cause: str
    about: str
    clause: str
    means: tuple[str, ...]
    at: datetime
    due_at: datetime | None = None
    page: str = ""
    late: bool = False


def tell(notice: Notice, people: Sequence[Colleague]) -> None:
    """Notify each person once per cause; whoever was told already is not told again."""
    is_page = bool(notice.page)
    Notification.objects.bulk_create(
        [
            Notification(
                agent_id=person.id,
                desk_id=notice.desk,
                ticket_id=notice.ticket,
                cause=f"{notice.cause}.{person.id}"[:220],
                page=notice.page,
                means=list(notice.means),
                about=notice.about[:300],
                clause=notice.clause,
                due_at=notice.due_at,
                at=notice.at,
                late=notice.late,
                mail_wanted=is_page or "email" in notice.means,
            )
            for person in people
        ],
        ignore_conflicts=True,
    )


def page_again(ticket: int, page: str, repeat: int, *, at: datetime) -> bool:
    """Repeat a page to those who have not acknowledged; tell whether there was one to repeat."""
    rows = Notification.objects.filter(ticket_id=ticket, page=page)
    if not rows.exists():
        return False
    rows.filter(acknowledged_at=None).update(repeats=repeat, mailed_at=None, seen_at=None, at=at)
    return True


def acknowledge(notice_id: int, *, by: AgentId, at: datetime) -> None:
    """Acknowledge a notice; a page is acknowledged for everybody who got it."""
    with transaction.atomic(durable=True):
        row = Notification.objects.filter(pk=notice_id, agent_id=by).first()
        if row is None:
            raise NotFound("There is no such notification.")
        permissions.standing(by, row.desk_id)
        if row.page and row.ticket_id is not None:
            settle_pages(row.ticket_id, row.page, by=by, at=at)
        else:
            _settle(Notification.objects.filter(pk=notice_id), at)


def acknowledge_ticket(ticket: int, *, by: AgentId, at: datetime) -> None:
    """Acknowledge every page of a ticket: somebody took it on."""
    settle_pages(ticket, None, by=by, at=at)


def settle_pages(ticket: int, page: str | None, *, by: AgentId, at: datetime) -> None:
    """Let a page of a ticket, or all of them, fall silent for everybody who was called."""
    told, pages = Notification.objects.filter(ticket_id=ticket), Page.objects.filter(
        ticket_id=ticket, acknowledged_at=None)  # fmt: skip
    _settle(told.exclude(page="") if page is None else told.filter(page=page), at)
    open_pages = pages if page is None else pages.filter(key=page)
    for number in open_pages.values_list("id", flat=True):
        clear_alarm(f"page:{number}", at=at)
    open_pages.update(acknowledged_at=at, acknowledged_by_id=by, climbs_at=None)


def mark_all_seen(*, by: AgentId, at: datetime, until: datetime | None = None) -> None:
    """Note that an agent has looked through the list; pages stay until they are acknowledged."""
    rows = Notification.objects.filter(agent_id=by, seen_at=None, page="")
    (rows if until is None else rows.filter(at__lte=until)).update(seen_at=at)


def mail_notices(*, at: datetime, limit: int = 50) -> int:
    """Write mails for what is not mailed yet, one bundle per person where there is much."""
    written = 0
    for agent in _waiting_for_mail(at, limit):
        with transaction.atomic(durable=True):
            written += _mail_one(agent, at)
    return written


def _settle(rows: QuerySet[Notification], at: datetime) -> None:
    rows.filter(acknowledged_at=None).update(acknowledged_at=at, seen_at=at, mail_wanted=False)


def _waiting_for_mail(at: datetime, limit: int) -> list[int]:
    """Return people with mail to write, but none while timers are still being caught up."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT agent_id FROM notification
            WHERE mail_wanted AND mailed_at IS NULL
              AND (at < %(overdue)s
                   OR NOT EXISTS (SELECT 1 FROM ticket WHERE next_timer_at < %(late)s))
            LIMIT %(limit)s
            """,
            {"overdue": at - 3 * LATE, "late": at - LATE, "limit": limit},
        )
        return [agent for (agent,) in cursor.fetchall()]


def _mail_one(agent: int, at: datetime) -> int:
    recent = Outbox.objects.filter(
        recipient__in=Agent.objects.filter(pk=agent).values("email"),
        made_at__gt=at - STORM_WINDOW,
        kind="notice",
    ).count()
    if recent >= STORM_LIMIT:
        return 0
    rows = list(
        Notification.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(agent_id=agent, mail_wanted=True, mailed_at=None)
        .select_related("agent", "desk", "ticket")
        .order_by("id")[:500]
    )
    if not rows:
        return 0
    bundled = len(rows) > SINGLE_MAILS or (len(rows) > 1 and any(row.late for row in rows))
    groups = [rows] if bundled else [[row] for row in rows]
    for group in groups:
        _put_mail(group, at)
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=at)
    return len(groups)


def _put_mail(group: list[Notification], at: datetime) -> None:
    first = group[0]
    subject = _line(first) if len(group) == 1 else f"{len(group)} things need you"
    mail = OutgoingMail(
        to=first.agent.email,
        to_name=first.agent.name,
        from_name=first.desk.name,
        from_address=first.desk.address,
        subject=subject,
        text="\n\n".join(f"{_line(row)}\n{_where(row)}" for row in group) + "\n",
        message_id=new_message_id(),
        automatic=True,
    )
    repeats = max(row.repeats for row in group)
    Outbox.objects.bulk_create(
        [
            Outbox(
                desk_id=first.desk_id,
                ticket_id=first.ticket_id if len(group) == 1 else None,
                cause=f"notice.{first.agent_id}.{first.pk}.{group[-1].pk}.{repeats}",
                kind="notice",
                recipient=mail.to,
                payload=msgspec.to_builtins(mail),
                mail_id=mail.message_id,
                made_at=at,
                not_before=at,
            )
        ],
        ignore_conflicts=True,
    )


def _line(row: Notification) -> str:
    told = f"[{row.ticket_id}] " if row.ticket_id else ""
    marks = " (late: the desk was down)" if row.late else ""
    again = f" - reminder {row.repeats}" if row.repeats else ""
    return f"{told}{row.about}{again}{marks}"


def _where(row: Notification) -> str:
    lines = [f"Clause {row.clause} of the policy."] if row.clause else []
    if row.page and row.ticket_id:
        number = Page.objects.filter(ticket_id=row.ticket_id, key=row.page).values_list("id")
        lines += [f"Acknowledge it: {settings.KEPT_URL}/pages/{one}" for (one,) in number]
    if row.ticket_id:
        lines.append(f"{settings.KEPT_URL}/tickets/{row.ticket_id}")
    return "\n".join(lines)
