"""Imports of a desk's customers, for whoever may import there."""

from datetime import datetime

import msgspec
from django.db import connection

from kept.records.queries.customer_files import desks_to_move
from kept.records.queries.views import DeskView, View

PAGE = 50
WRONG_SHOWN = 100


class ImportView(View, frozen=True, kw_only=True):
    """One import and how far it is."""

    id: int
    desk: DeskView
    filename: str
    size: int
    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    mapping: dict[str, str]
    state: str
    offset: int
    rows: int
    made: int
    matched: int
    wrong: int
    by: str
    at: datetime


class RowView(View, frozen=True, kw_only=True):
    """One row of an import that is shown."""

    line: int
    outcome: str
    problem: str
    customer: int | None


def imports_of(agent: int, *, limit: int = PAGE) -> tuple[ImportView, ...]:
    """Return the imports of the agent's desks, newest first."""
    return _views(agent, "", [], limit)


def import_of(agent: int, number: int) -> ImportView | None:
    """Return one import; of a desk where the agent may not import, none."""
    found = _views(agent, "AND i.id = %s", [number], 1) if 0 < number < 2**63 else ()
    return found[0] if found else None


def import_rows(number: int, outcomes: tuple[str, ...]) -> tuple[RowView, ...]:
    """Return rows of an import the caller has seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line, outcome, problem, customer_id FROM import_row"
            " WHERE run_id = %s AND outcome = ANY(%s) ORDER BY line LIMIT %s",
            [number, list(outcomes), WRONG_SHOWN],
        )
        return tuple(
            RowView(line=r[0], outcome=r[1], problem=r[2], customer=r[3])
            for r in cursor.fetchall()
        )


def first_rows(number: int, limit: int = 65_536) -> bytes:
    """Return the beginning of an import's file, as it is kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substring(body FOR %s) FROM import_chunk WHERE run_id = %s AND start = 0",
            [limit, number],
        )
        row = cursor.fetchone()
    return bytes(row[0]) if row is not None else b""


def _views(agent: int, where: str, values: list[int], limit: int) -> tuple[ImportView, ...]:
    desks = {desk.id: desk for desk in desks_to_move(agent, "import_customers")}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT i.id, i.desk_id, i.filename, i.size, i.encoding, i.delimiter, i.headers::text,
                   i.mapping::text, i.state, i."offset", i.rows, i.made, i.matched, i.wrong,
                   a.name, i.at
            FROM customer_import i JOIN agent a ON a.id = i.by_id
            WHERE i.desk_id = ANY(%s) {where} ORDER BY i.id DESC LIMIT %s
            """,
            [list(desks), *values, limit],
        )
        return tuple(
            ImportView(
                id=r[0], desk=desks[r[1]], filename=r[2], size=r[3], encoding=r[4],
                delimiter=r[5], headers=tuple(msgspec.json.decode(r[6])),
                mapping=msgspec.json.decode(r[7]), state=r[8], offset=r[9], rows=r[10],
                made=r[11], matched=r[12], wrong=r[13], by=r[14], at=r[15],
            )
            for r in cursor.fetchall()
        )  # fmt: skip
