"""From a document to a policy: the order in which everything is read, and the façade's compiler.

`compile_sop` never raises, whatever it is given; it answers all problems at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kept.policy.conditions import FieldType, Type
from kept.policy.errors import Compiled
from kept.policy.rules import Clause, Policy, Rule
from kept.policy.sop.declare import Declarations
from kept.policy.sop.expectations import check_examples
from kept.policy.sop.extends import Family, with_parent
from kept.policy.sop.front import Front, lower_front
from kept.policy.sop.hash import policy_hash
from kept.policy.sop.lint import cases, lint, times, wording
from kept.policy.sop.lint.desk import Desk
from kept.policy.sop.locked import check_locked
from kept.policy.sop.lowering import Lowering
from kept.policy.sop.papers import Papers
from kept.policy.sop.params import Figures
from kept.policy.sop.parse import Document, Loaded, parse
from kept.policy.sop.resolve import Names
from kept.policy.sop.rule_kinds import LOWERED, lower_rule
from kept.policy.sop.source import Problems
from kept.policy.sop.tree import Shape
from kept.policy.sop.yaml import Map, Node, Scalar, Seq
from kept.policy.sop.zones import tzdata_version
from kept.policy.words import Enforce

NAMED_BY_RULES = {"step": "step", "clock": "clock", "window": "clock", "approval": "approval"}


def compile_sop(
    text: str,
    *,
    name: str = "sop.md",
    parameters: Mapping[str, str] = {},
    parents: Mapping[str, str] = {},
    lints: bool = True,
) -> Compiled:
    """Compile an SOP; `policy` is None exactly when a problem is an error.

    Without `lints` only what cannot be read at all is an error: for a text that was linted when
    it came into force, and must go on under a later version with stricter lints.
    """
    problems = Problems()
    family = with_parent(parse(text, name, problems), parents, problems)
    policy = _whole(family, problems, parameters, is_checked=lints)
    if lints:
        look = _lint_what_stands if problems.has_errors else _lint
        look(policy, family, problems)
    kept = None if problems.has_errors else policy
    own = None if family.parent is not None else family.document.source
    return Compiled(policy=kept, problems=problems.sorted(own))


def _whole(
    family: Family, problems: Problems, parameters: Mapping[str, str], *, is_checked: bool
) -> Policy:
    """Lower a document; where it has a parent, hold it against what the parent locked."""
    if family.parent is None or not is_checked:
        return lower(family.document, problems, parameters, with_examples=is_checked)[0]
    alone = Problems()
    old, locked = lower(family.parent, alone, {})
    policy, _ = lower(family.document, problems, parameters, with_examples=True)
    if alone.has_errors:
        problems.take(alone.found)
    elif not problems.has_errors:
        check_locked(old, policy, locked, family, problems)
    return policy


def _lint(policy: Policy, family: Family, problems: Problems) -> None:
    """Lint the policy; what is wrong in a parent's clause is told where it is extended."""
    if family.parent is None:
        lint(policy, family.document.source, problems)
        return
    inherited = {node.id for node in family.parent.clauses}
    found = Problems()
    lint(policy, family.document.source, found)
    for one in found.found:
        if one.clause not in inherited:
            problems.found.append(one)
        elif one.severity == "error":
            problems.error(
                family.touched.get(one.clause) or family.place, one.code, one.message,
                clause=one.clause, advice=one.advice,
            )  # fmt: skip


def _lint_what_stands(policy: Policy, family: Family, problems: Problems) -> None:
    """Lint what other mistakes cannot have spoilt, so that all errors are told at once."""
    if family.parent is not None or problems.is_full:
        return
    found = Problems()
    desk = Desk(policy, family.document.source, found)
    for look in (cases.tables, times.calendars_that_never_open, wording.blanks_without_source):
        look(desk)
    problems.take(one for one in found.found if one.severity == "error")


def lower(
    document: Document,
    problems: Problems,
    parameters: Mapping[str, str],
    *,
    with_examples: bool = False,
) -> tuple[Policy, dict[str, int]]:
    """Return the policy and the locked clauses; with errors in `problems` it is not to be used."""
    names = Names(problems)
    figures = Figures(problems=problems)
    lowering = Lowering(
        source=document.source, problems=problems, names=names, figures=figures, sop=document.sop
    )
    front = lower_front(lowering, document, parameters)
    declarations = Declarations(lowering, document)
    declarations.read(front.zone)
    papers = Papers(lowering, declarations)
    _declare_rest(lowering, document, declarations, papers)
    declarations.check()
    rules = _rules(lowering, document, declarations, papers)
    for loaded in document.of_kind("note"):
        papers.note(loaded)
    for loaded in document.of_kind("test"):
        papers.test(loaded)
    policy = _policy(document, front, declarations, papers, rules)
    if with_examples:
        check_examples(lowering, policy, papers.examples)
    return policy, lowering.locked


def _declare_rest(
    lowering: Lowering, document: Document, declarations: Declarations, papers: Papers
) -> None:
    """Declare what rules name and are named by: fields, forms, templates, steps, approvals."""
    fields = lowering.names.fields
    severities = tuple(severity.id for severity in declarations.severities)
    levels = tuple(level.id for level in declarations.levels)
    fields["severity"] = FieldType(type=Type.CHOICE, values=severities)
    fields["level"] = FieldType(type=Type.CHOICE, values=levels, ordered=True)
    fields["by_level"] = fields["level"]
    fields["channel"] = FieldType(type=Type.CHOICE, values=tuple(declarations.channels))
    fields["team"] = FieldType(type=Type.CHOICE, values=tuple(declarations.teams))
    lowering.names.of("clause").update(
        (clause.id, clause.place.line) for clause in document.clauses if clause.id
    )
    for loaded in document.of_kind("table"):
        for keys in declarations.entries(loaded, "tables"):
            papers.table_inputs(keys)
    for loaded in document.of_kind("form"):
        for keys in declarations.entries(loaded, "forms"):
            papers.form(keys)
            keys.done()
    for loaded in document.of_kind("template"):
        for keys in declarations.entries(loaded, "templates"):
            papers.template(keys)
            keys.done()
    for loaded in document.of_kind("rule"):
        for node in _rule_maps(loaded):
            _name_rule(lowering, node)


def _name_rule(lowering: Lowering, node: Map) -> None:
    for leading, kind in NAMED_BY_RULES.items():
        scalar = node.get(leading)
        if isinstance(scalar, Scalar):
            lowering.names.of(kind).setdefault(scalar.text.strip(), scalar.place.line)


def _rule_maps(loaded: Loaded) -> list[Map]:
    node = loaded.node
    values: list[Node] = node.values if isinstance(node, Seq) else [node]
    return [value for value in values if isinstance(value, Map)]


def _rules(
    lowering: Lowering, document: Document, declarations: Declarations, papers: Papers
) -> tuple[Rule, ...]:
    found: list[Rule] = []
    order = 0
    for loaded in document.of_kind("rule", "table"):
        if loaded.kind == "table":
            for keys in declarations.entries(loaded, "tables"):
                table = papers.table(keys, order)
                order += 1
                if table is not None:
                    found.append(table)
            continue
        maps = _rule_maps(loaded)
        if not maps:
            lowering.problems.error(
                loaded.node.place, "E431", "a rule block takes a mapping",
                clause=loaded.clause.id, advice="begin with " + ", ".join(LOWERED),
            )  # fmt: skip
        for node in maps:
            rule = lower_rule(lowering, node, loaded.clause, order)
            order += 1
            if rule is not None:
                found.append(rule)
    return tuple(found)


def _policy(
    document: Document,
    front: Front,
    declarations: Declarations,
    papers: Papers,
    rules: tuple[Rule, ...],
) -> Policy:
    policy = Policy(
        sop=document.sop,
        title=front.title,
        version=front.version,
        hash="",
        zone=front.zone,
        currency=front.currency,
        effective_at=front.effective_at,
        tzdata=tzdata_version(),
        words=front.words,
        parameters=front.parameters,
        unset=tuple(one.id for one in front.parameters.values() if one.value is None),
        fields=front.fields | papers.table_fields,
        clauses=_clauses(document, rules, papers.informative),
        severities=tuple(declarations.severities),
        levels=tuple(declarations.levels),
        roles=declarations.roles,
        teams=declarations.teams,
        channels=declarations.channels,
        forms=papers.forms,
        templates=papers.templates,
        calendars=declarations.calendars,
        rules=rules,
        tests=tuple(papers.tests),
        confirm_window=front.confirm_window,
        extends=front.extends,
        facts=papers.facts,
    )
    return _with_hash(policy)


def _with_hash(policy: Policy) -> Policy:
    fields: dict[str, Any] = {name: getattr(policy, name) for name in policy.__struct_fields__}
    return Policy(**(fields | {"hash": policy_hash(policy)}))


LADDER = tuple(Enforce)


def _clauses(
    document: Document, rules: tuple[Rule, ...], informative: set[str]
) -> dict[str, Clause]:
    kinds: dict[str, list[str]] = {}
    enforce: dict[str, Enforce] = {}
    for rule in rules:
        clause = rule.because.clause
        kinds.setdefault(clause, []).append(rule.because.rule.partition(":")[0])
        hardest = max(rule.enforce, enforce.get(clause, rule.enforce), key=LADDER.index)
        enforce[clause] = hardest
    for loaded in document.blocks:
        if loaded.kind not in ("rule", "table", "test"):
            kinds.setdefault(loaded.clause.id, []).append(loaded.kind)
    return {
        node.id: Clause(
            id=node.id,
            line=node.place.line,
            text=node.text,
            heading=node.shape is Shape.HEADING,
            depth=node.depth,
            parent=node.parent.id if node.parent else None,
            kinds=tuple(dict.fromkeys(kinds.get(node.id, ()))),
            enforce=enforce.get(node.id),
            informative=node.id in informative,
            order=order,
        )
        for order, node in enumerate(document.clauses)
        if node.id
    }
