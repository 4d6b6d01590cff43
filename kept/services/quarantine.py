"""What a person does with bytes that could not be read: try again or put away."""

from datetime import datetime

from kept.records.models import RawMessage
from kept.services import permissions
from kept.services.alarms import clear_alarm
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, NotFound


def try_again(raw_id: int, *, by: AgentId, at: datetime) -> None:
    """Send the bytes back to the readers, as after a repair."""
    _move(raw_id, by, at, state="received", attempts=0)


def discard(raw_id: int, *, by: AgentId, at: datetime) -> None:
    """Put the bytes away for good; they stay stored."""
    _move(raw_id, by, at, state="discarded")


def _move(raw_id: int, by: AgentId, at: datetime, **columns: object) -> None:
    row = RawMessage.objects.filter(pk=raw_id, state="quarantined").first()
    if row is None:
        raise NotFound("There is no such message in the quarantine.")
    who = permissions.standing(by, row.desk_id)
    permissions.require(who, "triage", active_policy(row.desk_id))
    RawMessage.objects.filter(pk=raw_id, state="quarantined").update(**columns)
    if not RawMessage.objects.filter(desk_id=row.desk_id, state="quarantined").exists():
        clear_alarm(f"quarantine:{row.desk_id}", at=at)
