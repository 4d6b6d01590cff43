"""What tests read of a ticket: one commitment by name, the events of its journal."""

from kept.records.models import CommitmentRow, Journal


def commitment(ticket: int, name: str) -> CommitmentRow:
    """Return the newest commitment with a name."""
    return CommitmentRow.objects.filter(ticket_id=ticket, name=name).latest("id")


def events(ticket: int, *, by: int | None = None) -> list[str]:
    """Return the events of a journal in order, of one person where `by` is given."""
    rows = Journal.objects.filter(ticket_id=ticket, refused=False).order_by("seq")
    if by is not None:
        rows = rows.filter(by_agent=by)
    return [row.fact["event"] for row in rows]
