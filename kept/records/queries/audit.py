"""The audit: sign-ins, rights, policy acts and reads of personal data in one line of time.

Each branch takes its newest rows by its own index and the page merges them. Only desks whose
audit a person may read, and only people of those desks; the rights are part of every branch.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.records.queries.desks import desks_of
from kept.records.queries.members import managed_desks
from kept.records.queries.views import View

PAGE = 100
KINDS = ("sign_in", "rights", "policy", "personal_data", "settings", "export")


class AuditFilter(View, frozen=True, kw_only=True):
    """What the page asks for; empty is everything."""

    person: int | None = None
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


class AuditLine(View, frozen=True, kw_only=True):
    """Who did what, to whom, where. `what` is a word, `detail` the rest of it."""

    at: datetime
    kind: str
    what: str
    by: str | None
    whom: str | None
    desk: str | None
    detail: dict[str, Any]
    cursor: str


class AuditPage(View, frozen=True, kw_only=True):
    lines: tuple[AuditLine, ...]
    people: tuple[tuple[int, str], ...]
    next_cursor: str | None


def audit(
    agent: int, wanted: AuditFilter, *, cursor: str = "", limit: int = PAGE
) -> AuditPage | None:
    """Return a page of the audit, newest first; None for who may read none."""
    desks = managed_desks(agent, desks_of(agent), "read_audit")
    if not desks:
        return None
    place = _read(cursor)
    asked = {
        "desks": [desk.id for desk in desks],
        "person": wanted.person,
        "kind": wanted.kind,
        "since": wanted.since,
        "until": wanted.until,
        "at": place[0] if place else None,
        "key": place[1] if place else "",
        "limit": limit + 1,
    }
    with connection.cursor() as asking:
        asking.execute(_AUDIT, asked)
        rows = asking.fetchall()
        asking.execute(_PEOPLE, asked)
        people = tuple((row[0], row[1]) for row in asking.fetchall())
    lines = tuple(
        AuditLine(
            at=row[0], kind=row[2], what=row[3], by=row[4], whom=row[5], desk=row[6],
            detail=msgspec.json.decode(row[7]) if row[7] else {},
            cursor=f"{row[0].isoformat()}~{row[1]}",
        )
        for row in rows[:limit]
    )  # fmt: skip
    more = lines[-1].cursor if len(rows) > limit else None
    return AuditPage(lines=lines, people=people, next_cursor=more)


def _read(cursor: str) -> tuple[datetime, str] | None:
    at, _, key = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, key[:40]) if moment.tzinfo else None


_WHEN = """
  AND (%(since)s::timestamptz IS NULL OR {at} >= %(since)s::timestamptz)
  AND (%(until)s::timestamptz IS NULL OR {at} < %(until)s::timestamptz)
  AND (%(at)s::timestamptz IS NULL OR ({at}, {key}) < (%(at)s::timestamptz, %(key)s::text))
ORDER BY {at} DESC, {key} DESC LIMIT %(limit)s
"""
_KIND_OF = """
CASE WHEN e.kind IN ('signed_in', 'signed_out', 'session_ended', 'sessions_ended', 'reset_asked',
                     'password_changed', 'recovery_code_used') THEN 'sign_in'
     WHEN e.kind IN ('sop_signed') THEN 'policy'
     WHEN e.kind LIKE 'exported%%' THEN 'export'
     WHEN e.kind LIKE 'provider%%' OR e.kind LIKE 'setting%%' THEN 'settings'
     ELSE 'rights' END
"""


def _key(letter: str, number: str) -> str:
    return f"'{letter}' || lpad({number}::text, 19, '0')"


_PEOPLE = """
SELECT DISTINCT a.id, a.name FROM membership m JOIN agent a ON a.id = m.agent_id
WHERE m.desk_id = ANY(%(desks)s) AND NOT a.is_program ORDER BY a.name, a.id LIMIT 500
"""
_AUDIT = f"""
WITH staff AS MATERIALIZED (
  SELECT DISTINCT m.agent_id AS id FROM membership m WHERE m.desk_id = ANY(%(desks)s)
), line AS (
  (SELECT e.at, {_key("e", "e.id")} AS key, {_KIND_OF} AS kind, e.kind AS what, e.by_id,
          e.whom_id, e.desk_id, e.what::text AS detail
   FROM access_event e
   WHERE (e.desk_id = ANY(%(desks)s)
          OR (e.desk_id IS NULL AND coalesce(e.whom_id, e.by_id) IN (SELECT id FROM staff)))
     AND (%(person)s::bigint IS NULL OR %(person)s::bigint IN (e.by_id, e.whom_id))
     AND (%(kind)s::text = '' OR {_KIND_OF} = %(kind)s::text)
   {_WHEN.format(at="e.at", key=_key("e", "e.id"))})
  UNION ALL
  (SELECT t.at, {_key("t", "t.id")}, 'sign_in', 'sign_in_' || t.result, t.agent_id,
          NULL, NULL, json_build_object('source', t.source)::text
   FROM sign_in_try t
   WHERE t.agent_id IN (SELECT id FROM staff) AND t.result <> 'right'
     AND (%(person)s::bigint IS NULL OR t.agent_id = %(person)s::bigint)
     AND %(kind)s::text IN ('', 'sign_in')
   {_WHEN.format(at="t.at", key=_key("t", "t.id"))})
  UNION ALL
  (SELECT l.at, {_key("p", "l.id")}, 'policy', 'policy_' || l.act, l.by_id, NULL, v.desk_id,
          json_build_object('version', v.version)::text
   FROM policy_log l JOIN policy_version v ON v.id = l.version_id
   WHERE v.desk_id = ANY(%(desks)s)
     AND (%(person)s::bigint IS NULL OR l.by_id = %(person)s::bigint)
     AND %(kind)s::text IN ('', 'policy')
   {_WHEN.format(at="l.at", key=_key("p", "l.id"))})
  UNION ALL
  (SELECT r.at, {_key("r", "r.id")}, 'personal_data', 'particulars_seen', r.agent_id, NULL, NULL,
          json_build_object('customer', r.customer_id, 'ticket', r.ticket_id)::text
   FROM personal_read r
   WHERE r.agent_id IN (SELECT id FROM staff)
     AND EXISTS (SELECT 1 FROM ticket k WHERE k.customer_id = r.customer_id
                 AND k.desk_id = ANY(%(desks)s))
     AND (%(person)s::bigint IS NULL OR r.agent_id = %(person)s::bigint)
     AND %(kind)s::text IN ('', 'personal_data')
   {_WHEN.format(at="r.at", key=_key("r", "r.id"))})
)
SELECT line.at, line.key, line.kind, line.what, b.name, w.name, d.name, line.detail
FROM line LEFT JOIN agent b ON b.id = line.by_id LEFT JOIN agent w ON w.id = line.whom_id
LEFT JOIN desk d ON d.id = line.desk_id
ORDER BY line.at DESC, line.key DESC LIMIT %(limit)s
"""
