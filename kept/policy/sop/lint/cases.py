"""Lints about cases: exceptions, tables, and rules that never apply or add nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, islice, product

import msgspec

from kept.policy.rules import (
    ClockRule,
    Condition,
    EntitlementRule,
    GateRule,
    ReactionRule,
    Rule,
    TableRow,
    TableRule,
)
from kept.policy.sop.cells import OTHER, Cell, Want, told
from kept.policy.sop.lint.desk import Desk, comparable
from kept.policy.words import Value

MAX_COMBINATIONS = 20_000

Stricter = Callable[[Desk, Rule, Rule], bool]


# Exceptions ----------------------------------------------------------------------------------


def exceptions_that_both_hold(desk: Desk) -> None:
    """Two exceptions to one clause that can hold at once leave open which one counts."""
    excepting = [rule for rule in desk.policy.rules if rule.exception_to]
    for one, other in combinations(excepting, 2):
        shared = set(one.exception_to) & set(other.exception_to)
        if not shared or not _rival(one, other) or _same_effect(one, other):
            continue
        found = desk.together(one, other.when)
        if found is not None:
            desk.error(
                "E601",
                f"two exceptions to {min(shared)} hold at once: {one.because.clause} and "
                f"{other.because.clause}, for {told(found)}",
                line=other.because.line, clause=other.because.clause,
                other_line=one.because.line,
                advice="make one of them an exception to the other, or their conditions disjoint",
            )  # fmt: skip


def _rival(one: Rule, other: Rule) -> bool:
    """Tell whether two rules would settle the same question and neither yields."""
    if one.because.clause in other.exception_to or other.because.clause in one.exception_to:
        return False
    if type(one) is not type(other) or one.because.clause == other.because.clause:
        return False
    if isinstance(one, EntitlementRule) and isinstance(other, EntitlementRule):
        return not (one.covers and other.covers) or bool(set(one.covers) & set(other.covers))
    return one.name == other.name


def _same_effect(one: Rule, other: Rule) -> bool:
    return _effect(one) == _effect(other)


def _effect(rule: Rule) -> dict[str, object]:
    """Return what a rule does, without where it stands and when it holds."""
    without = ("because", "order", "when", "exception_to", "fact", "name")
    return {
        field.name: getattr(rule, field.name)
        for field in msgspec.structs.fields(rule)
        if field.name not in without
    }


# Tables --------------------------------------------------------------------------------------


def tables(desk: Desk) -> None:
    """A unique table has no overlap, a complete one no gap, and every row is reached."""
    for table in desk.rules(TableRule):
        domains = _domains(desk, table)
        cells = list(islice(_combinations(domains), MAX_COMBINATIONS + 1))
        if len(cells) > MAX_COMBINATIONS:
            desk.warning(
                "W799", f"table {table.name} is not decided: more than {MAX_COMBINATIONS} cases",
                line=table.because.line, clause=table.because.clause, advice="split the table",
            )  # fmt: skip
            continue
        hits = [(cell, [row for row in table.rows if _row_holds(row, cell)]) for cell in cells]
        if table.unique:
            _overlaps(desk, table, hits)
        if table.complete:
            _gaps(desk, table, hits)
        _dead_rows(desk, table, hits)


def _overlaps(desk: Desk, table: TableRule, hits: list[tuple[Cell, list[TableRow]]]) -> None:
    seen: set[tuple[int, int]] = set()
    for cell, rows in hits:
        for one, other in combinations(rows, 2):
            if (one.line, other.line) not in seen:
                seen.add((one.line, other.line))
                desk.error(
                    "E602",
                    f"two rows of the unique table {table.name} hold for {told(cell)}",
                    line=other.line or table.because.line, clause=table.because.clause,
                    other_line=one.line or None,
                    advice="narrow one of them, or drop unique so that the first row counts",
                )  # fmt: skip


def _gaps(desk: Desk, table: TableRule, hits: list[tuple[Cell, list[TableRow]]]) -> None:
    empty = [cell for cell, rows in hits if not rows]
    if empty:
        rest = len(empty) - 1
        more = f" and {rest} more case{'s' * (rest > 1)}" if rest else ""
        desk.error(
            "E603", f"the complete table {table.name} has no row for {told(empty[0])}{more}",
            line=table.because.line, clause=table.because.clause, advice="add a row for it",
        )  # fmt: skip


def _dead_rows(desk: Desk, table: TableRule, hits: list[tuple[Cell, list[TableRow]]]) -> None:
    reached = {id(rows[0]) for _, rows in hits if rows}
    for row in table.rows:
        if id(row) not in reached and not (table.unique and any(row in rows for _, rows in hits)):
            desk.warning(
                "W702", f"a row of table {table.name} is never reached",
                line=row.line or table.because.line, clause=table.because.clause,
                advice="earlier rows take all its cases, or no input has its values: drop it",
            )  # fmt: skip


def _domains(desk: Desk, table: TableRule) -> dict[str, tuple[Value, ...]]:
    given = dict(table.domains)
    found: dict[str, tuple[Value, ...]] = {}
    for field in table.inputs:
        named = [value for row in table.rows for key, values in row.when if key == field
                 for value in values]  # fmt: skip
        every = given.get(field) or desk.cells.choices.get(field)
        found[field] = every or (*dict.fromkeys(named), OTHER)
    return found


def _combinations(domains: dict[str, tuple[Value, ...]]) -> Iterator[Cell]:
    for values in product(*domains.values()):
        yield dict(zip(domains, values, strict=True))


def _row_holds(row: TableRow, cell: Cell) -> bool:
    return all(cell.get(field) in values for field, values in row.when)


# Rules ---------------------------------------------------------------------------------------


def rules_that_never_apply(desk: Desk) -> None:
    """A condition that no ticket can meet makes its rule dead letters."""
    for rule in desk.policy.rules:
        if rule.when is not None and desk.never(rule, Want(condition=rule.when)):
            _never(desk, rule, f"no ticket meets `{rule.when.source}`")
        elif isinstance(rule, ReactionRule) and rule.unless is not None:
            wants = (Want(condition=rule.when), Want(condition=rule.unless, truth=False))
            if desk.never(rule, *wants):
                _never(desk, rule, f"`unless: {rule.unless.source}` holds whenever it would act")


def _never(desk: Desk, rule: Rule, why: str) -> None:
    desk.warning(
        "W702", f"{rule.because.rule} never applies: {why}",
        line=rule.because.line, clause=rule.because.clause,
        advice="correct the condition or drop the rule",
    )  # fmt: skip


def rules_that_add_nothing(desk: Desk) -> None:
    """A rule is implied when another one asks at least as much wherever it holds."""
    pairs: tuple[tuple[type[Rule], Stricter], ...] = (
        (ClockRule, _stricter_clock),
        (GateRule, _stricter_gate),
    )
    for kind, stricter in pairs:
        rules = [rule for rule in desk.policy.rules if isinstance(rule, kind)]
        for rule in rules:
            for other in rules:
                if other is not rule and stricter(desk, other, rule):
                    sample = desk.together(rule, other.when)
                    of_whom = f", as for {told(sample)}" if sample else ""
                    desk.warning(
                        "W703",
                        f"{rule.because.rule} is implied by {other.because.rule} of "
                        f"{other.because.clause}: it can never be the one that is missed{of_whom}",
                        line=rule.because.line, clause=rule.because.clause,
                        other_line=other.because.line,
                        advice="keep it if both are to be reported, else drop it",
                    )  # fmt: skip
                    break


def _stricter_clock(desk: Desk, one: Rule, rule: Rule) -> bool:
    """Tell whether keeping `one` always keeps `rule`."""
    assert isinstance(one, ClockRule) and isinstance(rule, ClockRule)
    if not comparable(one, rule, one.target, rule.target) or _excepted(desk, one, rule):
        return False
    assert one.target is not None and rule.target is not None
    sooner = one.target.amount < rule.target.amount or (
        one.target.amount == rule.target.amount
        and (one.strict or not rule.strict)
        and (one.order < rule.order or (one.strict and not rule.strict))
    )
    return (
        sooner
        and set(one.start) >= set(rule.start)
        and set(one.stop) <= set(rule.stop)
        and set(one.pause) <= set(rule.pause)
        and (one.by == rule.by or rule.by.kind == "any")
        and desk.holds(rule, rule.when, one.when)
    )


def _stricter_gate(desk: Desk, one: Rule, rule: Rule) -> bool:
    assert isinstance(one, GateRule) and isinstance(rule, GateRule)
    if one.name != rule.name or one.enforce is not rule.enforce or _excepted(desk, one, rule):
        return False
    if not desk.holds(rule, rule.when, one.when):
        return False
    if not _implied(desk, rule, one.needs, rule.needs):
        return False
    both = desk.holds(rule, one.when, rule.when) and _implied(desk, rule, rule.needs, one.needs)
    return not both or one.order < rule.order


def _implied(desk: Desk, rule: Rule, one: Condition | None, other: Condition | None) -> bool:
    return other is not None and desk.holds(rule, one, other)


def _excepted(desk: Desk, one: Rule, rule: Rule) -> bool:
    """Tell whether some exception may switch the stricter rule off."""
    if one.exception_to or rule.exception_to:
        return True
    return any(one.because.clause in other.exception_to for other in desk.policy.rules)
