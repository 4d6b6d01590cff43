"""The queue: what is owed next, in four statements however many tickets are open.

Each desk's index yields its own next rows in order; the outer query merges a handful of rows
per desk. The inner queries touch index columns only, so a rare filter stays quick too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.records.compiled import policy_by_hash
from kept.records.instants import instant
from kept.records.masks import hidden
from kept.records.queries.desks import desks_of
from kept.records.queries.filters import VIEWS
from kept.records.queries.narrowing import Part, is_settled, parts
from kept.records.queries.own import Counting, own
from kept.records.queries.views import (
    DeskView,
    OwedRow,
    QueueFilter,
    QueuePage,
    QueueRow,
)

PAGE = 50
COUNT_LIMIT = 1000
"""Counts beside the views stop here; the page says `1000+`."""

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


@dataclass(frozen=True, slots=True)
class Order:
    """How a page is sorted: the column, as the number a cursor holds, and the direction."""

    column: str
    cursor: str
    place: int
    """Where the column stands in COLUMNS."""
    down: bool = False

    def by(self, key: str, number: str) -> str:
        way = " DESC" if self.down else ""
        return f"{key}{way}, {number}{way}"


_INSTANT = "to_timestamp(0) + %(key)s * interval '1 microsecond'"
ORDERS = {
    "due": Order("t.queue_key", "%(key)s::bigint", 20),
    "opened": Order("t.opened_at", _INSTANT, 11),
    "updated": Order("t.updated_at", _INSTANT, 12, down=True),
}


def order_of(wanted: QueueFilter) -> Order:
    """Return how a filter's tickets are sorted; what owes nothing sorts by its last change."""
    return ORDERS["updated" if is_settled(wanted) else wanted.order]


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
    asked = set((wanted.desk or "").split(",")) - {""}
    shown = [d.id for d in desks if not asked or d.slug in asked]
    if not shown:
        return QueuePage(rows=(), next_cursor=None, counts=dict.fromkeys(VIEWS, 0), desks=desks)
    zone = next((d.zone for d in desks if asked == {d.slug}), "UTC")
    mine = own(agent, shown, counting(agent, shown, dict.fromkeys(VIEWS), at=at), at=at)
    urgent = severities_first(desks, wanted)
    if urgent:
        rows, place = _urgent_rows(agent, shown, wanted, at, cursor, limit + 1, urgent, zone)
    else:
        rows = rows_of(agent, shown, wanted, at, cursor, limit + 1, zone=zone)
        place = _place(rows[limit - 1], order_of(wanted)) if len(rows) > limit else None
    page = tuple(queue_row(row, at) for row in rows[:limit])
    more = len(rows) > limit
    counts = {
        view: min(COUNT_LIMIT, n) for view, n in zip(VIEWS, mine.counts, strict=True)
    }  # fmt: skip
    counts["mine"] = min(COUNT_LIMIT, counts["mine"] + len(mine.owed))
    return QueuePage(
        rows=page,
        next_cursor=place,
        counts=counts,
        desks=desks,
        owed=_owed(mine.owed, rows, cursor, more, urgent) if _is_home(wanted) else (),
        saved=mine.saved,
        unseen=mine.unseen,
        urgent_first=bool(urgent),
    )


def severities_first(desks: tuple[DeskView, ...], wanted: QueueFilter) -> tuple[str, ...]:
    """Return the severities, most urgent first, where an outage orders one desk's queue so."""
    if wanted.severity or is_settled(wanted) or wanted.order != "due":
        return ()
    shown = [desk for desk in desks if wanted.desk in (None, "", desk.slug)]
    if len(shown) != 1 or shown[0].outage is None or not shown[0].outage.by_severity:
        return ()
    hash_ = shown[0].policy_hash
    return tuple(each.id for each in policy_by_hash(hash_).severities) if hash_ else ()


def _urgent_rows(
    agent: int, shown: list[int], wanted: QueueFilter, at: datetime, cursor: str | None,
    limit: int, severities: tuple[str, ...], zone: str,
) -> tuple[list[tuple[Any, ...]], str | None]:  # fmt: skip
    """Read the queue severity by severity; what nobody has classified yet comes second."""
    groups = (severities[0], "", *severities[1:])
    rank, _, place = (cursor or "").rpartition(":")
    first = int(rank) if rank.isascii() and rank.isdigit() and len(rank) < 4 else 0
    found: list[tuple[int, tuple[Any, ...]]] = []
    for number, severity in enumerate(groups):
        if number < first or len(found) >= limit:
            continue
        start = place if number == first else None
        known = () if severity else severities
        only = msgspec.structs.replace(wanted, severity=severity or None)
        rows = rows_of(agent, shown, only, at, start, limit - len(found), zone=zone, unlike=known)
        found += [(number, row) for row in rows]
    rows = [row for _, row in found]
    if len(found) < limit:
        return rows, None
    rank_of_last, last = found[limit - 2]
    return rows, f"{rank_of_last}:{_place(last, ORDERS['due'])}"


def _is_home(wanted: QueueFilter) -> bool:
    return wanted == QueueFilter(view="mine", desk=wanted.desk)


def _owed(
    owed: tuple[OwedRow, ...], rows: list[tuple[Any, ...]], cursor: str | None, more: bool,
    urgent: tuple[str, ...],
) -> tuple[OwedRow, ...]:  # fmt: skip
    """Return what falls due within this page: after the page before, not after its last."""
    if urgent:
        return () if cursor else owed
    after = read_cursor(cursor)[0]
    until = rows[-2][20] if more else 2**63
    return tuple(one for one in owed if after < one.key <= until)


def _place(row: tuple[Any, ...], order: Order) -> str:
    key = row[order.place]
    return f"{instant(key) if isinstance(key, datetime) else key}.{row[0]}"


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


def rows_of(
    agent: int, desks: list[int], wanted: QueueFilter, at: datetime, place: str | None, limit: int,
    *, zone: str = "UTC", unlike: tuple[str, ...] = (),
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Read the rows after a place in the order of a filter; `unlike` leaves severities out."""
    order = order_of(wanted)
    tests, values = parts(wanted, agent=agent, at=at, zone=zone)
    if unlike:
        other = "(t.severity IS NULL OR t.severity <> ALL(%(unlike)s))"
        tests = tuple(Part(f"{test} AND {other}", across) for test, across in tests)
        values["unlike"] = list(unlike)
    key, number = read_cursor(place)
    values |= {"desks": desks, "key": key, "number": number, "limit": limit}
    sign = "<" if order.down else ">"
    after = (
        f"AND ({order.column}, t.id) {sign} ({order.cursor}, %(number)s::bigint)" if place else ""
    )
    found = merged(order, tests, after)
    query = f"""
        SELECT {COLUMNS} FROM (
          SELECT n.id, n.k FROM ({found}) n
          ORDER BY {order.by("n.k", "n.id")} LIMIT %(limit)s) page
        JOIN ticket t ON t.id = page.id {JOINS}
        ORDER BY {order.by("page.k", "page.id")}
    """
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def merged(
    order: Order, tests: tuple[Part, ...], after: str, desks: str = "%(desks)s::bigint[]"
) -> str:
    """Return SQL of the next ids: a few from each desk's own index, for each part of a filter."""
    found = []
    for test, across in tests:
        here = f"t.desk_id = ANY({desks})" if across else "t.desk_id = one.desk"
        page = f"""SELECT t.id, {order.column} AS k FROM ticket t WHERE {here} AND {test} {after}
            ORDER BY {order.by(order.column, "t.id")} LIMIT %(limit)s"""
        each = f"SELECT n.id, n.k FROM unnest({desks}) AS one(desk) CROSS JOIN LATERAL ({page}) n"
        found.append(f"({page if across else each})")
    return " UNION ALL ".join(found)


def ids_of(agent: int, wanted: QueueFilter, *, at: datetime, limit: int) -> list[int]:
    """Return the first tickets of a view by number, for acts on all of it."""
    asked = set((wanted.desk or "").split(",")) - {""}
    desks = [desk for desk in desks_of(agent) if not asked or desk.slug in asked]
    zone = desks[0].zone if len(desks) == 1 else "UTC"
    rows = rows_of(agent, [d.id for d in desks], wanted, at, None, limit, zone=zone)
    return [int(row[0]) for row in rows]


def counted(
    agent: int,
    desks: list[int],
    wanted: Mapping[str, QueueFilter | None],
    *,
    at: datetime,
    desks_by_slug: Mapping[str, int],
) -> dict[str, int]:
    """Return how many tickets each filter means, to COUNT_LIMIT, in one statement."""
    if not wanted:
        return {}
    asked = counting(agent, desks, wanted, at=at, desks_by_slug=desks_by_slug)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(asked.columns)}", asked.values)
        found = zip(wanted, cursor.fetchone(), strict=True)
        return {name: min(COUNT_LIMIT, number) for name, number in found}


def counting(
    agent: int,
    desks: list[int],
    wanted: Mapping[str, QueueFilter | None],
    *,
    at: datetime,
    desks_by_slug: Mapping[str, int] | None = None,
) -> Counting:
    """Return the SQL that counts each filter's tickets; None is the view of that name.

    The tests are those of the rows, so the two agree.
    """
    values: dict[str, Any] = {"desks": desks}
    columns = []
    for place, (name, one) in enumerate(wanted.items()):
        tests, given = parts(one or QueueFilter(view=name), agent=agent, at=at, mark=f"n{place}_")
        values |= given
        there = "desks"
        if one is not None and one.desk:
            there = f"n{place}_desks"
            asked = one.desk.split(",")
            values[there] = [id_ for slug, id_ in (desks_by_slug or {}).items() if slug in asked]
        columns.append(
            " + ".join(
                f"(SELECT count(*) FROM (SELECT 1 FROM ticket t WHERE t.desk_id = ANY(%({there})s)"
                f" AND {test} LIMIT {COUNT_LIMIT}) one)"
                for test, _ in tests
            )
        )
    return Counting(columns=tuple(columns), values=values)


def next_rows(desk: DeskView, *, at: datetime, limit: int) -> tuple[QueueRow, ...]:
    """Return the next dues of one desk, for the wallboard."""
    rows = rows_of(0, [desk.id], QueueFilter(), at, None, limit)
    return tuple(queue_row(row, at) for row in rows)
