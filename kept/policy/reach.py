"""Reach: all that an event of one name can touch; what it cannot, the engine does not look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kept.policy.plans import Plan
from kept.policy.rules import Scope
from kept.policy.words import Value

ENDINGS = frozenset({"resolved", "closed"})
KEEPING = frozenset({"agent_public", "resolved"})
"""Events that may keep a promise."""
_KEPT = 256


class Choice:
    """Plans found by the values that they ask a field for, so that the others are not tried.

    A plan whose condition wants `severity == "P1"` cannot hold under another severity. What is
    found may still not hold; what is left out does not.
    """

    __slots__ = ("_asked", "_found", "plans")

    def __init__(self, plans: Iterable[Plan]) -> None:
        self.plans = tuple(plans)
        asked: dict[str, set[Value]] = {}
        for plan in self.plans:
            if plan.asks is not None:
                asked.setdefault(plan.asks[0], set()).update(plan.asks[1])
        self._asked = tuple(asked.items())
        self._found: dict[tuple[Value, ...], tuple[Plan, ...]] = {}

    def among(self, scope: Scope) -> tuple[Plan, ...]:
        """Return the plans that these values leave in question, in the document's order."""
        if not self._asked:
            return self.plans
        get = scope.get
        key = tuple([v if (v := get(name)) in values else None for name, values in self._asked])
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _KEPT:
                self._found.clear()
            found = self._found[key] = tuple(
                plan
                for plan in self.plans
                if plan.asks is None or get(plan.asks[0]) in plan.asks[1]
            )
        return found


@dataclass(frozen=True, slots=True)
class Reach:
    """All that an event of one name can touch."""

    name: str
    starts: tuple[Plan, ...] = ()
    reactions: Choice | None = None
    ends: frozenset[Plan] = frozenset()
    """The rules that it stops or lifts."""
    cycles: frozenset[str] = frozenset()
    """Their keys: what waits under one of them waits no longer."""
    may_end: bool = field(init=False)
    """Whether anything the ticket owes could end with it."""

    def __post_init__(self) -> None:
        may_end = bool(self.ends) or self.name in ENDINGS or self.name in KEEPING
        object.__setattr__(self, "may_end", may_end)
