"""What a watcher of the installation must see: clock lag, queue ages, the last successful poll."""

from datetime import datetime

from django.db import connection

from kept.records.queries.views import View


class DeskHealth(View, frozen=True, kw_only=True):
    """Open and overdue tickets of one desk."""

    desk: str
    open: int
    overdue: int


class MailboxHealth(View, frozen=True, kw_only=True):
    """When a mailbox last answered; None is never."""

    desk: str
    mailbox: str
    poll_age: float | None


class Health(View, frozen=True, kw_only=True):
    """Ages and lags are seconds at one instant; 0.0 where nothing waits."""

    desks: tuple[DeskHealth, ...]
    clock_lag: float
    intake: dict[str, int]
    intake_age: float
    outbox: dict[str, int]
    outbox_age: float
    mailboxes: tuple[MailboxHealth, ...]
    alarms: int


def health(at: datetime) -> Health:
    """Return the installation's figures; no personal text is among them."""
    with connection.cursor() as cursor:
        cursor.execute(_DESKS, [at])
        desks = tuple(DeskHealth(desk=r[0], open=r[1], overdue=r[2]) for r in cursor.fetchall())
        cursor.execute(_LAGS, {"at": at})
        lag, intake_age, outbox_age, alarms = cursor.fetchone()
        cursor.execute("SELECT state, count(*) FROM outbox GROUP BY state")
        outbox = {"queued": 0, "sent": 0, "failed": 0, "held": 0} | dict(cursor.fetchall())
        cursor.execute(
            "SELECT state, count(*) FROM raw_message"
            " WHERE state IN ('received', 'quarantined') GROUP BY state"
        )
        intake = {"received": 0, "quarantined": 0} | dict(cursor.fetchall())
        cursor.execute(_MAILBOXES, [at])
        boxes = tuple(
            MailboxHealth(desk=r[0], mailbox=f"{r[1]}/{r[2]}", poll_age=r[3])
            for r in cursor.fetchall()
        )
    return Health(
        desks=desks, clock_lag=lag, intake=intake, intake_age=intake_age, outbox=outbox,
        outbox_age=outbox_age, mailboxes=boxes, alarms=alarms,
    )  # fmt: skip


_DESKS = """
SELECT d.slug, count(t.id), count(t.id) FILTER (WHERE t.next_due_at < %s)
FROM desk d LEFT JOIN ticket t ON t.desk_id = d.id AND t.status IN ('new', 'open', 'waiting')
GROUP BY d.slug ORDER BY d.slug
"""
_LAGS = """
SELECT
  COALESCE((SELECT extract(epoch FROM %(at)s - min(next_timer_at)) FROM ticket
            WHERE next_timer_at < %(at)s), 0)::float,
  COALESCE((SELECT extract(epoch FROM %(at)s - min(received_at)) FROM raw_message
            WHERE state = 'received' AND received_at < %(at)s), 0)::float,
  COALESCE((SELECT extract(epoch FROM %(at)s - min(not_before)) FROM outbox
            WHERE state = 'queued' AND not_before < %(at)s), 0)::float,
  (SELECT count(*) FROM alarm WHERE cleared_at IS NULL)
"""
_MAILBOXES = """
SELECT d.slug, b.host, b.folder, extract(epoch FROM %s - b.last_poll_at)::float
FROM mailbox b JOIN desk d ON d.id = b.desk_id ORDER BY b.id
"""
