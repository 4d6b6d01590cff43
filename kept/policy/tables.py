"""Decision tables: fields derived from other fields, first row that holds.

A person may overrule what a table proposes; from then on the table keeps quiet about it.
"""

from __future__ import annotations

from kept.policy.decisions import SetField
from kept.policy.ladder import change_severity
from kept.policy.rules import TableRow, TableRule
from kept.policy.run import Run


def derive_fields(run: Run) -> None:
    """Derive what the changed facts lead to; a table runs at most once, so this ends."""
    tables = run.program.tables
    if not tables:
        return
    done: set[int] = set()
    waiting = [table for field in sorted(run.changed) for table in tables.get(field, ())]
    while waiting:
        table = min(waiting, key=lambda each: each.order)
        waiting.remove(table)
        if table.order in done:
            continue
        done.add(table.order)
        if _derive(run, table):
            waiting += tables.get(table.output, ())


def _derive(run: Run, table: TableRule) -> bool:
    """Set a table's output; False when it says nothing new."""
    if table.output in run.memory.by_hand:
        return False
    if table.when is not None and table.when.test(run.scope) is not True:
        return False
    row = next((row for row in table.rows if _holds(run, row)), None)
    if row is None or run.facts.get(table.output) == row.then:
        return False
    if table.output == "severity":
        change_severity(run, row.then, table.because)
    else:
        run.put(table.output, row.then)
        run.emit(SetField(at=run.now, because=table.because, field=table.output, value=row.then))
    return True


def _holds(run: Run, row: TableRow) -> bool:
    return all(_worded(run.facts.get(field)) in allowed for field, allowed in row.when)


def _worded(value: object) -> str | None:
    """Return a fact as a table writes it."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    return str(value)
