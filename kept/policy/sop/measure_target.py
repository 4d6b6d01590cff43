"""The target of a measure: a comparison and an exact figure, such as `> 4.5` or `>= 90%`."""

from __future__ import annotations

import re

from kept.policy.sop.figures import Kind, quantities
from kept.policy.sop.keys import Keys
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.params import UNIT_KINDS, Figure, is_reference, read_figure
from kept.policy.sop.source import Place
from kept.policy.sop.tree import ClauseNode
from kept.policy.sop.yaml import Scalar

GOAL = re.compile(r"(<=|>=|<|>|==?)[ ]*(.+)$", re.DOTALL)
KINDS = (Kind.PERCENT, Kind.SCORE, Kind.DURATION, Kind.MONEY, Kind.COUNT)


def goal(lowering: Lowering, keys: Keys) -> tuple[str | None, str | None]:
    """Return (comparison, exact text); None where the SOP names no figure or it is not set."""
    scalar = keys.scalar("target")
    if scalar is None:
        return None, None
    found = GOAL.match(scalar.text.strip())
    if found is None:
        keys.tell(
            scalar.place, "E311", f'"{scalar.text[:60]}" is no target', 'write "> 4.5" or ">= 90%"'
        )
        return None, None
    op = "==" if found[1] == "=" else found[1]
    figure = _figure(lowering, keys, scalar, found[2].strip())
    if figure is None or figure.quantity is None:
        return op, None
    return op, figure.quantity.text


def _kind_of(lowering: Lowering, prose: ClauseNode, text: str) -> Kind | None:
    """Return what a figure counts: what it says itself; a bare number what the sentence does."""
    written = {one.kind for one in quantities(text)}
    kinds = [kind for kind in KINDS if read_figure(text, kind) is not None]
    said = [one.kind for one in lowering.figures.of(prose)]
    own = [kind for kind in kinds if kind in written]
    if own and own[0] is not Kind.COUNT:
        return own[0]
    return next((kind for kind in (*own, *kinds) if kind in said), next(iter(own or kinds), None))


def _figure(lowering: Lowering, keys: Keys, scalar: Scalar, text: str) -> Figure | None:
    prose = scalar.prose or keys.clause
    inner = Scalar(place=scalar.place, text=text, prose=prose)
    if not is_reference(text):
        kind = _kind_of(lowering, prose, text)
        if kind is not None:
            return lowering.figures.resolve(inner, keys.clause, kind)
        keys.tell(scalar.place, "E311", f'"{text[:60]}" is no figure', "write 4.5, 90% or 2 hours")
        return None
    parameter = lowering.figures.parameters.get(text[1:])
    if parameter is not None:
        kind = UNIT_KINDS.get(parameter.unit, Kind.COUNT)
        return lowering.figures.resolve(inner, keys.clause, kind)
    if text.startswith("$text"):
        kinds = [one.kind for one in lowering.figures.of(prose)]
        kind = next((kind for kind in KINDS if kind in kinds), Kind.SCORE)
        return lowering.figures.resolve(inner, keys.clause, kind)
    return lowering.figures.reference(text[1:], _place(scalar), prose, Kind.DURATION)


def _place(scalar: Scalar) -> Place:
    return scalar.place
