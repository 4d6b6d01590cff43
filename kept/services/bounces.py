"""Delivery reports: what became of a mail of ours, noted on it and never answered.

A report is about the one recipient of one outbox row. What was told as failed stays failed.
"""

from datetime import datetime

from kept.policy.facts import DeliveryFailed
from kept.records.instants import instant
from kept.records.models import Message, Outbox
from kept.services.alarms import raise_alarm
from kept.services.incoming import IncomingMessage, Taken
from kept.services.journal import record
from kept.services.locking import lock, save
from kept.services.texts import one_line

OF_NOBODY = "A delivery report about no mail of ours."


def note(
    raw: int, desk: int, report: IncomingMessage, *, received_at: datetime, at: datetime
) -> Taken | None:
    """Note a report on the mail it is about; None where it is about no mail of ours."""
    row = Outbox.objects.filter(desk_id=desk, mail_id__in=report.bounce_of).order_by("id").first()
    if row is None:
        return None
    reason = one_line(report.bounce_reason) or "The mail did not arrive."
    if report.bounce_fate == "failed" and row.kind == "notice":
        raise_alarm(
            f"notice:{desk}",
            "A mail to one of our own people did not arrive; look at the outbox.",
            at=at, desk=desk,
        )  # fmt: skip
    if row.ticket_id is None:
        _settle(row, report.bounce_fate, reason)
        return Taken(ticket=None, created=False, message=None, problems=(reason,))
    ticket = lock(row.ticket_id, at=at)
    _settle(row, report.bounce_fate, reason)
    if report.bounce_fate == "failed":
        ticket.needs_attention = "A mail did not reach its reader."
        fact = DeliveryFailed(
            at=instant(min(received_at, at)), id=f"raw{raw}", message=str(row.message_id or "")
        )
        record(ticket, fact)
    save(ticket)
    return Taken(ticket=ticket.id, created=False, message=row.message_id, problems=(reason,))


def _settle(row: Outbox, fate: str, reason: str) -> None:
    """Write down a failure for good; delay and arrival change nothing that is known better."""
    if fate == "failed":
        Outbox.objects.filter(pk=row.pk).update(state="failed", last_error=reason)
    if row.message_id is None:
        return
    message = Message.objects.filter(pk=row.message_id)
    if fate != "failed":
        message = message.exclude(delivery__in=("failed", "delivered"))
    message.update(delivery=fate)
