"""Differences by meaning: what a new version asks more, less or otherwise than the old one.

Tighter means that more is asked of the desk: shorter times, more cases, fewer ways to be done,
harder gates. A clause whose rules say the same in other words has changed in its text only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from kept.policy.calendars import Calendar
from kept.policy.rules import Condition, Policy, Rule, RuleBase, Target
from kept.policy.sop.cells import Cells, Undecided, Want, told
from kept.policy.sop.weigh import Weight, weigh
from kept.policy.words import Frozen


class Verdict(StrEnum):
    """What became of a clause from the old version to the new one."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    CHANGED = "changed"
    TEXT_ONLY = "text only"
    ADDED = "added"
    REMOVED = "removed"


class Change(Frozen, frozen=True, kw_only=True):
    """One difference in a clause. `sample` is a ticket that fares differently, if decided."""

    rule: str
    what: str
    before: str
    after: str
    weight: Weight
    sample: str = ""


class ClauseDiff(Frozen, frozen=True, kw_only=True):
    """The differences of one clause; lines are None where it does not stand."""

    clause: str
    verdict: Verdict
    old_line: int | None = None
    new_line: int | None = None
    changes: tuple[Change, ...] = ()


SKIPPED = frozenset({"because", "order", "name", "fact"})
DECLARED = ("severities", "levels", "roles", "teams", "channels", "forms", "templates")
NOT_MEANT = ("clause", "line", "implied")


def diff(old: Policy, new: Policy) -> tuple[ClauseDiff, ...]:
    """Return the clauses that differ, those of the new version first, each in its order."""
    sides = Sides(old, new)
    found = [sides.clause(clause_id) for clause_id in new.clauses]
    found += [sides.clause(clause_id) for clause_id in old.clauses if clause_id not in new.clauses]
    return tuple(one for one in found if one is not None)


class Sides:
    """Two versions of one SOP, with what each clause of them declares and rules."""

    def __init__(self, old: Policy, new: Policy) -> None:
        self.old, self.new = old, new
        self.cells = Cells(new)
        self.rules = (_rules_by_clause(old), _rules_by_clause(new))
        self.declared = (_declared(old), _declared(new))

    def clause(self, clause_id: str) -> ClauseDiff | None:
        """Return how a clause differs, or None where it does not."""
        before, after = self.old.clauses.get(clause_id), self.new.clauses.get(clause_id)
        changes = tuple(self._changes(clause_id))
        old_line = before.line if before else None
        new_line = after.line if after else None
        if before is None or after is None:
            verdict = Verdict.ADDED if before is None else Verdict.REMOVED
        elif changes:
            verdict = _sum(changes)
        elif before.text != after.text:
            verdict = Verdict.TEXT_ONLY
            changes = (
                Change(
                    rule="", what="text", before=before.text, after=after.text, weight=Weight.SAME
                ),
            )
        else:
            return None
        return ClauseDiff(
            clause=clause_id, verdict=verdict, old_line=old_line, new_line=new_line,
            changes=changes,
        )  # fmt: skip

    def _changes(self, clause_id: str) -> Iterator[Change]:
        before, after = (side.get(clause_id, {}) for side in self.rules)
        for key in dict.fromkeys((*before, *after)):
            old, new = before.get(key), after.get(key)
            if old is None or new is None:
                yield self._whole_rule(old or new, is_new=old is None)
            else:
                yield from self._rule(old, new)
        yield from self._declarations(clause_id)

    def _whole_rule(self, rule: Rule | None, *, is_new: bool) -> Change:
        assert rule is not None
        eases = bool(rule.exception_to) or rule.because.rule.startswith("entitlement:")
        weight = Weight.CHANGED if eases else Weight.TIGHTER if is_new else Weight.LOOSER
        said = ("", "added") if is_new else ("there", "removed")
        sample = self._sample(rule.when)
        return Change(
            rule=rule.because.rule, what="rule", before=said[0], after=said[1], weight=weight,
            sample=sample,
        )  # fmt: skip

    def _rule(self, old: Rule, new: Rule) -> Iterator[Change]:
        for field in msgspec.structs.fields(new):
            if field.name in SKIPPED:
                continue
            before, after = getattr(old, field.name, None), getattr(new, field.name)
            if isinstance(before, Condition) or isinstance(after, Condition):
                yield from self._condition(new, field.name, before, after)
            elif before != after and not _same_target(before, after):
                yield Change(
                    rule=new.because.rule,
                    what=field.name.removesuffix("_permille").replace("_", " "),
                    before=said(in_units(field.name, before)),
                    after=said(in_units(field.name, after)),
                    weight=weigh(new, field.name, before, after), sample=self._sample(new.when),
                )  # fmt: skip

    def _condition(
        self, rule: Rule, what: str, before: Condition | None, after: Condition | None
    ) -> Iterator[Change]:
        """Compare by the cells they hold in; the words do not matter."""
        try:
            more = self._only(after, before)
            less = self._only(before, after)
        except Undecided:
            more = less = ""
            if said(before) == said(after):
                return
            weight = Weight.CHANGED
        else:
            if not more and not less:
                return
            weight = Weight.CHANGED if more and less else _by_cases(what, grew=bool(more))
        yield Change(
            rule=rule.because.rule, what=what, before=said(before), after=said(after),
            weight=weight, sample=more or less,
        )  # fmt: skip

    def _only(self, one: Condition | None, other: Condition | None) -> str:
        """Return a ticket for which only `one` holds, in words; empty when there is none."""
        found = self.cells.sample(Want(condition=one), Want(condition=other, truth=False))
        return "" if found is None else told(found)

    def _sample(self, condition: Condition | None) -> str:
        try:
            found = self.cells.sample(Want(condition=condition))
        except Undecided:
            return ""
        return "" if found is None else told(found)

    def _declarations(self, clause_id: str) -> Iterator[Change]:
        before, after = (side.get(clause_id, {}) for side in self.declared)
        for key in dict.fromkeys((*before, *after)):
            old, new = before.get(key), after.get(key)
            if old != new:
                yield Change(
                    rule=key, what="declaration", before=said(old), after=said(new),
                    weight=Weight.CHANGED,
                )  # fmt: skip


def _by_cases(what: str, *, grew: bool) -> Weight:
    """A rule for more cases asks more; `unless` and `needs` turn that round."""
    eases = what in ("unless", "needs", "fee_when")
    return Weight.LOOSER if grew is eases else Weight.TIGHTER


def _sum(changes: Sequence[Change]) -> Verdict:
    weights = {change.weight for change in changes} - {Weight.SAME}
    if weights == {Weight.TIGHTER}:
        return Verdict.TIGHTER
    return Verdict.LOOSER if weights == {Weight.LOOSER} else Verdict.CHANGED


def _rules_by_clause(policy: Policy) -> dict[str, dict[str, Rule]]:
    """Return the rules of each clause by kind and name; a second one of a name is numbered."""
    found: dict[str, dict[str, Rule]] = {}
    for rule in policy.rules:
        own = found.setdefault(rule.because.clause, {})
        key, number = rule.because.rule, 1
        while key in own:
            number += 1
            key = f"{rule.because.rule}#{number}"
        own[key] = rule
    return found


def _declared(policy: Policy) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what each clause declares, by kind and id, without its place."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for kind in DECLARED:
        group: Any = getattr(policy, kind)
        for one in group.values() if isinstance(group, Mapping) else group:
            parts = {
                key: in_units(key, value) for key, value in msgspec.structs.asdict(one).items()
                if key not in NOT_MEANT
            }  # fmt: skip
            found.setdefault(one.clause, {})[f"{kind}:{one.id}"] = parts
    title = policy.sop
    for name, calendar in policy.calendars.items():
        found.setdefault(title, {})[f"calendar:{name}"] = {"hours": _hours(calendar)}
    for name, parameter in policy.parameters.items():
        found.setdefault(title, {})[f"parameter:{name}"] = {"value": parameter.value}
    for word, figure in policy.words.items():
        found.setdefault(title, {})[f"word:{word}"] = {"value": figure}
    return found


def _hours(calendar: Calendar) -> dict[str, Any]:
    return {key: value for key, value in calendar.source.items() if value}


def _same_target(before: object, after: object) -> bool:
    """Two targets of one length are the same in whatever words."""
    if not isinstance(before, Target) or not isinstance(after, Target):
        return False
    return (before.amount, before.unit) == (after.amount, after.unit)


def in_units(name: str, value: object) -> object:
    """Return shares and amounts as people write them."""
    match value:
        case tuple() if name == "warn":
            return tuple(in_units("fee_permille", one) for one in value)
        case int() if name == "fee_permille":
            return f"{value // 10}%" if value % 10 == 0 else f"{value / 10}%"
        case int() if name == "limit":
            return f"{value // 100}.{value % 100:02d}"
    return value


def said(value: object) -> str:
    """Return a part of a rule as people read it."""
    match value:
        case None:
            return "none"
        case Condition():
            return value.source
        case Target():
            return value.text or f"{value.amount} {value.unit.value.replace('_', ' ')}"
        case RuleBase():
            return value.because.rule
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case tuple() | list():
            return ", ".join(said(one) for one in value) or "none"
        case dict():
            return ", ".join(f"{key} {said(one)}" for key, one in value.items() if one)
        case msgspec.Struct():
            parts = msgspec.structs.asdict(value).items()
            tag = type(value).__struct_config__.tag or type(value).__name__.lower()
            return f"{tag} " + " ".join(said(one) for _, one in parts if one)
        case _:
            return str(value)
