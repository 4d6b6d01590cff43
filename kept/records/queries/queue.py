"""The queue: what is owed next, in three statements however many tickets are open.

Each desk's index yields its own next rows in order; the outer query merges a handful of rows
per desk. The inner queries touch index columns only, so a rare filter stays quick too.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.records.compiled import policy_by_hash
from kept.records.instants import instant
from kept.records.masks import hidden
from kept.records.queries.desks import desks_of
from kept.records.queries.views import DeskView, QueueFilter, QueuePage, QueueRow

PAGE = 50
COUNT_LIMIT = 1000
"""Counts beside the views stop here; the page says `1000+`."""
VIEWS = ("all", "mine", "unowned", "at_risk", "missed", "waiting", "resolved", "closed")
ENDED = ("resolved", "closed", "closed_unconfirmed", "merged", "spam")
_OPEN = "t.status IN ('new', 'open', 'waiting')"
_SETTLED = {
    "resolved": "t.status = 'resolved'",
    "closed": "t.status IN ('closed', 'closed_unconfirmed', 'merged', 'spam')",
}

COLUMNS = """
t.id, d.slug, t.subject, COALESCE(NULLIF(c.name, ''), (SELECT value FROM customer_address ca
  WHERE ca.customer_id = t.customer_id AND (ca.desk_id IS NULL OR ca.desk_id = t.desk_id)
  ORDER BY ca.id LIMIT 1), ''), t.status, t.severity,
t.level, t.team, a.name, t.owner_id, t.channel, t.opened_at, t.updated_at, t.next_due_at,
t.next_due_name, t.next_due_clause, t.next_due_commitment, t.next_at_risk_at, t.missed_count,
t.needs_attention, t.queue_key, t.waiting_on
"""
JOINS = """
JOIN desk d ON d.id = t.desk_id LEFT JOIN customer c ON c.id = t.customer_id
LEFT JOIN agent a ON a.id = t.owner_id
"""


def queue_page(
    agent: int,
    wanted: QueueFilter,
    *,
    at: datetime,
    cursor: str | None = None,
    limit: int = PAGE,
) -> QueuePage:
    """Return one page of an agent's queue, sorted by the next due commitment."""
    desks = desks_of(agent)
    shown = [d.id for d in desks if wanted.desk is None or d.slug == wanted.desk]
    if not shown:
        return QueuePage(rows=(), next_cursor=None, counts=dict.fromkeys(VIEWS, 0), desks=desks)
    settled = is_settled(wanted)
    if urgent := severities_first(desks, wanted):
        return _urgent_page(agent, shown, wanted, at, cursor, limit, urgent, desks)
    read = _settled_rows if settled else _rows
    rows = read(agent, shown, wanted, at, cursor, limit + 1)
    page = tuple(queue_row(row, at) for row in rows[:limit])
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    return QueuePage(
        rows=page,
        next_cursor=_place(last, settled) if last is not None else None,
        counts=_counts(agent, shown, at),
        desks=desks,
    )


def severities_first(desks: tuple[DeskView, ...], wanted: QueueFilter) -> tuple[str, ...]:
    """Return the severities, most urgent first, where an outage orders one desk's queue so."""
    if wanted.severity or is_settled(wanted):
        return ()
    shown = [desk for desk in desks if wanted.desk in (None, desk.slug)]
    if len(shown) != 1 or shown[0].outage is None or not shown[0].outage.by_severity:
        return ()
    hash_ = shown[0].policy_hash
    return tuple(each.id for each in policy_by_hash(hash_).severities) if hash_ else ()


def _urgent_page(
    agent: int, shown: list[int], wanted: QueueFilter, at: datetime, cursor: str | None,
    limit: int, severities: tuple[str, ...], desks: tuple[DeskView, ...],
) -> QueuePage:  # fmt: skip
    """Read the queue severity by severity; what nobody has classified yet comes second."""
    groups = (severities[0], "", *severities[1:])
    rank, _, place = (cursor or "").rpartition(":")
    first = int(rank) if rank.isascii() and rank.isdigit() and len(rank) < 4 else 0
    found: list[tuple[int, tuple[Any, ...]]] = []
    for number, severity in enumerate(groups):
        if number < first or len(found) > limit:
            continue
        start = place if number == first else None
        known = None if severity else severities
        only = msgspec.structs.replace(wanted, severity=severity or None)
        rows = _rows(agent, shown, only, at, start, limit + 1 - len(found), unlike=known)
        found += [(number, row) for row in rows]
    rank_of_last, last = found[limit - 1] if len(found) > limit else (0, None)
    return QueuePage(
        rows=tuple(queue_row(row, at) for _, row in found[:limit]),
        next_cursor=f"{rank_of_last}:{_place(last, False)}" if last is not None else None,
        counts=_counts(agent, shown, at),
        desks=desks,
        urgent_first=True,
    )


def is_settled(wanted: QueueFilter) -> bool:
    """Tell whether a filter asks for tickets that owe nothing more; they sort by last change."""
    return wanted.view in _SETTLED or wanted.status in ENDED


def _place(row: tuple[Any, ...], settled: bool) -> str:
    return f"{instant(row[12]) if settled else row[20]}.{row[0]}"


def read_cursor(cursor: str | None) -> tuple[int, int]:
    """Return the place after which a page begins; anything unreadable is the start."""
    key, _, number = (cursor or "").partition(".")
    if key.isascii() and key.isdigit() and number.isascii() and number.isdigit():
        place = int(key), int(number)
        if max(place) < 2**63:
            return place
    return -(2**62), 0


def queue_row(row: tuple[Any, ...], at: datetime) -> QueueRow:
    """Return a row of `COLUMNS` as the pages show it."""
    return QueueRow(
        id=row[0],
        desk=row[1],
        subject=row[2],
        customer=hidden(row[3]),
        status=row[4],
        severity=row[5],
        level=row[6],
        team=row[7],
        owner=row[8],
        owner_id=row[9],
        channel=row[10],
        opened_at=row[11],
        updated_at=row[12],
        due_at=row[13],
        due_name=row[14],
        due_clause=row[15],
        due_commitment=row[16],
        at_risk_at=row[17],
        missed=row[18],
        standing=standing(row[13], row[17], row[21], at),
        needs_attention=row[19],
    )


def standing(
    due_at: datetime | None, at_risk_at: datetime | None, waiting_on: str | None, at: datetime
) -> str:
    """Return how a ticket stands: by its next due, else by whom it waits for."""
    if due_at is None:
        return "paused" if waiting_on == "customer" else "nothing_due"
    if due_at < at:
        return "missed"
    if at_risk_at is not None and at_risk_at <= at:
        return "at_risk"
    return "on_track"


def _rows(
    agent: int, desks: list[int], wanted: QueueFilter, at: datetime, place: str | None, limit: int,
    *, unlike: tuple[str, ...] | None = None,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Read open tickets by their next due; `unlike` leaves those of these severities out."""
    key, number = read_cursor(place)
    tests, values = _tests(agent, wanted, at)
    if unlike is not None:
        tests += " AND (t.severity IS NULL OR t.severity <> ALL(%(unlike)s))"
        values["unlike"] = list(unlike)
    values |= {"desks": desks, "key": key, "number": number, "limit": limit}
    owner = "t.owner_id = %(owner)s AND" if "owner" in values else ""
    query = f"""
        SELECT {COLUMNS} FROM (
          SELECT n.id, n.queue_key FROM unnest(%(desks)s::bigint[]) AS one(desk)
          CROSS JOIN LATERAL (
            SELECT t.id, t.queue_key FROM ticket t
            WHERE {owner} t.desk_id = one.desk AND {_OPEN}
              AND (t.queue_key, t.id) > (%(key)s::bigint, %(number)s::bigint) {tests}
            ORDER BY t.queue_key, t.id LIMIT %(limit)s) n
          ORDER BY n.queue_key, n.id LIMIT %(limit)s) page
        JOIN ticket t ON t.id = page.id {JOINS}
        ORDER BY page.queue_key, page.id
    """
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _settled_rows(
    agent: int, desks: list[int], wanted: QueueFilter, at: datetime, place: str | None, limit: int
) -> list[tuple[Any, ...]]:
    """Read ended tickets, the last changed first, along the index of each desk's changes."""
    key, number = read_cursor(place)
    tests, values = _tests(agent, wanted, at)
    values |= {"desks": desks, "key": key, "number": number, "limit": limit}
    ended = _SETTLED.get(wanted.view, "TRUE")
    after = (
        "AND (t.updated_at, t.id)"
        " < (to_timestamp(0) + %(key)s * interval '1 microsecond', %(number)s::bigint)"
        if place and key >= 0
        else ""
    )
    owner = "AND t.owner_id = %(owner)s" if "owner" in values else ""
    query = f"""
        SELECT {COLUMNS} FROM (
          SELECT n.id, n.updated_at FROM unnest(%(desks)s::bigint[]) AS one(desk)
          CROSS JOIN LATERAL (
            SELECT t.id, t.updated_at FROM ticket t
            WHERE t.desk_id = one.desk AND {ended} {owner} {after} {tests}
            ORDER BY t.updated_at DESC, t.id DESC LIMIT %(limit)s) n
          ORDER BY n.updated_at DESC, n.id DESC LIMIT %(limit)s) page
        JOIN ticket t ON t.id = page.id {JOINS}
        ORDER BY t.updated_at DESC, t.id DESC
    """
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _tests(agent: int, wanted: QueueFilter, at: datetime) -> tuple[str, dict[str, Any]]:
    """Return fixed SQL for the filters that are set; values only travel as parameters."""
    tests: list[str] = []
    values: dict[str, Any] = {}
    for column in ("severity", "level", "team", "status"):
        value = getattr(wanted, column)
        if value:
            tests.append(f"t.{column} = %({column})s")
            values[column] = value
    if wanted.owner is not None or wanted.view == "mine":
        values["owner"] = agent if wanted.view == "mine" else wanted.owner
    match wanted.view:
        case "unowned":
            tests.append("t.owner_id IS NULL")
        case "missed":
            tests.append("t.queue_key < %(now)s")
            values["now"] = instant(at)
        case "at_risk":
            tests.append("t.next_at_risk_at <= %(at)s AND t.queue_key >= %(now)s")
            values |= {"at": at, "now": instant(at)}
        case "waiting":
            tests.append("t.status = 'waiting'")
    if wanted.words:
        tests.append("t.subject ILIKE %(words)s")
        pattern = wanted.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["words"] = f"%{pattern}%"
    return "".join(f" AND {test}" for test in tests), values


def _counts(agent: int, desks: list[int], at: datetime) -> dict[str, int]:
    limited = {
        "all": _OPEN,
        "mine": f"{_OPEN} AND t.owner_id = %(agent)s",
        "unowned": f"{_OPEN} AND t.owner_id IS NULL",
        "at_risk": f"{_OPEN} AND t.next_at_risk_at <= %(at)s AND t.queue_key >= %(now)s",
        "missed": f"{_OPEN} AND t.queue_key < %(now)s",
        "waiting": "t.status = 'waiting'",
        **_SETTLED,
    }
    columns = ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM ticket t WHERE t.desk_id = ANY(%(desks)s)"
        f" AND {test} LIMIT {COUNT_LIMIT}) one)"
        for test in limited.values()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}", {"desks": desks, "agent": agent, "at": at, "now": instant(at)}
        )
        return dict(zip(limited, cursor.fetchone(), strict=True))


def next_rows(desk: DeskView, *, at: datetime, limit: int) -> tuple[QueueRow, ...]:
    """Return the next dues of one desk, for the wallboard."""
    rows = _rows(0, [desk.id], QueueFilter(), at, None, limit)
    return tuple(queue_row(row, at) for row in rows)
