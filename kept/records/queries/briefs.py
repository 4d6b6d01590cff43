"""A ticket in one statement: its row and what it owes. What each act through the API answers."""

from datetime import datetime

from django.db import connection

from kept.records.queries.tickets import chips, decoded_state
from kept.records.queries.views import CommitmentChip, View


class TicketBrief(View, frozen=True, kw_only=True):
    """A ticket with its commitments, without its words."""

    id: int
    desk: str
    subject: str
    customer_id: int | None
    status: str
    severity: str | None
    level: str | None
    type: str | None
    topic: str | None
    team: str | None
    owner_id: int | None
    channel: str | None
    waiting_on: str | None
    opened_at: datetime
    updated_at: datetime
    policy_hash: str
    missed: int
    commitments: tuple[CommitmentChip, ...]


def brief(agent: int, ticket: int, *, at: datetime) -> TicketBrief | None:
    """Return a ticket the agent may see, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_BRIEF, {"agent": agent, "ticket": ticket})
        row = cursor.fetchone()
    if row is None:
        return None
    return TicketBrief(
        id=row[0], desk=row[1], subject=row[2], customer_id=row[3], status=row[4],
        severity=row[5], level=row[6], type=row[7], topic=row[8], team=row[9], owner_id=row[10],
        channel=row[11], waiting_on=row[12], opened_at=row[13], updated_at=row[14],
        policy_hash=row[15], missed=row[16], commitments=chips(decoded_state(row[17]), at),
    )  # fmt: skip


_BRIEF = """
SELECT t.id, d.slug, t.subject, t.customer_id, t.status, t.severity, t.level, t.type, t.topic,
       t.team, t.owner_id, t.channel, t.waiting_on, t.opened_at, t.updated_at, t.policy_hash,
       t.missed_count, t.state
FROM ticket t JOIN desk d ON d.id = t.desk_id
WHERE t.id = %(ticket)s
  AND EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
              WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s AND m.ended_at IS NULL
                AND a.is_active)
"""
