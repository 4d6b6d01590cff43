"""What must hold after every fault: each kept mail is one ticket with one receipt, books whole."""

from django.db import DatabaseError, connection

from kept.records.models import Outbox, RawMessage, Ticket
from kept.services.verify import verify
from tests.faults.running import wait_until

CATCH_UP_SECONDS = 60.0


def look(kept: list[str]) -> str:
    """Wait for the rest to be worked off, then check; return one line of figures."""
    took = wait_until(_is_quiet, "the work to be caught up", CATCH_UP_SECONDS)
    subjects = list(Ticket.objects.values_list("subject", flat=True))
    assert set(kept) <= set(subjects), f"lost: {sorted(set(kept) - set(subjects))}"
    assert len(subjects) == len(set(subjects)), "a mail became two tickets"
    mails = list(Outbox.objects.filter(kind="mail").values_list("ticket_id", "cause"))
    assert len(mails) == len(set(mails)), "a receipt was written twice"
    assert len({ticket for ticket, _ in mails}) == len(subjects), "a ticket has no receipt"
    report = verify()
    assert report.ok, [fault.what for fault in report.faults]
    return f"{len(subjects)} mails, caught up in {took:.1f} s"


def _is_quiet() -> bool:
    try:
        return not (
            RawMessage.objects.filter(state="received").exists()
            or Outbox.objects.filter(state="queued", kind="mail").exists()
        )
    except DatabaseError:
        connection.close()
        return False
