"""Let due timers fire: each ticket in a transaction of its own, in the order of their instants.

The fact bears the nominal instant, so a worker that comes late decides the same (R12). A ticket
whose step raises is put off with an alarm; the others go on.
"""

import logging
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction

from kept.policy.facts import ClockRanOut
from kept.policy.words import Frozen
from kept.records.instants import instant
from kept.services.alarms import clear_alarm, raise_alarm
from kept.services.children import SYSTEM
from kept.services.journal import record
from kept.services.locking import lock_if_free, save

log = logging.getLogger(__name__)
ROUNDS = 500
"""So many instants of one ticket are caught up in one transaction."""
WATCHED = timedelta(minutes=2)


class Fired(Frozen, frozen=True, kw_only=True):
    """What one tick did. `due` is how many tickets it saw; less than its limit means caught up."""

    due: int
    tickets: int
    facts: int
    put_off: int


def fire_due(*, at: datetime, limit: int = 200) -> Fired:
    """Fire the timers that are due, the oldest first; several workers share them out."""
    due = _due(at, limit)
    facts = put_off = tickets = 0
    for ticket_id in due:
        try:
            fired = fire_ticket(ticket_id, at=at)
        except OperationalError:
            raise
        except Exception:
            log.exception("ticket %s: its timer cannot fire", ticket_id)
            _put_off(ticket_id, at)
            put_off += 1
            continue
        facts += fired
        tickets += bool(fired)
    return Fired(due=len(due), tickets=tickets, facts=facts, put_off=put_off)


def fire_ticket(ticket_id: int, *, at: datetime) -> int:
    """Fire one ticket's due timers unless somebody else holds it; return how many instants."""
    now = instant(at)
    with transaction.atomic(durable=True):
        ticket = lock_if_free(ticket_id, at=at)
        if ticket is None:
            return 0
        failed_before = ticket.timer_failures
        fired = 0
        while ticket.state.next_at is not None and ticket.state.next_at <= now:
            nominal = ticket.state.next_at
            fact = ClockRanOut(
                at=nominal, by=SYSTEM, received_at=now, fired_at=now, late=now - nominal
            )
            record(ticket, fact)
            fired += 1
            if ticket.state.next_at == nominal:
                raise RuntimeError(f"ticket {ticket_id}: the timer at {nominal} does not go out")
            if fired >= ROUNDS:
                break
        save(ticket)
    if failed_before:
        clear_alarm(f"timer:{ticket_id}", at=at)
    return fired


def overdue(*, at: datetime) -> int:
    """Return how many timers are more than two minutes late: the watchdog's figure."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM ticket WHERE next_timer_at < %s LIMIT 1000) late",
            [at - WATCHED],
        )
        return int(cursor.fetchone()[0])


def watch(*, at: datetime) -> int:
    """Raise or clear the watchdog's alarm; return how many timers are late."""
    late = overdue(at=at)
    if late:
        raise_alarm("clocks:late", f"{late} timers are more than 2 minutes late.", at=at)
    else:
        clear_alarm("clocks:late", at=at)
    return late


def _due(at: datetime, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM ticket WHERE next_timer_at <= %s ORDER BY next_timer_at LIMIT %s",
            [at, limit],
        )
        return [ticket_id for (ticket_id,) in cursor.fetchall()]


def _put_off(ticket_id: int, at: datetime) -> None:
    """Try the ticket again later, at growing distance; a person is told."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE ticket SET timer_failures = timer_failures + 1,
              needs_attention = 'Its clocks cannot be worked out.',
              next_timer_at = %(at)s
                + LEAST(interval '30 seconds' * 2 ^ LEAST(timer_failures, 10), interval '1 hour')
            WHERE id = %(ticket)s RETURNING desk_id
            """,
            {"at": at, "ticket": ticket_id},
        )
        row = cursor.fetchone()
        raise_alarm(
            f"timer:{ticket_id}",
            f"The clocks of ticket {ticket_id} cannot be worked out; they are tried again.",
            at=at,
            desk=row[0] if row else None,
            ticket=ticket_id,
        )
