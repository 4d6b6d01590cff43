"""Profiles that nobody looked at for as long as the SOP allows: each is reviewed in its own time.

A customer's period begins when the desk began to serve them, or with the last review. Reviews
open a little ahead, a batch at a time, and are told of together: a desk has many customers.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from kept.policy.rules import CadenceRule, Target, TargetUnit
from kept.records.models import CadenceTask, CustomerDesk
from kept.services.errors import AgentId

BATCH = 500
LEAD = timedelta(days=14)
EVERYBODY = "customer"
"""What `for_each` says where every customer of the desk is meant."""
SUBJECT = "customer:"


def is_review(rule: CadenceRule) -> bool:
    """Say whether a cadence is about every customer of the desk."""
    return rule.for_each == EVERYBODY and rule.every is not None


def open_stale(desk: int, rule: CadenceRule, *, at: datetime, limit: int = BATCH) -> int:
    """Open the reviews that fall due soon and are not open yet; return how many."""
    assert rule.every is not None
    every = _interval(rule.every)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {"desk": desk, "clause": rule.because.clause, "name": rule.name, "role": rule.role,
             "form": rule.form, "every": every, "at": at, "limit": limit,
             "lead": f"{min(LEAD, _about(rule.every) / 4).total_seconds()} seconds"},
        )  # fmt: skip
        return int(cursor.rowcount)


def reviewed(task: CadenceTask, *, by: AgentId, at: datetime) -> None:
    """Note on the customer that their profile was looked at."""
    told = task.subject.removeprefix(SUBJECT)
    if task.subject.startswith(SUBJECT) and told.isdigit():
        CustomerDesk.objects.filter(customer_id=int(told), desk_id=task.desk_id).update(
            reviewed_at=at, reviewed_by=by
        )


def _about(every: Target) -> timedelta:
    match every.unit:
        case TargetUnit.YEARS:
            return timedelta(days=365 * every.amount)
        case TargetUnit.MONTHS:
            return timedelta(days=30 * every.amount)
        case TargetUnit.WORKING_DAYS:
            return timedelta(days=every.amount)
    return timedelta(microseconds=every.amount)


def _interval(every: Target) -> str:
    match every.unit:
        case TargetUnit.YEARS:
            return f"{every.amount} years"
        case TargetUnit.MONTHS:
            return f"{every.amount} months"
        case TargetUnit.WORKING_DAYS:
            return f"{every.amount} days"
    return f"{every.amount} microseconds"


_OPEN = """
INSERT INTO cadence_task (desk_id, clause, name, subject, role, form, period_start, due_at,
                          evidence)
SELECT %(desk)s, %(clause)s, %(name)s::text, 'customer:' || s.customer_id, %(role)s, %(form)s,
       COALESCE(s.reviewed_at, s.since),
       COALESCE(s.reviewed_at, s.since) + %(every)s::interval, '{}'
FROM customer_desk s JOIN customer c ON c.id = s.customer_id
WHERE s.desk_id = %(desk)s
  AND COALESCE(s.reviewed_at, s.since) <= %(at)s - %(every)s::interval + %(lead)s::interval
  AND c.erased_at IS NULL AND c.merged_into_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM cadence_task k
                  WHERE k.desk_id = s.desk_id AND k.name = %(name)s::text
                    AND k.subject = 'customer:' || s.customer_id
                    AND k.period_start = COALESCE(s.reviewed_at, s.since))
ORDER BY COALESCE(s.reviewed_at, s.since), s.id LIMIT %(limit)s
ON CONFLICT DO NOTHING
"""
