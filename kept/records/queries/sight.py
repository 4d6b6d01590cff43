"""What a person sees of customers: roles from memberships, the rest by kept/policy/rights."""

from dataclasses import dataclass

import msgspec
from django.db import connection

from kept.policy import TicketState, rights
from kept.policy.rights import NOTHING, Sight
from kept.records.compiled import policy_by_hash

_STATE = msgspec.json.Decoder(TicketState)
TICKETS = 20
"""How many of a customer's newest open tickets may open the account."""


@dataclass(frozen=True, slots=True)
class OpenDesks:
    """Desks whose customers' addresses a person may see: `granted` by role, and of these
    `uncovered` where no clause wants the customer verified first.
    """

    granted: frozenset[int]
    uncovered: frozenset[int]


def open_desks(agent: int) -> OpenDesks:
    """Return where an agent sees addresses in lists, in one statement."""
    granted, uncovered = set(), set()
    for desk, roles, policy_hash in standings(agent):
        policy = policy_by_hash(policy_hash)
        if rights.may(policy, roles, "see_contacts"):
            granted.add(desk)
            if rights.account_gate(policy, None) is None:
                uncovered.add(desk)
    return OpenDesks(frozenset(granted), frozenset(uncovered))


def customer_sight(agent: int, customer: int) -> Sight:
    """Return what an agent sees of a customer on the customer's own page.

    Each shared desk answers for itself and the best answer counts.
    """
    best = NOTHING
    for seen in desk_sights(agent, customer).values():
        best = Sight(
            contacts=best.contacts or seen.contacts,
            personal=best.personal or seen.personal,
            clause=best.clause or seen.clause,
            say=best.say or seen.say,
        )
    is_open = best.contacts or best.personal
    return best if not is_open else Sight(contacts=best.contacts, personal=best.personal)


def desk_sights(agent: int, customer: int) -> dict[int, Sight]:
    """Return what an agent sees of a customer by each desk of theirs that serves them.

    Where a clause wants the customer verified, one open ticket on which that is done opens the
    account of its desk.
    """
    found = {}
    tickets = _open_tickets(agent, customer)
    for desk, roles, policy_hash in standings(agent, customer=customer):
        policy = policy_by_hash(policy_hash)
        seen = rights.sight(policy, roles, None)
        for state in tickets.get(desk, ()) if seen.clause else ():
            now = rights.sight(policy, roles, state.facts)
            seen = seen if now.clause else now
        found[desk] = seen
    return found


def standings(agent: int, *, customer: int | None = None) -> list[tuple[int, list[str], str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.desk_id, array_agg(m.role), min(p.hash)
            FROM membership m JOIN agent a ON a.id = m.agent_id
            JOIN policy_version p ON p.desk_id = m.desk_id AND p.state = 'active'
            WHERE m.agent_id = %(agent)s AND m.ended_at IS NULL AND a.is_active
              AND (%(customer)s::bigint IS NULL
                   OR EXISTS (SELECT 1 FROM customer_desk s WHERE s.desk_id = m.desk_id
                              AND s.customer_id = %(customer)s::bigint))
            GROUP BY m.desk_id ORDER BY m.desk_id
            """,
            {"agent": agent, "customer": customer},
        )
        return list(cursor.fetchall())


def _open_tickets(agent: int, customer: int) -> dict[int, list[TicketState]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.desk_id, t.state FROM ticket t
            WHERE t.customer_id = %s AND t.status IN ('new', 'open', 'waiting', 'resolved')
              AND t.desk_id IN (SELECT m.desk_id FROM membership m
                                WHERE m.agent_id = %s AND m.ended_at IS NULL)
            ORDER BY t.id DESC LIMIT %s
            """,
            [customer, agent, TICKETS],
        )
        found: dict[int, list[TicketState]] = {}
        for desk, state in cursor.fetchall():
            found.setdefault(desk, []).append(
                _STATE.decode(bytes(state)) if state else TicketState()
            )
        return found
