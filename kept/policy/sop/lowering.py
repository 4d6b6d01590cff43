"""What every lowering step shares: the names, the figures, and how values become rules' parts.

Conditions, targets, events and whose act counts are read here, once, for all kinds of rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kept.policy.condition_types import Checker
from kept.policy.conditions import (
    ConditionError,
    ConditionProblem,
    Expr,
    Type,
    compile_tree,
    parse,
    walk,
)
from kept.policy.rules import By, Condition, Target, TargetUnit
from kept.policy.sop.figures import Kind, Quantity, quantities
from kept.policy.sop.keys import Keys
from kept.policy.sop.params import Figures, read_figure
from kept.policy.sop.resolve import Names
from kept.policy.sop.source import Place, Problems, Source, did_you_mean
from kept.policy.sop.tree import ClauseNode
from kept.policy.sop.yaml import Map, Scalar, Seq
from kept.policy.words import Value

KINDS_OF = {Type.MONEY: Kind.MONEY, Type.COUNT: Kind.COUNT, Type.SCORE: Kind.SCORE}
OPEN_HOURS = re.compile(r"\b(?:working|business)[ -]hours?$", re.IGNORECASE)
PARAM = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)")


@dataclass(slots=True, kw_only=True)
class Lowering:
    """One compilation under way."""

    source: Source
    problems: Problems
    names: Names
    figures: Figures
    sop: str
    calendar: str = ""
    """The calendar that working days use where a rule names none."""
    locked: dict[str, int] = field(default_factory=dict)

    def keys(self, node: Map, clause: ClauseNode) -> Keys:
        return Keys(node, clause, self.problems)

    # Figures -------------------------------------------------------------------------------

    def quantity(
        self, keys: Keys, key: str, kind: Kind, *, bound: bool = True, every: bool = False
    ) -> tuple[Quantity | None, str]:
        """Return a key's figure and the parameter it comes from."""
        scalar = keys.scalar(key)
        if scalar is None:
            return None, ""
        found = self.figures.resolve(scalar, keys.clause, kind, bound=bound, every=every)
        return (None, "") if found is None else (found.quantity, found.param)

    def target(
        self, keys: Keys, key: str, *, bound: bool = True, every: bool = False
    ) -> Target | None:
        one, param = self.quantity(keys, key, Kind.DURATION, bound=bound, every=every)
        if one is None:
            return None
        if one.amount <= 0 and (every or one.unit is not TargetUnit.TIME):
            keys.tell(keys.key_place(key), "E304", f'"{key}" is no time at all', "name a time")
        return Target(amount=one.amount, unit=one.unit, text=one.text, param=param)

    def needs_calendar(self, keys: Keys, target: Target | None, calendar: str) -> str:
        """Return the calendar a target counts on; calendar units cannot do without one."""
        if target is None or calendar not in ("", "24x7"):
            return calendar or "24x7"
        if target.unit is TargetUnit.TIME and not _in_open_hours(keys.clause, target):
            return calendar or "24x7"
        if self.calendar and not calendar:
            return self.calendar
        is_open_time = target.unit in (TargetUnit.WORKING_DAYS, TargetUnit.TIME)
        if is_open_time or not calendar:
            keys.tell(
                keys.node.place, "E306", f"{target.text} needs a calendar",
                "name one with `calendar:`, or declare a calendar called desk",
            )  # fmt: skip
        return calendar or "24x7"

    # Events --------------------------------------------------------------------------------

    def events(self, keys: Keys, key: str) -> tuple[str, ...]:
        found = [
            self.names.refer_event(one.text.strip(), one.place, keys.clause.id)
            for one in keys.scalars(key)
        ]
        return tuple(dict.fromkeys(found))

    def by(self, keys: Keys) -> By:
        scalar = keys.scalar("by")
        if scalar is None:
            return By()
        text = scalar.text.strip()
        if text.startswith("role:"):
            role = text.removeprefix("role:").strip()
            self.names.refer("role", role, scalar.place, keys.clause.id)
            return By(kind="role", role=role)
        if text not in ("human", "any", "level"):
            if text in self.names.of("role"):
                return By(kind="role", role=text)
            keys.tell(
                scalar.place, "E115", f'"{text[:60]}" says not whose act counts',
                did_you_mean(text, ["human", "any", "level", *self._roles()]),
            )  # fmt: skip
        return By(kind=text)

    def _roles(self) -> Iterator[str]:
        return (f"role:{role}" for role in self.names.of("role"))

    # Conditions ----------------------------------------------------------------------------

    def condition(self, keys: Keys, key: str, *, bound: bool = True) -> Condition | None:
        """Return a compiled condition; None where there is none or it is wrong."""
        node = keys.node_of(key)
        if node is None:
            return None
        if not isinstance(node, Scalar):
            advice = "put the whole condition in single quotes" if isinstance(node, Seq) else ""
            keys.tell(node.place, "E310", f'"{key}" takes a condition', advice)
            return None
        return self.compiled(node, keys.clause, bound=bound)

    def compiled(
        self, scalar: Scalar, clause: ClauseNode, *, bound: bool = True
    ) -> Condition | None:
        text = scalar.text
        prose = scalar.prose or clause
        try:
            tree = parse(text)
        except ConditionError as error:
            self._tell(scalar, clause, error.problem)
            return None
        checker = Checker(self.names.fields, lambda name, kind, offset: self._figure(
            name, kind, _within(scalar, offset), prose))  # fmt: skip
        checked = checker.truth(tree)
        for problem in checker.problems:
            self._tell(scalar, clause, problem)
        if checker.problems:
            return None
        if bound:
            self._check_literals(checked, scalar, prose)
        return Condition(
            source=text.strip(),
            reads=tuple(sorted({node.name for node in walk(checked) if node.op in READERS})),
            test=compile_tree(checked, self.names.fields),
            tree=checked,
        )

    def _tell(self, scalar: Scalar, clause: ClauseNode, problem: ConditionProblem) -> None:
        advice = problem.advice
        if problem.unknown is not None:
            kind, name = problem.unknown
            field = self.names.fields.get(kind)
            known = self.names.fields if kind == "field" else field.values if field else ()
            advice = did_you_mean(name, known)
            if kind == "field":
                advice = (
                    self._instead_of_field(name)
                    or advice
                    or ("declare it under `fields:` in the front matter")
                )
        self.problems.error(
            _within(scalar, problem.offset), problem.code, problem.message,
            clause=clause.id, advice=advice,
        )  # fmt: skip

    def _instead_of_field(self, name: str) -> str:
        """Return what was meant where a value stands without quotes, or nothing at all."""
        if name in ("null", "none", "nil"):
            return "to ask whether a field has a value, write known(field)"
        if any(name in field.values for field in self.names.fields.values()):
            return f'put the word in quotes: "{name}"'
        return ""

    def _figure(self, name: str, kind: Type, place: Place, prose: ClauseNode) -> Value:
        if kind in KINDS_OF:
            found = self.figures.reference(name, place, prose, KINDS_OF[kind])
            return None if found is None or found.quantity is None else found.quantity.amount
        parameter = self.figures.parameters.get(name)
        if parameter is None:
            advice = did_you_mean(name, self.figures.parameters)
            self.problems.error(
                place, "E113", f'unknown parameter "{name[:60]}"', clause=prose.id, advice=advice
            )
            return None
        if kind is Type.BOOL or parameter.unit != ("date" if kind is Type.DATE else "text"):
            self.problems.error(
                place, "E305", f"${name} is in {parameter.unit}, the field is a {kind}",
                clause=prose.id, other_line=parameter.line, advice="correct its unit",
            )  # fmt: skip
            return None
        return parameter.value

    def _check_literals(self, tree: Expr, scalar: Scalar, prose: ClauseNode) -> None:
        """Hold the figures of a condition against the sentence.

        None and one are words of the grammar (`failed_attempts > 0`), and a count or score is
        held only against a sentence that has one: `P2` and `level 3` would be figures else.
        """
        for node in walk(tree):
            if node.op != "literal" or not isinstance(node.value, int) or node.value <= 0:
                continue
            text = _written(node.name, node.value)
            one = read_figure(text, KINDS_OF[Type(node.name)]) if text else None
            if one is not None and (one.kind is Kind.MONEY or self._states(prose, one.kind)):
                self.figures.check(one, _within(scalar, node.start), prose)

    def _states(self, prose: ClauseNode, kind: Kind) -> bool:
        kinds = {kind, Kind.COUNT} if kind is Kind.SCORE else {kind}
        return any(one.kind in kinds for one in self.figures.of(prose))


READERS = ("field", "known")


def _written(kind: str, value: int) -> str:
    """Return a literal as a sentence would write it; nothing for one that is no figure."""
    if kind == Type.MONEY:
        return f"{value // 100}.{value % 100:02d}"
    if kind == Type.SCORE:
        return f"{value // 1000}.{value % 1000:03d}".rstrip("0").rstrip(".")
    return str(value) if kind == Type.COUNT and value > 1 else ""


def _within(scalar: Scalar, offset: int) -> Place:
    """Return the place of a character of a one-line scalar."""
    place = scalar.place
    line = place.source.line(place.line)
    start = place.column + (
        1 if line[place.column - 1 : place.column] in ("'", '"') and scalar.quoted else 0
    )
    if "\n" in scalar.text or line[start - 1 :].find(scalar.text[:20]) != 0:
        return place
    return Place(place.source, place.line, start + offset)


def _in_open_hours(clause: ClauseNode, target: Target) -> bool:
    """Tell whether hours are working hours, by their own words or by the sentence's."""
    said = [target.text]
    if not target.param:
        said += [one.text for one in quantities(clause.text) if one.amount == target.amount]
    return any(OPEN_HOURS.search(text) for text in said)
