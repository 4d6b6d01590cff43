"""Several tickets as they stand, without locks: only those of the desks of whoever asks."""

from collections.abc import Sequence

from django.db import connection

from kept.policy import TicketState
from kept.policy.words import Frozen
from kept.services.errors import AgentId
from kept.services.locking import read_state


class Seen(Frozen, frozen=True, kw_only=True):
    """One ticket as the engine knows it."""

    id: int
    desk_id: int
    desk: str
    subject: str
    policy_hash: str
    state: TicketState
    owner: int | None
    team: str | None
    severity: str | None
    follows: bool


def seen_tickets(agent: AgentId, tickets: Sequence[int]) -> tuple[Seen, ...]:
    """Return the tickets in the order asked for; what is not the agent's is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id, t.desk_id, d.slug, t.subject, t.policy_hash, t.state, t.owner_id, t.team,
                   t.severity,
                   EXISTS (SELECT 1 FROM follow f WHERE f.agent_id = %(agent)s
                           AND f.ticket_id = t.id)
            FROM unnest(%(tickets)s::bigint[]) WITH ORDINALITY AS asked(id, place)
            JOIN ticket t ON t.id = asked.id JOIN desk d ON d.id = t.desk_id
            WHERE EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id
                          WHERE m.desk_id = t.desk_id AND m.agent_id = %(agent)s
                            AND m.ended_at IS NULL AND a.is_active)
            ORDER BY asked.place
            """,
            {"agent": agent, "tickets": list(dict.fromkeys(tickets))},
        )
        return tuple(
            Seen(
                id=row[0], desk_id=row[1], desk=row[2], subject=row[3], policy_hash=row[4],
                state=read_state(bytes(row[5])), owner=row[6], team=row[7], severity=row[8],
                follows=row[9],
            )
            for row in cursor.fetchall()
        )  # fmt: skip
