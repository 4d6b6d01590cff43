"""Every ticket's outside facts in order, as events: what `kept export history` writes.

Facts that the clock made are left out; replaying the events makes them again. Read in pages, so
that a desk of any size goes through a small memory.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.db import connection

from kept.policy.facts import ClockRanOut, Fact
from kept.policy.wire import fact_to_wire, line_of
from kept.records.compiled import policy_by_hash

PAGE = 1000
_FACT: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def history(desk: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield each event with its desk, ticket, number and the policy it was judged by."""
    last = (0, 0)
    while rows := _page(desk, last):
        for slug, ticket, seq, fact, refused, policy_hash in rows:
            last = (ticket, seq)
            told: Fact = _FACT.decode(fact)
            if isinstance(told, ClockRanOut):
                continue
            event = fact_to_wire(policy_by_hash(policy_hash), told)
            about = {
                "desk": slug,
                "ticket": ticket,
                "seq": seq,
                "policy": policy_hash,
                "refused": refused,
            }
            yield line_of(about, event)


def _page(desk: str | None, last: tuple[int, int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.slug, j.ticket_id, j.seq, j.fact::text, j.refused, j.policy_hash
            FROM journal j JOIN desk d ON d.id = j.desk_id
            WHERE (j.ticket_id, j.seq) > (%(ticket)s, %(seq)s)
              AND (%(desk)s::text IS NULL OR d.slug = %(desk)s)
            ORDER BY j.ticket_id, j.seq LIMIT %(page)s
            """,
            {"ticket": last[0], "seq": last[1], "desk": desk, "page": PAGE},
        )
        return list(cursor.fetchall())
