"""Mutants: an SOP with one thing changed, to see whether an example notices.

Only what an SOP promises is changed: a figure, an operator, a level, a stop event or a role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from kept.policy.conditions import Expr, FieldType, Type, compile_tree
from kept.policy.errors import NotAFact
from kept.policy.rules import (
    Action,
    ApprovalRule,
    By,
    ClockRule,
    Condition,
    EscalateAction,
    NotifyAction,
    PageAction,
    Policy,
    Rule,
    SopTest,
    Target,
)
from kept.policy.sop.testing import Compile, can_be_touched, differences, live
from kept.policy.words import Frozen

FIGURES = ("target", "every", "after", "expires")
ACTIONS = ("do", "on_warn", "on_miss")
CONDITIONS = ("when", "unless", "needs")
SWAPPED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
OTHER_STOP = {"agent_public": "agent_note", "resolved": "closed", "accepted": "assigned"}


class Mutant(Frozen, frozen=True, kw_only=True):
    """One change: `what` of the rule at `place` becomes `after`; `parts` are its new values."""

    place: int
    clause: str
    line: int
    rule: str
    what: str
    before: str
    after: str
    parts: dict[str, Any]


class Score(Frozen, frozen=True, kw_only=True):
    """How many changes the examples noticed, and which they did not."""

    killed: int
    survivors: tuple[Mutant, ...]

    @property
    def total(self) -> int:
        return self.killed + len(self.survivors)

    @property
    def percent(self) -> int:
        return 100 * self.killed // self.total if self.total else 100


def mutate(
    policy: Policy,
    compile_with: Compile,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Score:
    """Try every mutant against the tests that pass as things are."""
    groups = list(_groups(policy, compile_with))
    every = list(mutants(policy))
    survivors: list[Mutant] = []
    for done, mutant in enumerate(every):
        progress(done, len(every))
        if not any(_notices(under, tests, mutant) for under, tests in groups):
            survivors.append(mutant)
    progress(len(every), len(every))
    return Score(killed=len(every) - len(survivors), survivors=tuple(survivors))


def _groups(policy: Policy, compile_with: Compile) -> Iterator[tuple[Policy, list[SopTest]]]:
    """Yield the passing tests by the parameters they set, each with its policy."""
    by_parameters: dict[tuple[tuple[str, str], ...], list[SopTest]] = {}
    for test in policy.tests:
        by_parameters.setdefault(tuple(sorted(test.parameters.items())), []).append(test)
    for parameters, tests in by_parameters.items():
        under = compile_with(dict(parameters)) if parameters else policy
        if under is not None and len(under.rules) == len(policy.rules):
            yield under, [test for test in tests if not _fails(under, test)]


def _notices(policy: Policy, tests: Sequence[SopTest], mutant: Mutant) -> bool:
    rules = list(policy.rules)
    rules[mutant.place] = replace(rules[mutant.place], **mutant.parts)
    changed = replace(policy, rules=tuple(rules), hash=f"{policy.hash}~{id(mutant)}")
    near_first = sorted(tests, key=lambda test: test.clause != mutant.clause)
    return any(_fails(changed, test) for test in near_first)


def _fails(policy: Policy, test: SopTest) -> bool:
    try:
        return any(True for _ in differences(live(policy, test), test.expect))
    except NotAFact:
        return True


# Changes -----------------------------------------------------------------------------------------


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Yield every single change to the rules that a ticket can set going."""
    levels = tuple(level.id for level in policy.levels)
    order = FieldType(type=Type.CHOICE, values=levels, ordered=True)
    fields = {"level": order, "by_level": order}
    for place, rule in enumerate(policy.rules):
        if can_be_touched(rule):
            for what, before, after, parts in _changes(rule, fields, levels, tuple(policy.roles)):
                yield Mutant(
                    place=place, clause=rule.because.clause, line=rule.because.line,
                    rule=rule.because.rule, what=what, before=before, after=after, parts=parts,
                )  # fmt: skip


Change = tuple[str, str, str, dict[str, Any]]
"""What is changed, from what, to what, and the rule's new values."""


def _changes(
    rule: Rule, fields: Mapping[str, FieldType], levels: Sequence[str], roles: Sequence[str]
) -> Iterator[Change]:
    yield from _figures(rule)
    yield from _operators(rule, fields)
    yield from _stops(rule)
    yield from _people(rule, roles)
    yield from _actions(rule, levels, roles)


def _figures(rule: Rule) -> Iterator[Change]:
    for key in FIGURES:
        target = getattr(rule, key, None)
        if not isinstance(target, Target):
            continue
        said = target.text or str(target.amount)
        yield "figure", said, f"twice {said}", {key: replace(target, amount=target.amount * 2)}
        if target.amount > 1:
            half = replace(target, amount=target.amount // 2)
            yield "figure", said, f"half of {said}", {key: half}


def _operators(rule: Rule, fields: Mapping[str, FieldType]) -> Iterator[Change]:
    if isinstance(rule, ClockRule) and rule.target is not None:
        words = ("under", "within") if rule.strict else ("within", "under")
        yield "operator", *words, {"strict": not rule.strict}
    for key in CONDITIONS:
        condition: Condition | None = getattr(rule, key, None)
        if condition is None or not isinstance(condition.tree, Expr):
            continue
        for before, after, tree in _swaps(condition.tree):
            changed = replace(condition, tree=tree, test=compile_tree(tree, fields))
            yield "operator", f"{key} {before}", f"{key} {after}", {key: changed}


def _swaps(tree: Expr) -> Iterator[tuple[str, str, Expr]]:
    """Yield the tree with one comparison turned into its neighbour."""
    if tree.op in SWAPPED and tree.args[0].op == "field":
        after = SWAPPED[tree.op]
        told = f"{tree.args[0].name} {{}} {tree.args[1].value}"
        yield told.format(tree.op), told.format(after), replace(tree, op=after)
    for place, part in enumerate(tree.args):
        for before, after, inner in _swaps(part):
            args = (*tree.args[:place], inner, *tree.args[place + 1 :])
            yield before, after, replace(tree, args=args)


def _stops(rule: Rule) -> Iterator[Change]:
    for key in ("stop", "act"):
        events: tuple[str, ...] = getattr(rule, key, ())
        for place, event in enumerate(events):
            other = OTHER_STOP.get(event, "agent_public")
            after = (*events[:place], other, *events[place + 1 :])
            yield "stop event", event, other, {key: after}


def _people(rule: Rule, roles: Sequence[str]) -> Iterator[Change]:
    by: By | None = getattr(rule, "by", None) if not isinstance(rule, ApprovalRule) else None
    if by is not None:
        told = f"role:{by.role}" if by.role else by.kind
        wider = "human" if by.kind in ("level", "role") else "any" if by.kind == "human" else ""
        if wider:
            yield "role", f"by {told}", f"by {wider}", {"by": By(kind=wider)}
    if isinstance(rule, ApprovalRule):
        for role in rule.by:
            others = [one for one in roles if one not in rule.by]
            if others:
                left = tuple(one for one in rule.by if one != role)
                yield "role", role, others[0], {"by": (*left, others[0])}
        for who in rule.distinct_from:
            left = tuple(one for one in rule.distinct_from if one != who)
            yield "role", f"distinct from {who}", f"also {who}", {"distinct_from": left}


def _actions(rule: Rule, levels: Sequence[str], roles: Sequence[str]) -> Iterator[Change]:
    for key in ACTIONS:
        actions: tuple[Action, ...] = getattr(rule, key, ())
        for place, action in enumerate(actions):
            for what, before, after, other in _other_action(action, levels, roles):
                changed = (*actions[:place], other, *actions[place + 1 :])
                yield what, before, after, {key: changed}


def _other_action(
    action: Action, levels: Sequence[str], roles: Sequence[str]
) -> Iterator[tuple[str, str, str, Action]]:
    match action:
        case EscalateAction(to=str(level)) if level in levels and len(levels) > 1:
            place = levels.index(level)
            other = levels[place - 1] if place else levels[1]
            yield "level", level, other, replace(action, to=other)
        case EscalateAction(to=None, by=by):
            yield "level", f"+{by}", f"+{by + 1}", replace(action, by=by + 1)
        case PageAction(role=role):
            for other in [one for one in roles if one != role][:1]:
                yield "role", f"page {role}", f"page {other}", replace(action, role=other)
        case NotifyAction(who=who):
            for name in who:
                left = tuple(one for one in who if one != name) or ("nobody",)
                yield "role", f"notify {name}", f"not {name}", replace(action, who=left)
