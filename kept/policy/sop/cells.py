"""Cells: the finitely many cases that conditions can tell apart.

Literals cut the values of each field into cells inside which no condition changes its mind, so
"never", "always", "both" and "implies" are found by looking at one value of every cell. The
search gives up aloud (`Undecided`) and never guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from kept.policy.conditions import Expr, walk
from kept.policy.phrases import fold
from kept.policy.rules import Condition, Policy
from kept.policy.words import Frozen, Status, Value

MAX_LOOKS = 20_000
MAX_PHRASES = 10
OTHER = "(another)"
"""Stands for every text that no condition names."""

Cell = dict[str, Value]
ENDED = (Status.RESOLVED, Status.CLOSED, Status.CLOSED_UNCONFIRMED)


class Undecided(Exception):
    """The question needs more looks than the limit allows, or a parameter is not set."""


class Unset(Undecided):
    """A condition names a parameter without a value: the policy is a draft."""


class Atom(Frozen, frozen=True, kw_only=True):
    """What one part of a condition asks of one field: `op` and the literals it names."""

    field: str
    op: str
    values: tuple[Value, ...] = ()


class Want(Frozen, frozen=True, kw_only=True):
    """A condition and the truth it should have; no condition always holds."""

    condition: Condition | None
    truth: bool = True


class Cells:
    """The cells of one policy; answers are remembered by the conditions' source."""

    def __init__(self, policy: Policy, *, limit: int = MAX_LOOKS) -> None:
        self.choices = _choices(policy)
        self.limit = limit
        self.known: dict[tuple[object, ...], Cell | None] = {}

    def sample(self, *wants: Want, fixed: Mapping[str, Value] | None = None) -> Cell | None:
        """Return a ticket for which every want is met, or None when there is none."""
        asked = [want for want in wants if want.condition is not None]
        if any(want.condition is None and not want.truth for want in wants):
            return None
        given = dict(fixed or {})
        key = (tuple((w.condition.source, w.truth) for w in asked if w.condition),
               tuple(sorted(given.items(), key=lambda pair: pair[0])))  # fmt: skip
        if key not in self.known:
            self.known[key] = self._search(asked, given)
        return self.known[key]

    def together(self, *conditions: Condition | None) -> Cell | None:
        """Return a ticket for which all the conditions hold."""
        return self.sample(*(Want(condition=each) for each in conditions))

    def implies(self, one: Condition | None, other: Condition | None) -> bool:
        """Tell whether `other` holds wherever `one` does."""
        return self.sample(Want(condition=one), Want(condition=other, truth=False)) is None

    def values(self, field: str, conditions: Iterable[Condition | None]) -> tuple[Value, ...]:
        """Return one value of each cell of a field."""
        found = [
            atom
            for condition in conditions
            if condition is not None
            for atom in atoms(condition)
            if atom.field == field
        ]
        return self._domain(field, found)

    def speaks_of(self, condition: Condition | None, field: str) -> tuple[str, ...]:
        """Return the choices of `field` the condition picks out; empty when it allows them all."""
        every = self.choices.get(field, ())
        if condition is None or field not in condition.reads:
            return ()
        held = tuple(v for v in every if self.sample(Want(condition=condition), fixed={field: v}))
        return () if len(held) == len(every) else held

    # The search ------------------------------------------------------------------------------

    def _search(self, wants: Sequence[Want], given: Cell) -> Cell | None:
        found: dict[str, list[Atom]] = {}
        for want in wants:
            if want.condition is not None:
                _refuse_open(want.condition)
            for atom in atoms(want.condition) if want.condition else ():
                found.setdefault(atom.field, []).append(atom)
        maybe_absent = {f for f, own in found.items() if any(a.op == "known" for a in own)}
        open_fields = sorted(found.keys() - given.keys(), key=lambda f: f not in maybe_absent)
        steps = [
            (field, self._options(field, found[field], absent=field in maybe_absent))
            for field in open_fields
        ]
        return self._descend(wants, given, steps, len(maybe_absent - given.keys()), [0])

    def _descend(
        self, wants: Sequence[Want], cell: Cell, steps: list[tuple[str, list[Cell]]],
        settle: int, looks: list[int],
    ) -> Cell | None:  # fmt: skip
        """Fix one field after the other; a case that already fails is not looked into.

        The first `settle` fields may be absent, and `known()` answers for them at once, so no
        condition is read before they are fixed.
        """
        looks[0] += 1
        if looks[0] > self.limit:
            raise Undecided
        if settle <= 0:
            answers = [_answer(want, cell) for want in wants]
            if False in answers or _contradicts(cell):
                return None
            if None not in answers:
                return cell
        if not steps:
            return None
        for option in steps[0][1]:
            met = self._descend(wants, {**cell, **option}, steps[1:], settle - 1, looks)
            if met is not None:
                return met
        return None

    def _options(self, field: str, found: list[Atom], *, absent: bool) -> list[Cell]:
        options: list[Cell] = [{field: value} for value in self._domain(field, found)]
        return [{}, *options] if absent else options

    def _domain(self, field: str, found: list[Atom]) -> tuple[Value, ...]:
        literals = [value for atom in found for value in atom.values]
        if any(atom.op in ("has", "contains") for atom in found):
            return tuple(_subsets(found))
        if field in self.choices:
            named = self.choices[field]
            return (*named, *dict.fromkeys(v for v in literals if v not in named))
        if any(isinstance(value, bool) for value in literals) or _is_bare(found):
            return (True, False)
        numbers = sorted({value for value in literals if isinstance(value, int)})
        if numbers:
            return tuple(sorted({n + d for n in numbers for d in (-1, 0, 1) if n + d >= 0}))
        return (*dict.fromkeys(literals), OTHER)


def _answer(want: Want, cell: Cell) -> bool | None:
    assert want.condition is not None
    truth = want.condition.test(cell)
    return None if truth is None else truth is want.truth


def _contradicts(cell: Cell) -> bool:
    """Some built-in fields say the same thing twice: they cannot disagree on one ticket."""
    status, resolved = cell.get("status"), cell.get("resolved")
    if status is not None and resolved is not None and resolved is not (status in ENDED):
        return True
    return cell.get("raised") is True and cell.get("lowered") is True


def atoms(condition: Condition) -> Iterator[Atom]:
    """Yield what the condition asks of each field it reads."""
    if isinstance(condition.tree, Expr):
        yield from _atoms(condition.tree)


def _atoms(node: Expr) -> Iterator[Atom]:
    match node.op:
        case "and" | "or" | "not":
            for part in node.args:
                yield from _atoms(part)
        case "field":
            yield Atom(field=node.name, op="true")
        case "known":
            yield Atom(field="phrases" if node.name == "text" else node.name, op="known")
        case "has":
            phrases = tuple(fold(str(part.value)) for part in node.args[1].args)
            yield Atom(field="phrases", op="has", values=phrases)
        case "in" if node.args[1].op == "field":
            yield Atom(field=node.args[1].name, op="contains", values=(node.args[0].value,))
        case "in":
            values = tuple(part.value for part in node.args[1].args)
            yield Atom(field=node.args[0].name, op="in", values=values)
        case "literal":
            return
        case _:
            yield Atom(field=node.args[0].name, op=node.op, values=(node.args[1].value,))


def _refuse_open(condition: Condition) -> None:
    """Raise where a part of the condition has no literal to cut a field with."""
    for node in walk(condition.tree) if isinstance(condition.tree, Expr) else ():
        if node.op in ("unset", "param"):
            raise Unset
        fields = [part for part in node.args if part.op == "field"]
        if len(fields) == 2 and node.op not in ("and", "or"):
            raise Undecided


def _is_bare(found: list[Atom]) -> bool:
    return any(atom.op == "true" for atom in found)


def _subsets(found: list[Atom]) -> Iterable[tuple[str, ...]]:
    """Lists and texts: phrases that always stand in the same literals are one cell together."""
    lists = [atom.values for atom in found if atom.op in ("has", "contains")]
    groups: dict[tuple[bool, ...], list[str]] = {}
    for value in dict.fromkeys(chain.from_iterable(lists)):
        groups.setdefault(tuple(value in each for each in lists), []).append(str(value))
    if len(groups) > MAX_PHRASES:
        raise Undecided
    chosen: list[tuple[str, ...]] = [()]
    for group in groups.values():
        chosen += [(*subset, group[0]) for subset in chosen]
    return chosen


def _choices(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return the fields whose values the SOP lists."""
    levels = tuple(level.id for level in policy.levels)
    found = {
        "severity": tuple(severity.id for severity in policy.severities),
        "level": levels,
        "by_level": levels,
        "channel": tuple(policy.channels),
        "status": tuple(status.value for status in Status),
        "waiting_on": ("customer", "third_party", "nobody"),
        "by_kind": ("human", "system", "customer"),
    }
    for field in policy.fields.values():
        found[field.id] = field.values
    for form in policy.forms.values():
        for part in form.fields:
            found[f"{form.id}.{part.id}"] = part.choices
    return {name: values for name, values in found.items() if values}


def told(cell: Mapping[str, Value]) -> str:
    """Return a sample ticket in words: `severity P1, amount 100.01`."""
    parts = [f"{field} {_said(field, value)}" for field, value in sorted(cell.items())]
    return ", ".join(parts) or "any ticket"


def _said(field: str, value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "with " + ", ".join(value) if value else "empty"
    if isinstance(value, int) and field == "amount":
        return f"{value // 100}.{value % 100:02d}"
    if isinstance(value, int) and field == "score":
        return f"{value // 1000}.{value % 1000:03d}"
    return str(value)
