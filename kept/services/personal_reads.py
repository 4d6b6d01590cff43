"""The access log of personal data: whoever is handed uncovered particulars is on record.

Called by each adapter that hands them out, after the query said they are uncovered. A row per
person, customer and hour says enough, and reading a page twice writes nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from kept.services.errors import AgentId


def note(
    by: AgentId, customers: Sequence[int], *, at: datetime, ticket: int | None = None
) -> None:
    """Put on record that an agent saw these customers' particulars uncovered."""
    if not customers:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO personal_read (agent_id, customer_id, ticket_id, hour, at)
            SELECT %(by)s, c, %(ticket)s::bigint, date_trunc('hour', %(at)s::timestamptz), %(at)s
            FROM unnest(%(customers)s::bigint[]) c ORDER BY c
            ON CONFLICT (customer_id, agent_id, hour) DO NOTHING
            """,
            {"by": by, "customers": sorted(set(customers)), "ticket": ticket, "at": at},
        )
