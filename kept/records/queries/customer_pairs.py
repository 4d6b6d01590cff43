"""Records that look like one person, side by side, for somebody of their desks to judge."""

from datetime import datetime

from django.db import connection

from kept.records.queries.customer_page import CustomerPageView, customer_page
from kept.records.queries.desks import desks_of
from kept.records.queries.views import View

PAGE = 20


class PairView(View, frozen=True, kw_only=True):
    """Two records, and why they look alike; `tickets` counts those of the reader's desks."""

    one: CustomerPageView
    other: CustomerPageView
    tickets: tuple[int, int]
    reason: str
    found_at: datetime | None


def pairs_to_judge(agent: int, *, at: datetime, limit: int = PAGE) -> tuple[PairView, ...]:
    """Return pairs of the reader's desks that nobody judged yet, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [[desk.id for desk in desks_of(agent)]] * 2 + [limit])
        rows = cursor.fetchall()
    pairs = (pair_of(agent, one, other, at=at, reason=why, found_at=found)
             for one, other, why, found in rows)  # fmt: skip
    return tuple(pair for pair in pairs if pair is not None)


def pair_of(
    agent: int,
    one: int,
    other: int,
    *,
    at: datetime,
    reason: str = "",
    found_at: datetime | None = None,
) -> PairView | None:
    """Return two records side by side, or None where the reader may not see both."""
    left, right = customer_page(agent, one, at=at), customer_page(agent, other, at=at)
    if left is None or right is None or one == other:
        return None
    if left.merged_into is not None or right.merged_into is not None:
        return None
    return PairView(
        one=left, other=right, tickets=(_tickets(agent, one), _tickets(agent, other)),
        reason=reason, found_at=found_at,
    )  # fmt: skip


def _tickets(agent: int, customer: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ticket WHERE customer_id = %s AND desk_id = ANY(%s)",
            [customer, [desk.id for desk in desks_of(agent)]],
        )
        return int(cursor.fetchone()[0])


_PAIRS = """
SELECT p.one_id, p.other_id, p.reason, p.found_at FROM customer_pair p
JOIN customer a ON a.id = p.one_id AND a.merged_into_id IS NULL AND a.erased_at IS NULL
JOIN customer b ON b.id = p.other_id AND b.merged_into_id IS NULL AND b.erased_at IS NULL
WHERE p.parted_at IS NULL
  AND EXISTS (SELECT 1 FROM customer_desk s
              WHERE s.customer_id = p.one_id AND s.desk_id = ANY(%s))
  AND EXISTS (SELECT 1 FROM customer_desk s
              WHERE s.customer_id = p.other_id AND s.desk_id = ANY(%s))
ORDER BY p.id DESC LIMIT %s
"""
