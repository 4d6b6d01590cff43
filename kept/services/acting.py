"""The shape of most verbs: lock, ask for the right, record one fact, raise what was refused."""

from collections.abc import Callable
from datetime import datetime

from kept.policy import Outcome
from kept.policy.facts import Fact
from kept.services import permissions
from kept.services.errors import AgentId
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket
from kept.services.permissions import Standing
from kept.services.retrying import retried

MakeFact = Callable[[LockedTicket, Standing], Fact]


def act(ticket_id: int, *, by: AgentId, at: datetime, may: str, make: MakeFact) -> Outcome:
    """Record the fact that `make` answers, by an agent whose role includes `may`."""

    def once() -> Outcome:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, may, ticket.policy)
            return record(ticket, make(ticket, who), by_agent=by)

    return retried(once)
