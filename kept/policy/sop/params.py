"""Where a rule's figure comes from: its own literal, the sentence, a parameter or a word.

Figures belong to the prose. A literal must equal a figure of its clause's sentence; `$text` takes
the one that is there; only a named parameter or word may bring a figure from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kept.policy.rules import Parameter
from kept.policy.sop.figures import MAX_AMOUNT, Kind, Part, Quantity, quantities
from kept.policy.sop.source import Place, Problems, did_you_mean
from kept.policy.sop.tree import ClauseNode
from kept.policy.sop.yaml import Scalar

UNIT_KINDS = {
    "count": Kind.COUNT, "percent": Kind.PERCENT, "score": Kind.SCORE, "money": Kind.MONEY,
    "seconds": Kind.DURATION, "minutes": Kind.DURATION, "hours": Kind.DURATION,
    "days": Kind.DURATION, "working_days": Kind.DURATION, "duration": Kind.DURATION,
}  # fmt: skip
UNITS = (*UNIT_KINDS, "text", "date")
EXAMPLES = {
    Kind.DURATION: "a duration such as 1 hour or 5 working days", Kind.PERCENT: "a percentage",
    Kind.MONEY: "an amount such as $100", Kind.SCORE: "a score such as 4.5",
    Kind.COUNT: "a whole number",
}  # fmt: skip


def is_reference(text: str) -> bool:
    """Say whether a value refers to a figure by `$name`: `$100` is an amount."""
    return text.startswith("$") and (text[1:2].isalpha() or text[1:2] == "_")


def read_figure(text: str, kind: Kind) -> Quantity | None:
    """Return the figure that is the whole of `text`; a bare number takes the kind asked for."""
    text = text.strip()
    bare = text.lower()
    if kind is Kind.DURATION and bare in BARE_PERIODS:
        text = BARE_PERIODS[bare]
    found = quantities(text)
    if len(found) != 1 or found[0].start or found[0].end != len(text):
        return None
    one = found[0] if found[0].kind is kind else _as_kind(found[0], kind)
    return one if one is not None and one.kind is kind and 0 <= one.amount <= MAX_AMOUNT else None


BARE_PERIODS = {
    "hour": "1 hour", "day": "1 day", "week": "1 week", "month": "1 month", "quarter": "3 months",
    "year": "1 year", "working day": "1 working day", "working_day": "1 working day",
    "business day": "1 working day",
}  # fmt: skip


def _as_kind(one: Quantity, kind: Kind) -> Quantity | None:
    scales = {Kind.COUNT: 1, Kind.MONEY: 100, Kind.SCORE: 1000, Kind.PERCENT: 10}
    if one.kind is Kind.SCORE and kind is Kind.MONEY and one.amount % 10 == 0:
        return replace(one, kind=kind, amount=one.amount // 10)
    if one.kind is Kind.COUNT and kind in scales:
        return replace(one, kind=kind, amount=one.amount * scales[kind])
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a rule's value came to. `quantity` is None where a parameter is not set."""

    quantity: Quantity | None
    words: str | None = None
    """The value of a parameter that is text or a date."""
    param: str = ""


@dataclass(slots=True, kw_only=True)
class Figures:
    """Resolves figures. `overrides` replace the parameters' values, as `--set` does."""

    problems: Problems
    parameters: dict[str, Parameter] = field(default_factory=dict)
    words: dict[str, dict[str, Quantity]] = field(default_factory=dict)
    cache: dict[ClauseNode, tuple[Quantity, ...]] = field(default_factory=dict)

    def of(self, clause: ClauseNode) -> tuple[Quantity, ...]:
        """Return the figures of a clause's sentence."""
        found = self.cache.get(clause)
        if found is None:
            found = self.cache[clause] = quantities(clause.text)
        return found

    def resolve(
        self, scalar: Scalar, clause: ClauseNode, kind: Kind, *,
        bound: bool = True, every: bool = False,
    ) -> Figure | None:  # fmt: skip
        """Return what a value says; None after telling what is wrong.

        `bound` figures must stand in the sentence; `every` prefers what it says of repetition.
        """
        prose = scalar.prose or clause
        text = scalar.text.strip()
        if is_reference(text):
            return self.reference(text[1:], scalar.place, prose, kind, every=every)
        one = read_figure(text, kind)
        if one is None:
            self.problems.error(
                scalar.place, "E301", f'"{text[:60]}" is no {kind}', clause=clause.id,
                advice=f"write {EXAMPLES[kind]}",
            )  # fmt: skip
            return None
        if bound:
            self.check(one, scalar.place, prose)
        return Figure(quantity=one)

    def reference(
        self, name: str, place: Place, prose: ClauseNode, kind: Kind, *, every: bool = False
    ) -> Figure | None:
        """Return what `$name` stands for."""
        head, _, sub = name.partition(".")
        if head == "text":
            return self._from_sentence(sub, place, prose, kind, every=every)
        if head in self.words:
            return self._word(head, sub, place, prose, kind)
        parameter = self.parameters.get(name)
        if parameter is None:
            known = ["text", *self.parameters, *self.words]
            self.problems.error(
                place, "E113", f'unknown parameter "{name[:60]}"', clause=prose.id,
                advice=did_you_mean(name, known),
            )  # fmt: skip
            return None
        return self._parameter(parameter, place, prose, kind)

    def _parameter(
        self, parameter: Parameter, place: Place, prose: ClauseNode, kind: Kind
    ) -> Figure | None:
        unit = UNIT_KINDS.get(parameter.unit)
        if unit is not kind and not (unit is Kind.COUNT and kind is Kind.SCORE):
            self.problems.error(
                place, "E305", f"${parameter.id} is in {parameter.unit}, here belongs a {kind}",
                clause=prose.id, advice="correct its unit or name another",
                other_line=parameter.line,
            )  # fmt: skip
            return None
        if parameter.value is None:
            return Figure(quantity=None, param=parameter.id)
        one = parameter_quantity(parameter.value, parameter.unit)
        if one is not None and one.kind is not kind:
            one = _as_kind(one, kind)
        return Figure(quantity=one, param=parameter.id)

    def _word(
        self, head: str, sub: str, place: Place, prose: ClauseNode, kind: Kind
    ) -> Figure | None:
        parts = self.words[head]
        one = parts.get(sub)
        if one is None:
            known = [f"${head}.{part}" for part in parts if part]
            self.problems.error(
                place, "E113", f'the word "{head}" has no part "{sub}"' if sub else
                f'the word "{head}" has several parts', clause=prose.id,
                advice="write " + " or ".join(known) if known else f"write ${head}",
            )  # fmt: skip
            return None
        if one.kind is not kind:
            self.problems.error(
                place, "E305", f"${head} is a {one.kind}", clause=prose.id,
                advice=f"here belongs {EXAMPLES[kind]}",
            )  # fmt: skip
            return None
        return Figure(quantity=one, param=f"{head}.{sub}" if sub else head)

    def _from_sentence(
        self, end: str, place: Place, prose: ClauseNode, kind: Kind, *, every: bool
    ) -> Figure | None:
        found = [one for one in self.of(prose) if one.kind is kind and one.amount >= 0]
        if kind is Kind.SCORE and not found:
            found = [replace(one, kind=kind, amount=one.amount * 1000)
                     for one in self.of(prose) if one.kind is Kind.COUNT]  # fmt: skip
        found = [one for one in found if one.every is every] or found
        if end in ("min", "max"):
            part = Part.MIN if end == "min" else Part.MAX
            found = [one for one in found if one.part is part]
        distinct = {one.value: one for one in found}
        if len(distinct) == 1:
            return Figure(quantity=found[0])
        self._cannot_choose(list(distinct.values()), end, place, prose, kind)
        return None

    def _cannot_choose(
        self, found: list[Quantity], end: str, place: Place, prose: ClauseNode, kind: Kind
    ) -> None:
        if not found:
            what, code = (
                f"the sentence has no {kind} for ${'text.' + end if end else 'text'}",
                "E202",
            )
            advice = f"say it in the clause: {EXAMPLES[kind]}"
        else:
            said = " and ".join(one.text for one in found[:4])
            what, code = f"the sentence has {len(found)} figures for $text: {said}", "E201"
            is_range = [one.part for one in found] == [Part.MIN, Part.MAX]
            advice = "write $text.min or $text.max" if is_range else (
                "write the one that is meant, or make two clauses"
            )  # fmt: skip
        line = prose.at(found[0].start).line if found else prose.place.line
        self.problems.error(place, code, what, clause=prose.id, advice=advice, other_line=line)

    def check(self, one: Quantity, place: Place, prose: ClauseNode) -> None:
        """Tell where a rule's literal and its sentence have drifted apart."""
        kinds = {one.kind, Kind.COUNT} if one.kind is Kind.SCORE else {one.kind}
        said = [other for other in self.of(prose) if other.kind in kinds]
        if any(_equal(one, other) for other in said):
            return
        if not said:
            self.problems.error(
                place, "E211", f"prose has no {one.kind}, rule says {one.text}", clause=prose.id,
                advice="say it in the clause, or name a parameter", other_line=prose.place.line,
            )  # fmt: skip
            return
        told = " and ".join(other.text for other in said[:4])
        self.problems.error(
            place, "E210", f"prose says {told}, rule says {one.text}", clause=prose.id,
            advice="make them the same, or write $text", other_line=prose.at(said[0].start).line,
        )  # fmt: skip


def _equal(one: Quantity, other: Quantity) -> bool:
    if one.kind is not other.kind:
        return one.amount == other.amount * 1000
    return one.value == other.value or _months(one) == _months(other) != 0


def _months(one: Quantity) -> int:
    """Twelve months are a year, in whichever words."""
    return {"months": 1, "years": 12}.get(one.unit, 0) * one.amount


def parameter_quantity(value: str, unit: str) -> Quantity | None:
    """Return a parameter's value as a figure; None where it does not fit its unit."""
    kind = UNIT_KINDS.get(unit)
    if kind is None:
        return None
    spelled = f"{value} {unit.replace('_', ' ')}"
    if kind is Kind.DURATION and unit != "duration" and (one := read_figure(spelled, kind)):
        return one
    return read_figure(value, kind)
