"""Who saw a customer's particulars; for those who may read the audit of a shared desk."""

from datetime import datetime

from django.db import connection

from kept.policy import rights
from kept.records.compiled import policy_by_hash
from kept.records.queries.sight import standings
from kept.records.queries.views import View

PAGE = 50


class PersonalReadView(View, frozen=True, kw_only=True):
    """One hour in which somebody saw them."""

    id: int
    agent: str
    ticket: int | None
    at: datetime


def reads_of(agent: int, customer: int, *, limit: int = PAGE) -> tuple[PersonalReadView, ...]:
    """Return who saw a customer's particulars, newest first: people of the desks one audits."""
    audited = [
        desk
        for desk, roles, policy_hash in standings(agent, customer=customer)
        if rights.may(policy_by_hash(policy_hash), roles, "read_audit")
    ]
    if not audited:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id, a.name, r.ticket_id, r.at FROM personal_read r
            JOIN agent a ON a.id = r.agent_id
            WHERE r.customer_id = %s
              AND EXISTS (SELECT 1 FROM membership m
                          WHERE m.agent_id = r.agent_id AND m.desk_id = ANY(%s))
            ORDER BY r.at DESC, r.id DESC LIMIT %s
            """,
            [customer, audited, limit],
        )
        return tuple(
            PersonalReadView(id=row[0], agent=row[1], ticket=row[2], at=row[3])
            for row in cursor.fetchall()
        )
