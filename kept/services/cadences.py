"""Recurring duties: each period of a cadence opens one task per desk or subject.

A period is counted in the desk's own zone: weeks begin on Monday, months on the first, other
spans count from the day the policy came into force.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from kept.policy import Policy, rights
from kept.policy.rights import MANAGER
from kept.policy.rules import CadenceRule, Target, TargetUnit
from kept.policy.titles import deed, titles
from kept.records.compiled import policy_by_hash
from kept.records.models import CadenceTask, PolicyVersion
from kept.services import notices, permissions, profile_reviews, rosters
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound
from kept.services.forms import check_form

FEW = 5
"""So many late duties of one name are told of one by one; more are told of together."""
EACH = "agent"
"""A duty of this role that comes round for each agent is everybody's own, whatever their role."""
BACK = 3
"""So many past periods are opened after a long downtime; more would be noise."""


def open_due(*, at: datetime) -> int:
    """Open every task whose period has begun; two workers open each once."""
    opened = 0
    for version in PolicyVersion.objects.filter(state="active").select_related("desk"):
        policy = policy_by_hash(version.hash)
        since = version.activated_at or at
        for rule in policy.rules:
            if isinstance(rule, CadenceRule) and profile_reviews.is_review(rule):
                opened += _open_reviews(version.desk_id, rule, at)
            elif isinstance(rule, CadenceRule) and rule.every is not None:
                opened += _open_rule(version.desk_id, policy, rule, since, at)
    return opened


def tell_missed(*, at: datetime, limit: int = 100) -> int:
    """Tell the role, once, of each task whose due has passed undone."""
    with transaction.atomic(durable=True):
        late = list(
            CadenceTask.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(done_at=None, missed_told_at=None, due_at__lt=at)
            .order_by("due_at")[:limit]
        )
        for alike in _alike(late):
            _tell(alike[0], _missed(alike), at, "missed")
            numbers = [task.pk for task in alike]
            CadenceTask.objects.filter(pk__in=numbers).update(missed_told_at=at)
    return len(late)


def do_task(
    task_id: int, *, by: AgentId, at: datetime, answers: Mapping[str, Any] | None = None
) -> None:
    """Do a recurring duty, with its form as evidence."""
    with transaction.atomic(durable=True):
        task = CadenceTask.objects.select_for_update().filter(pk=task_id).first()
        if task is None:
            raise NotFound("There is no such task.")
        who = permissions.standing(by, task.desk_id)
        version = PolicyVersion.objects.get(desk_id=task.desk_id, state="active")
        policy = policy_by_hash(version.hash)
        permissions.require(who, "step", policy)
        own = task.role == EACH and task.subject == f"agent:{by}"
        if not own and not rights.answers_for(task.role, who.roles, (who.level, *who.teams)):
            raise NotAllowed(f"This duty is for: {(task.role or MANAGER).replace('_', ' ')}.")
        if task.done_at is not None:
            raise Conflict("This task is done already.")
        given = dict(answers or {})
        if task.form is not None and task.form in policy.forms:
            check_form(policy, task.form, given)
        CadenceTask.objects.filter(pk=task_id).update(done_at=at, done_by_id=by, evidence=given)
        profile_reviews.reviewed(task, by=by, at=at)


def periods(
    every: Target, zone: str, since: datetime, at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the latest periods that have begun, oldest first, as [start, end)."""
    local = ZoneInfo(zone)
    starts = [_start(every, local, since, at, back) for back in range(BACK, -2, -1)]
    for start, end in pairwise(starts):
        if start <= at and end > since:
            yield start, end


def _open_rule(desk: int, policy: Policy, rule: CadenceRule, since: datetime, at: datetime) -> int:
    opened = 0
    assert rule.every is not None
    for start, end in periods(rule.every, policy.zone, since, at):
        due = end if rule.due is None else _after(rule.due, policy.zone, start)
        for subject in _subjects(desk, rule.for_each):
            with transaction.atomic(durable=True):
                task, made = CadenceTask.objects.get_or_create(
                    desk_id=desk,
                    name=rule.name,
                    subject=subject,
                    period_start=start,
                    defaults={
                        "clause": rule.because.clause,
                        "role": rule.role,
                        "form": rule.form,
                        "due_at": due,
                    },
                )
                if made:
                    opened += 1
                    _tell(task, f"{_named(policy, rule.name)}: it is due", at, "opened")
    return opened


def _open_reviews(desk: int, rule: CadenceRule, at: datetime) -> int:
    """Open reviews of profiles, and tell of each day's once."""
    opened = profile_reviews.open_stale(desk, rule, at=at)
    if opened:
        people = rosters.colleagues(desk, at)
        told = rosters.answering_to(rule.role or "manager", people, team=None, owner=None)
        notice = notices.Notice(
            desk=desk, ticket=None, cause=f"cadence.{desk}.{rule.name}.{at.date()}",
            about=f"{rule.title or deed(rule.name)}: customers are due",
            clause=rule.because.clause,
            means=("dashboard",), at=at, due_at=None,
        )  # fmt: skip
        notices.tell(notice, told)
    return opened


def _alike(late: list[CadenceTask]) -> list[list[CadenceTask]]:
    """Return late tasks to tell of one by one, and many of one name together."""
    names: dict[tuple[int, str], list[CadenceTask]] = {}
    for task in late:
        names.setdefault((task.desk_id, task.name), []).append(task)
    return [
        part
        for tasks in names.values()
        for part in ([tasks] if len(tasks) > FEW else [[task] for task in tasks])
    ]


def _missed(tasks: list[CadenceTask]) -> str:
    first = tasks[0]
    version = PolicyVersion.objects.filter(desk_id=first.desk_id, state="active").first()
    name = _named(policy_by_hash(version.hash), first.name) if version else deed(first.name)
    if len(tasks) > 1:
        return f"{name}: {len(tasks)} were due and are not done"
    return f"{name}: it was due and is not done"


def _named(policy: Policy, name: str) -> str:
    return deed(name, titles(policy))


def _of(task: CadenceTask) -> str:
    return f" ({task.subject.replace(':', ' ')})" if task.subject else ""


def _cause(task: CadenceTask, stage: str, *, own: bool) -> str:
    """Return what makes a notice unique; a duty about each colleague is told of once a period."""
    if own or stage == "missed" or not task.subject.startswith("agent:"):
        return f"cadence{task.pk}.{stage}"
    return f"cadence.{task.desk_id}.{task.name}.{task.period_start.date()}.{stage}"


def _tell(task: CadenceTask, words: str, at: datetime, stage: str) -> None:
    people = rosters.colleagues(task.desk_id, at)
    told = rosters.answering_to(task.role or "manager", people, team=None, owner=None)
    own = tuple(
        person
        for person in (people if task.role == EACH else told)
        if task.subject == f"agent:{person.id}"
    )
    told = own or told  # What comes round for each agent of a role is each one's own.
    notices.tell(
        notices.Notice(
            desk=task.desk_id,
            ticket=None,
            cause=_cause(task, stage, own=bool(own)),
            about=words if own or task.subject.startswith("agent:") else words + _of(task),
            clause=task.clause,
            means=("dashboard", "email"),
            at=at,
            due_at=task.due_at,
        ),
        told,
    )


def _subjects(desk: int, for_each: str | None) -> list[str]:
    """Return whom a period is opened for, as ids: agents, customers with a flag, or the desk."""
    if for_each is None:
        return [""]
    word, _, rest = for_each.partition("(")
    with connection.cursor() as cursor:
        if word == "agent":
            cursor.execute(
                "SELECT DISTINCT 'agent:' || m.agent_id FROM membership m"
                " JOIN agent a ON a.id = m.agent_id"
                " WHERE m.desk_id = %s AND m.ended_at IS NULL AND a.is_active",
                [desk],
            )
        elif word == "customer":
            cursor.execute(
                "SELECT 'customer:' || s.customer_id FROM customer_desk s"
                " JOIN customer c ON c.id = s.customer_id"
                " WHERE s.desk_id = %s AND %s = ANY(s.flags)"
                " AND c.erased_at IS NULL AND c.merged_into_id IS NULL",
                [desk, rest.rstrip(")").strip()],
            )
        else:
            return [word]
        return sorted(row[0] for row in cursor.fetchall())


def _start(every: Target, zone: ZoneInfo, since: datetime, at: datetime, back: int) -> datetime:
    """Return the start of the period `back` before the one that `at` lies in."""
    day = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    match every.unit:
        case TargetUnit.MONTHS | TargetUnit.YEARS:
            length = every.amount * (12 if every.unit is TargetUnit.YEARS else 1)
            months = day.year * 12 + day.month - 1
            first = months - months % length - back * length
            return day.replace(year=first // 12, month=first % 12 + 1, day=1).astimezone(UTC)
        case _:
            days = _days(every)
    origin = _origin(days, zone, since)
    number = (day.date() - origin.date()).days // days - back
    start = origin.replace(tzinfo=None) + timedelta(days=number * days)
    return start.replace(tzinfo=zone).astimezone(UTC)


def _origin(days: int, zone: ZoneInfo, since: datetime) -> datetime:
    day = since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday()) if days % 7 == 0 else day


def _days(every: Target) -> int:
    if every.unit is TargetUnit.WORKING_DAYS:
        return max(1, every.amount)
    return max(1, every.amount // 86_400_000_000)


def _after(target: Target, zone: str, start: datetime) -> datetime:
    if target.unit is TargetUnit.TIME:
        return start + timedelta(microseconds=target.amount)
    local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if target.unit is TargetUnit.WORKING_DAYS:
        day = local
        left = target.amount
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5
        return (day + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    months = target.amount * (12 if target.unit is TargetUnit.YEARS else 1)
    total = local.year * 12 + local.month - 1 + months
    end = local.replace(year=total // 12, month=total % 12 + 1, day=1)
    return end.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
