"""Find records that look like one person: a worker holds a few customers against the others.

A pair is a suggestion; only a person merges. Whoever says "two people" is not asked again.
"""

from datetime import datetime

from django.db import connection, transaction

from kept.records.models import Customer, CustomerPair
from kept.services import serving
from kept.services.errors import AgentId, NotFound

BATCH = 50
MOST_ALIKE = 10
"""So many look-alikes of one record are noted; a name shared by more says nothing."""
ELSEWHERE = "These customers are also served by another desk. Somebody of that desk has to look."


def compare_some(*, at: datetime, limit: int = BATCH) -> int:
    """Hold the next customers against the others; two workers take different ones."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_NEXT, [limit])
        numbers = [row[0] for row in cursor.fetchall()]
        if numbers:
            cursor.execute(_PAIRS, {"numbers": numbers, "at": at, "most": MOST_ALIKE})
            cursor.execute(
                "UPDATE customer SET compared_at = %s WHERE id = ANY(%s)", [at, numbers]
            )
    return len(numbers)


def compare_again(customer: int) -> None:
    """Let a changed record be compared anew."""
    Customer.objects.filter(pk=customer).update(compared_at=None)


def part(one: int, other: int, *, by: AgentId, at: datetime) -> None:
    """Say that two records are two people."""
    first, second = sorted((one, other))
    with transaction.atomic(durable=True):
        serving.require_everywhere((first, second), "merge_customers", by=by, otherwise=ELSEWHERE)
        done = CustomerPair.objects.filter(one_id=first, other_id=second, parted_at=None).update(
            parted_by=by, parted_at=at
        )
    if not done:
        raise NotFound("There is no such pair.")


_NEXT = """
SELECT id FROM customer WHERE compared_at IS NULL ORDER BY id LIMIT %s
FOR NO KEY UPDATE SKIP LOCKED
"""
# Each branch has its index; all look only among people whom some desk serves as well.
_PAIRS = """
WITH me AS MATERIALIZED (
  SELECT c.id, c.name, plain_words(c.name) AS words FROM customer c
  WHERE c.id = ANY(%(numbers)s) AND c.merged_into_id IS NULL AND c.erased_at IS NULL
), alike AS (
  SELECT me.id AS mine, b.customer_id AS other, 1 AS rank, 'number' AS reason
  FROM me JOIN customer_address a ON a.customer_id = me.id
  JOIN customer_address b ON b.value = a.value AND b.id <> a.id
                         AND b.kind IN ('phone', 'whatsapp')
                         AND (a.desk_id IS NULL OR b.desk_id IS NULL OR a.desk_id = b.desk_id)
  WHERE a.kind IN ('phone', 'whatsapp')
  UNION ALL
  SELECT me.id, b.customer_id, 2, 'mailbox'
  FROM me JOIN customer_address a ON a.customer_id = me.id AND a.kind = 'email'
  JOIN customer_address b ON b.kind = 'email'
   AND (a.desk_id IS NULL OR b.desk_id IS NULL OR a.desk_id = b.desk_id)
   AND regexp_replace(b.value, '\\+[^@]*@', '@') = regexp_replace(a.value, '\\+[^@]*@', '@')
  UNION ALL
  SELECT me.id, n.customer_id, 3, 'organisation'
  FROM me JOIN organisation_member m ON m.customer_id = me.id AND m.ended_at IS NULL
  JOIN organisation_member n ON n.organisation_id = m.organisation_id AND n.ended_at IS NULL
  JOIN customer c ON c.id = n.customer_id
  WHERE similarity(plain_words(c.name), me.words) >= 0.5
  UNION ALL
  (SELECT me.id, s.id, 4, 'name'
   FROM me JOIN LATERAL (
     SELECT c.id FROM customer c WHERE plain_words(c.name) = me.words AND c.id <> me.id
     LIMIT %(most)s + 1) s ON true
   WHERE me.words LIKE '_%% _%%' AND length(me.words) >= 7)
), best AS (
  SELECT least(mine, other) AS one, greatest(mine, other) AS other,
         (array_agg(reason ORDER BY rank))[1] AS reason, min(rank) AS rank
  FROM alike JOIN customer c ON c.id = alike.other
  WHERE mine <> alike.other AND c.merged_into_id IS NULL AND c.erased_at IS NULL
    AND EXISTS (SELECT 1 FROM customer_desk x JOIN customer_desk y ON y.desk_id = x.desk_id
                WHERE x.customer_id = mine AND y.customer_id = alike.other)
  GROUP BY 1, 2
)
INSERT INTO customer_pair (one_id, other_id, reason, found_at)
SELECT one, other, reason, %(at)s FROM best ORDER BY one, other
ON CONFLICT (one_id, other_id) DO UPDATE SET reason = excluded.reason
  WHERE customer_pair.parted_at IS NULL AND customer_pair.reason <> excluded.reason
"""
