"""The words an SOP's conditions know for a field: what a form can offer for `topic` or `reason`.

A field of the language without declared values (type, topic, reason, method, flags) means what
the document's own conditions compare it with.
"""

from collections.abc import Iterator

from kept.policy.conditions import Expr, walk
from kept.policy.rules import (
    ApprovalRule,
    Condition,
    EntitlementRule,
    Form,
    GateRule,
    Policy,
    ReactionRule,
    Rule,
    Scope,
    StepRule,
    TableRule,
)
from kept.policy.words import Enforce

ARTICLES, NONE_FOUND = "articles", "none_found"
"""Fields of a form that is filled from the desk's knowledge: what was used, that there is none."""


def known_words(policy: Policy, field: str) -> tuple[str, ...]:
    """Return the words that conditions and tables name for a field, in the document's order."""
    words: dict[str, None] = {}
    declared = policy.fields.get(field)
    if declared is not None:
        words.update(dict.fromkeys(declared.values))
    for rule in policy.rules:
        for condition in _conditions(rule):
            words.update(dict.fromkeys(_words(condition.tree, field)))
        if isinstance(rule, TableRule):
            for row in rule.rows:
                for name, values in row.when:
                    if name == field:
                        words.update(dict.fromkeys(values))
    return tuple(words)


def handoff_step(policy: Policy, scope: Scope) -> StepRule | None:
    """Return the step with a form that must be done before an escalation told in `scope`.

    Either the step itself comes before escalating, or a gate of escalating wants it done; each
    level may want its own.
    """
    wanted = {
        word
        for rule in policy.rules
        if isinstance(rule, GateRule) and rule.name == "escalated" and rule.needs is not None
        and (rule.when is None or rule.when.test(scope) is True)
        for word in _words(rule.needs.tree, "steps_done")
    }  # fmt: skip
    done = scope.get("steps_done") or ()
    assert isinstance(done, tuple)
    steps = [rule for rule in policy.rules if isinstance(rule, StepRule) and rule.form]
    fitting = [rule for rule in steps if rule.before == "escalated" or rule.name in wanted]
    return next((rule for rule in fitting if rule.name not in done), None)


def words_in(condition: Condition, field: str) -> tuple[str, ...]:
    """Return the words that one condition compares a field with, in its order."""
    return tuple(dict.fromkeys(_words(condition.tree, field)))


def accepted_reasons(policy: Policy, event: str, scope: Scope) -> tuple[str, ...]:
    """Return the reasons that a gate of this event accepts, empty where any reason will do."""
    for rule in policy.rules:
        if not isinstance(rule, GateRule) or rule.name != event or rule.needs is None:
            continue
        if rule.enforce not in (Enforce.BLOCK, Enforce.REQUIRE):
            continue
        if rule.when is not None and rule.when.test(scope) is not True:
            continue
        for node in walk(rule.needs.tree) if rule.needs.tree is not None else ():
            if node.op == "in" and node.args[0].name == "reason" and node.args[1].op == "list":
                return tuple(str(value.value) for value in node.args[1].args)
    return ()


def _conditions(rule: Rule) -> Iterator[Condition]:
    held: tuple[Condition | None, ...] = (rule.when,)
    if isinstance(rule, GateRule):
        held = (rule.when, rule.needs)
    elif isinstance(rule, ReactionRule):
        held = (rule.when, rule.unless)
    elif isinstance(rule, EntitlementRule):
        held = (rule.when, rule.fee_when)
    elif isinstance(rule, ApprovalRule):
        held = (rule.when,)
    yield from (condition for condition in held if condition is not None)


def _words(node: Expr | None, field: str) -> Iterator[str]:
    """Yield the literals of comparisons and memberships that name the field."""
    if node is None:
        return
    named = any(part.op == "field" and part.name == field for part in node.args)
    if node.op in ("==", "!=", "in") and named:
        for part in node.args:
            yield from _literals(part)
        return
    for part in node.args:
        yield from _words(part, field)


def _literals(node: Expr) -> Iterator[str]:
    if node.op == "literal" and isinstance(node.value, str) and node.value:
        yield node.value
    for part in node.args:
        yield from _literals(part)


def knowledge_step(policy: Policy) -> tuple[StepRule, Form] | None:
    """Return the step that looks into the desk's knowledge: its form lists the articles used."""
    for rule in policy.rules:
        if not isinstance(rule, StepRule) or rule.form not in policy.forms:
            continue
        form = policy.forms[rule.form]
        if any(field.id == ARTICLES and field.type == "list" for field in form.fields):
            return rule, form
    return None
