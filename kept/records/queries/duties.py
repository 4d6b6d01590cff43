"""Recurring duties: those a person's roles answer for, and one of them with its form."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.policy.rules import Form
from kept.records.compiled import policy_by_hash
from kept.records.queries.own import ANOTHERS, MY_OWN, SUBJECT
from kept.records.queries.views import CadenceView, View

PAGE = 100
_COLUMNS = f"""
k.id, d.slug, k.clause, k.name, {SUBJECT}, k.role, k.form, k.period_start, k.due_at, k.done_at,
b.name, CASE WHEN k.done_at <= k.due_at THEN 'kept' WHEN k.done_at IS NOT NULL THEN 'late'
             WHEN k.due_at < %(at)s THEN 'missed' ELSE 'open' END
"""
_FROM = """
FROM cadence_task k JOIN desk d ON d.id = k.desk_id LEFT JOIN agent b ON b.id = k.done_by_id
"""
_MINE = f"""
EXISTS (SELECT 1 FROM membership m JOIN agent a ON a.id = m.agent_id AND a.is_active
        WHERE m.agent_id = %(agent)s AND m.desk_id = k.desk_id AND m.ended_at IS NULL
          AND (%(any)s OR COALESCE(k.role, 'manager') IN (m.role, m.level, m.team)
               OR {MY_OWN}))
  AND (%(any)s OR {ANOTHERS})
"""


class DutyView(View, frozen=True, kw_only=True):
    """One duty with what its clause says and the form that proves it."""

    row: CadenceView
    desk_name: str
    zone: str
    clause_text: str
    form: Form | None
    answers: dict[str, object]
    is_mine: bool


def duties_of(
    agent: int, *, at: datetime, everyones: bool = False, limit: int = PAGE
) -> tuple[CadenceView, ...]:
    """Return open duties by due, then what was done lately; with `everyones` the whole desk's."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            (SELECT {_COLUMNS} {_FROM} WHERE k.done_at IS NULL AND {_MINE}
             ORDER BY k.due_at, k.id LIMIT %(limit)s)
            UNION ALL
            (SELECT {_COLUMNS} {_FROM} WHERE k.done_at IS NOT NULL AND {_MINE}
             ORDER BY k.done_at DESC, k.id DESC LIMIT 20)
            """,
            {"agent": agent, "at": at, "limit": limit, "any": everyones},
        )
        return tuple(_row(row) for row in cursor.fetchall())


def duty(agent: int, number: int, *, at: datetime) -> DutyView | None:
    """Return one duty of an agent's desks, None for any other."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {_COLUMNS}, d.name, d.zone, p.hash, k.evidence::text,
              {_MINE.replace("%(any)s", "FALSE")}
            {_FROM} LEFT JOIN policy_version p ON p.desk_id = d.id AND p.state = 'active'
            WHERE k.id = %(number)s AND {_MINE.replace("%(any)s", "TRUE")}
            """,
            {"agent": agent, "number": number, "at": at},
        )
        row = cursor.fetchone()
    if row is None:
        return None
    view = _row(row)
    policy = policy_by_hash(row[14]) if row[14] else None
    clause = policy.clauses.get(view.clause) if policy else None
    return DutyView(
        row=view,
        desk_name=row[12],
        zone=row[13],
        clause_text=clause.text if clause else "",
        form=policy.forms.get(view.form or "") if policy else None,
        answers=msgspec.json.decode(row[15]) if row[15] else {},
        is_mine=row[16],
    )


def _row(row: tuple[Any, ...]) -> CadenceView:
    return CadenceView(
        id=row[0], desk=row[1], clause=row[2], name=row[3], subject=row[4], role=row[5],
        form=row[6], period_start=row[7], due_at=row[8], done_at=row[9], done_by=row[10],
        state=row[11],
    )  # fmt: skip
