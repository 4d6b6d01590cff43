"""The outbox, quarantine, notification, alarm and cadence pages; only desks of the agent."""

from datetime import datetime

from django.db import connection

from kept.records.masks import hidden
from kept.records.queries.own import AT_ISSUE, MATTER
from kept.records.queries.sight import open_desks
from kept.records.queries.views import (
    AlarmView,
    CadenceView,
    NoticeView,
    OutboxRow,
    QuarantineRow,
)

PAGE = 100
_DESKS = """
(SELECT m.desk_id FROM membership m JOIN agent a ON a.id = m.agent_id
 WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL AND a.is_active)
"""


def outbox_page(
    agent: int, *, before: int | None = None, state: str | None = None, limit: int = PAGE
) -> tuple[OutboxRow, ...]:
    """Return what goes out, newest first; `before` is the last id of the page above."""
    plain = open_desks(agent).uncovered
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT o.id, d.slug, o.ticket_id, o.kind, o.recipient, o.payload->>'subject',
                   CASE WHEN o.kind = 'access' THEN '' ELSE o.payload->>'text' END,
                   o.mail_id, o.state, o.attempts, o.last_error, o.made_at,
                   o.not_before, o.sent_at, o.desk_id
            FROM outbox o JOIN desk d ON d.id = o.desk_id
            WHERE o.desk_id IN {_DESKS} AND o.id < %(before)s
              AND (%(state)s::text IS NULL OR o.state = %(state)s::text)
            ORDER BY o.id DESC LIMIT %(limit)s
            """,
            {"agent": agent, "before": before or 2**62, "state": state, "limit": limit},
        )
        return tuple(
            OutboxRow(
                id=row[0], desk=row[1], ticket=row[2], kind=row[3],
                recipient=row[4] if row[14] in plain else hidden(row[4]),
                subject=row[5] or "", text=row[6] or "", message_id=row[7], state=row[8],
                attempts=row[9], last_error=row[10], made_at=row[11], not_before=row[12],
                sent_at=row[13],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def quarantine_page(agent: int, *, limit: int = PAGE) -> tuple[QuarantineRow, ...]:
    """Return what could not be read, newest first, with the beginning of its bytes."""
    plain = open_desks(agent).granted
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id, d.slug, r.mailbox, r.received_at, octet_length(r.body), r.problem,
                   r.attempts, substring(r.body FOR 2000), r.desk_id
            FROM raw_message r JOIN desk d ON d.id = r.desk_id
            WHERE r.state = 'quarantined' AND r.desk_id IN {_DESKS}
            ORDER BY r.id DESC LIMIT %(limit)s
            """,
            {"agent": agent, "limit": limit},
        )
        return tuple(
            QuarantineRow(
                id=row[0], desk=row[1], mailbox=row[2], received_at=row[3], size=row[4],
                problem=row[5], attempts=row[6],
                first_bytes=_beginning(bytes(row[7]), is_plain=row[8] in plain),
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def raw_bytes(agent: int, raw: int) -> bytes | None:
    """Return the bytes of a raw message as they came, to who sees addresses on its desk."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.body FROM raw_message r WHERE r.id = %(raw)s AND r.desk_id = ANY(%(desks)s)",
            {"raw": raw, "desks": sorted(open_desks(agent).granted)},
        )
        row = cursor.fetchone()
    return None if row is None else bytes(row[0])


def _beginning(first: bytes, *, is_plain: bool) -> str:
    text = first.decode("utf-8", "replace").replace("\0", "\ufffd")
    return text if is_plain else hidden(text)


def notices_of(agent: int, *, limit: int = PAGE) -> tuple[NoticeView, ...]:
    """Return an agent's own notifications, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT n.id, d.slug, n.ticket_id, n.about, n.clause, n.page <> '', n.repeats, n.late,
                   n.due_at, n.at, n.seen_at, n.acknowledged_at,
                   COALESCE(t.subject, ''), {AT_ISSUE}
            FROM notification n JOIN desk d ON d.id = n.desk_id
            LEFT JOIN ticket t ON t.id = n.ticket_id
            WHERE n.agent_id = %(agent)s AND n.desk_id IN {_DESKS}
            ORDER BY n.id DESC LIMIT %(limit)s
            """,
            {"agent": agent, "limit": limit},
        )
        return tuple(
            NoticeView(
                id=row[0], desk=row[1], ticket=row[2], about=row[3], clause=row[4], page=row[5],
                repeats=row[6], late=row[7], due_at=row[8], at=row[9], seen_at=row[10],
                acknowledged_at=row[11], subject=row[12], is_at_issue=row[13],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def unseen_count(agent: int) -> int:
    """Return of how many matters not ended an agent has not seen the news; stops at 100."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT DISTINCT {MATTER} FROM notification n"
            f" WHERE n.agent_id = %(agent)s AND n.seen_at IS NULL AND n.desk_id IN {_DESKS}"
            f" AND {AT_ISSUE} LIMIT 100) one",
            {"agent": agent},
        )
        return int(cursor.fetchone()[0])


def alarms_of(agent: int) -> tuple[AlarmView, ...]:
    """Return what needs a person: alarms of the agent's desks and of the whole installation."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.id, d.slug, l.ticket_id, l.sentence, l.raised_at, l.last_at, l.times
            FROM alarm l LEFT JOIN desk d ON d.id = l.desk_id
            WHERE l.cleared_at IS NULL AND (l.desk_id IS NULL OR l.desk_id IN {_DESKS})
              AND EXISTS (SELECT 1 FROM agent WHERE id = %(agent)s AND is_active)
            ORDER BY l.last_at DESC LIMIT {PAGE}
            """,
            {"agent": agent},
        )
        return tuple(
            AlarmView(
                id=row[0], desk=row[1], ticket=row[2], sentence=row[3], raised_at=row[4],
                last_at=row[5], times=row[6],
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def cadences_of(agent: int, *, at: datetime, limit: int = PAGE) -> tuple[CadenceView, ...]:
    """Return recurring duties: the open ones by due time, then what was done."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT t.id, d.slug, t.clause, t.name, t.subject, t.role, t.form, t.period_start,
                   t.due_at, t.done_at, b.name,
                   CASE WHEN t.done_at <= t.due_at THEN 'kept' WHEN t.done_at IS NOT NULL
                   THEN 'late' WHEN t.due_at < %(at)s THEN 'missed' ELSE 'open' END
            FROM cadence_task t JOIN desk d ON d.id = t.desk_id
            LEFT JOIN agent b ON b.id = t.done_by_id
            WHERE t.desk_id IN {_DESKS}
            ORDER BY t.done_at IS NOT NULL, t.due_at, t.id LIMIT %(limit)s
            """,
            {"agent": agent, "at": at, "limit": limit},
        )
        return tuple(
            CadenceView(
                id=row[0], desk=row[1], clause=row[2], name=row[3], subject=row[4], role=row[5],
                form=row[6], period_start=row[7], due_at=row[8], done_at=row[9], done_by=row[10],
                state=row[11],
            )
            for row in cursor.fetchall()
        )  # fmt: skip
