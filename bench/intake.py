"""Ticket intake beside pgbench: the very statements and rows of one intake, on the same server.

One intake is recorded as it happens; pgbench then runs its statements, prepared, with the same
number of clients. What it returned (ids) or must be new (hashes, addresses) is new each time.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.dbapi20 import Binary
from psycopg.types.json import Jsonb

from bench.figures import Figure
from bench.house import House, execute, house, together

PROCESSES, THREADS = 2, 4
SECONDS = 6
HASH_BYTES = 32
FIRST_ID = 71_000_000
"""Ids begin here, each table's a million on, so that a number says whose it is."""
TABLES = ("ticket", "customer", "message", "raw_message", "outbox", "customer_address", "journal",
          "commitment", "notification", "reply_token", "message_id_seen")  # fmt: skip


@dataclass(slots=True)
class Recording:
    """A pgbench script in the making."""

    lines: list[str] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    """Numbers that earlier statements returned, by the variable that will hold theirs."""
    statements: int = 0
    inside: bool = False

    def take(self, run: Callable[..., Any], query: Any, values: Any, many: bool, told: Any) -> Any:
        """Run a statement of the product and write it down (Django's execute_wrapper)."""
        result = run(query, values, many, told)
        self._bracket(told["connection"].in_atomic_block)
        self.statements += 1
        written = self._with_values(str(query), values)
        cursor = told["cursor"].cursor
        returned = cursor.rowcount == 1 and cursor.description
        if returned:
            row = cursor.fetchone()
            cursor.scroll(0, mode="absolute")
            prefix = f"s{self.statements}_"
            for column, value in zip(cursor.description, row, strict=True):
                if isinstance(value, int) and value >= FIRST_ID:
                    self.known.setdefault(str(value), f":{prefix}{column.name}")
            self.lines.append(f"{written}\n\\gset {prefix}")
        else:
            self.lines.append(f"{written};")
        return result

    def end(self) -> None:
        self._bracket(False)

    def _bracket(self, inside: bool) -> None:
        if inside != self.inside:
            self.lines.append("BEGIN;" if inside else "COMMIT;")
        self.inside = inside

    def _with_values(self, query: str, values: Any) -> str:
        if isinstance(values, dict):
            query = re.sub(r"%\((\w+)\)s", lambda found: self._value(values[found[1]]), query)
        else:
            rest = iter(values or ())
            query = re.sub(r"%s", lambda _: self._value(next(rest)), query)
        query = re.sub(r"--[^\n]*", "", query).replace("%%", "%").strip()
        return re.sub(r"\s*\n\s*", " ", query)

    def _value(self, value: Any) -> str:
        """Return a value as a parameter; what must be new is made new, what was returned known."""
        match value:
            case None:
                return "NULL"
            case bool():
                return str(value).lower()
            case int():
                return self.known.get(str(value), str(value)) + "::bigint"
            case bytes() | memoryview() if len(value) == HASH_BYTES:
                return "decode(md5(random()::text) || md5(random()::text), 'hex')"
            case bytes() | memoryview():
                return f"decode({self._given(bytes(value).hex())}, 'hex')"
            case datetime():
                return f"{self._given(value.isoformat())}::timestamptz"
            case list() | tuple():
                kind = "bigint" if value and isinstance(value[0], int) else "text"
                return f"ARRAY[{', '.join(self._value(each) for each in value)}]::{kind}[]"
            case Binary():
                return self._value(value.obj)
            case Jsonb():
                return f"({self._text(json.dumps(value.obj))})::jsonb"
        return self._text(str(value))

    def _text(self, value: str) -> str:
        written = given = self._given(value)
        for number, variable in self.known.items():
            if number in value:
                written = f"replace({written}, '{number}', {variable}::text)"
        if "@" in value and len(value) < 400:
            written = f"replace({written}, '@', :unique || '@')"
        return written.replace(given, f"{given}::text") if written != given else given

    def _given(self, value: str) -> str:
        if not value:
            return "''"
        name = f"g{len(self.given)}"
        self.given[name] = value
        return f":{name}"

    def script(self) -> str:
        first = "\\set unique random(1, 9000000000000000000)"
        return "\n".join([first, *self.lines]) + "\n"


def intake() -> Iterator[Figure]:
    """Opening by the service and by mail, each beside pgbench with its own statements."""
    here = house()
    _spread_ids()
    ways = (("open", "open_ticket"), ("receive", "mail to ticket"))
    for what, name in ways:
        recording = record(what)
        limit = by_pgbench(here, recording)
        rate = together(what, processes=PROCESSES, threads=THREADS, seconds=SECONDS)
        beside = f"{rate:.0f}/s of {limit:.0f}/s, {recording.statements} statements"
        yield Figure(
            name=f"{name}, of pgbench with the same", value=rate / limit, unit="",
            at_least=0.25, beside=beside,
        )  # fmt: skip


def record(what: str) -> Recording:
    """Let it happen a few times, then once more with every statement written down."""
    from django.db import connection

    from bench.clients import KINDS

    act = KINDS[what]()
    for _ in range(3):
        act()
    recording = Recording()
    with connection.execute_wrapper(recording.take):
        act()
    recording.end()
    return recording


def by_pgbench(here: House, recording: Recording) -> float:
    """Return how often a second pgbench does the same."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(recording.script())
        script.flush()
        told = here.pgbench(
            Path(script.name), clients=PROCESSES * THREADS, seconds=SECONDS,
            given=recording.given,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", told)
    assert found, told
    return float(found[1])


def _spread_ids() -> None:
    for number, table in enumerate(TABLES):
        first = FIRST_ID + 1_000_000 * number
        execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {first}")
