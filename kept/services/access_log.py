"""The access log: one line for each change of rights and each way in. Only ever added to."""

from datetime import datetime
from typing import Any

from kept.records.models import AccessEvent
from kept.services.errors import AgentId


def write(
    kind: str,
    *,
    by: AgentId | None,
    at: datetime,
    whom: AgentId | None = None,
    desk: int | None = None,
    **what: Any,
) -> None:
    """Write a line, in the transaction of what it tells. `what` holds ids and words only."""
    AccessEvent.objects.create(at=at, kind=kind, by_id=by, whom_id=whom, desk_id=desk, what=what)
