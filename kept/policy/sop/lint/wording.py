"""Lints about words: vague ones, clauses that do nothing, blanks, and figures people game."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kept.policy.rules import (
    CadenceRule,
    Clause,
    EscalateAction,
    MeasureRule,
    ReactionRule,
    Rule,
    WindowRule,
)
from kept.policy.sop import told
from kept.policy.sop.figures import quantities
from kept.policy.sop.lint.desk import Desk
from kept.policy.sop.source import did_you_mean

VAGUE = {
    "immediately": ("immediately", "straight away", "right away", "instantly"),
    "promptly": ("promptly", "without delay", "without undue delay"),
    "soon": ("as soon as possible", "as soon as we can", "asap", "shortly", "quickly", "swiftly"),
    "timely": ("timely", "in good time", "in due course", "in due time"),
    "regularly": ("regularly", "periodically", "frequently", "from time to time", "routinely"),
    "reasonable": ("within a reasonable time", "reasonable time"),
}
"""A family of vague words; a meaning given under `words` to one of them serves them all."""
VAGUE_WORD = re.compile(
    r"(?<![\w-])(" + "|".join(
        sorted((re.escape(w) for family in VAGUE.values() for w in family), key=len, reverse=True)
    ) + r")(?![\w-])", re.IGNORECASE,
)  # fmt: skip
BLANK = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
COMMON_SOURCES = frozenset({
    "ticket.number", "ticket.subject", "ticket.url", "customer.name", "customer.email",
    "agent.name", "desk.name", "desk.hours", "severity.name", "level.name", "next_due",
    "next_due_clause", "promise.due", "survey.url", "confirm.url", "reason", "outage.name",
    "outage.notice",
})  # fmt: skip
CEILINGS = ("<", "<=")
MANDATORY = re.compile(r"escalat", re.IGNORECASE)
SET_APART = re.compile(r"voluntary|mandatory|by_hand|manual|required", re.IGNORECASE)
PERSONAL = re.compile(r"escalat|reopen|handl|duration|attempt", re.IGNORECASE)
FACT_WORDS = ("section", "count", "order", "list", "key", "name", "code")


def blanks_without_source(desk: Desk) -> None:
    """Every blank of a template can be filled from the ticket or by a field."""
    for template in desk.policy.templates.values():
        known = COMMON_SOURCES | {field.id for field in template.fields}
        said = "\n".join(f"{subject}\n{body}" for subject, body in template.texts())
        for blank in dict.fromkeys(BLANK.findall(said)):
            if blank not in known:
                clause = desk.policy.clauses.get(template.clause)
                near = did_you_mean(blank, known) if blank else "name what belongs there"
                sign = re.compile(r"\{\{\s*" + re.escape(blank) + r"\s*\}\}")
                desk.error(
                    "E610", f'template "{template.id}" has a blank without source: '
                    f"{{{{ {blank} }}}}",
                    line=desk.line_with(sign, clause.line if clause else 1),
                    clause=template.clause,
                    advice=near or f"add a field {blank} to the template",
                )  # fmt: skip


def clauses_without_effect(desk: Desk) -> None:
    """A clause that nothing carries out and nothing checks is only a wish."""
    tested = {test.clause for test in desk.policy.tests}
    with_rules = {rule.because.clause for rule in desk.policy.rules}
    above = {clause.parent for clause in desk.policy.clauses.values()}
    for clause in desk.policy.clauses.values():
        silent = clause.heading or clause.informative or clause.kinds or clause.id in above
        if silent or clause.id in tested | with_rules or clause.text.rstrip().endswith(":"):
            continue
        desk.warning(
            "W701", "nothing carries this clause out or checks it",
            line=clause.line, clause=clause.id,
            advice="add a rule, or a note that says informative: true or names the evidence",
        )  # fmt: skip


def vague_words(desk: Desk) -> None:
    """A vague word needs a figure: of the SOP's words, of the clause, or an act of the desk."""
    rules: dict[str, list[Rule]] = {}
    for rule in desk.policy.rules:
        rules.setdefault(rule.because.clause, []).append(rule)
    for clause in desk.policy.clauses.values():
        for word in _undefined(desk, clause, rules.get(clause.id, [])):
            desk.warning(
                "W710", f'"{word}" has no figure',
                line=clause.line, clause=clause.id,
                advice=f"say a time, or give the word one: words: {{{_family(word)}: ...}}",
            )  # fmt: skip


def _undefined(desk: Desk, clause: Clause, rules: list[Rule]) -> Iterator[str]:
    if clause.heading or clause.informative:
        return
    if any(_gives_a_time(rule) for rule in rules) or quantities(clause.text):
        return
    defined = {name.partition(".")[0].casefold() for name in desk.policy.words}
    for word in dict.fromkeys(found.casefold() for found in VAGUE_WORD.findall(clause.text)):
        if not defined & {word, *VAGUE[_family(word)], _family(word)}:
            yield word


def _family(word: str) -> str:
    return next(name for name, family in VAGUE.items() if word in family)


def _gives_a_time(rule: Rule) -> bool:
    """Tell whether a rule says when: by a target, a rhythm, or by acting with the event."""
    if isinstance(rule, WindowRule | CadenceRule):
        return True
    if isinstance(rule, ReactionRule):
        return bool(rule.on) or rule.after is not None
    return told.target_of(rule) is not None


def perverse_measures(desk: Desk) -> None:
    """A ceiling on what the SOP itself demands rewards people for not doing it."""
    demanded = [rule for rule in desk.rules(ReactionRule) if _escalates(rule)]
    for rule in desk.rules(MeasureRule):
        if rule.op not in CEILINGS:
            continue
        if MANDATORY.search(rule.of) and demanded and not SET_APART.search(rule.of):
            desk.warning(
                "W709",
                f"{rule.because.rule} limits escalations, and {len(demanded)} rules demand them",
                line=rule.because.line, clause=rule.because.clause,
                other_line=demanded[0].because.line,
                advice="count voluntary ones only, or watch the figure without a target",
            )  # fmt: skip
        elif "agent" in rule.split and PERSONAL.search(rule.of):
            desk.warning(
                "W709", f"{rule.because.rule} is a ceiling for each agent: it pays to look away",
                line=rule.because.line, clause=rule.because.clause,
                advice="take agent out of split:, or drop the target",
            )  # fmt: skip


def _escalates(rule: ReactionRule) -> bool:
    return any(isinstance(action, EscalateAction) for action in rule.do)


def figures_not_in_the_text(desk: Desk) -> None:
    """What `show` tells as a figure of the text must stand in it."""
    for rule in desk.policy.rules:
        clause = desk.policy.clauses.get(rule.because.clause)
        text = clause.text if clause else ""
        for fact in rule.fact:
            for key, figure in _figures("", fact):
                if not _stands_in(figure, text):
                    desk.error(
                        "E621", f"the fact says {key}: {figure}, the clause does not",
                        line=rule.because.line, clause=rule.because.clause,
                        advice=f"write {told.FIGURE}, or say it in the clause",
                    )  # fmt: skip
    everything = "\n".join(clause.text for clause in desk.policy.clauses.values())
    for key, figure in _figures("", {k: v for k, v in desk.policy.facts.items() if k != "counts"}):
        if not _stands_in(figure, everything):
            desk.error(
                "E621", f"a note's facts say {key}: {figure}, no clause does",
                line=desk.line_with(re.compile(rf"\b{re.escape(key)}\b.*{re.escape(figure)}"), 1),
                clause=desk.policy.sop, advice="say it in a clause, or drop it",
            )  # fmt: skip


def parameters_without_value(desk: Desk) -> None:
    """A draft runs its examples and cannot come into force."""
    for name in desk.policy.unset:
        parameter = desk.policy.parameters[name]
        desk.warning(
            "W714", f'parameter "{name}" has no value: this is a draft',
            line=parameter.line or 1, clause=desk.policy.sop,
            advice="give it a value before the SOP can be activated",
        )  # fmt: skip


def _figures(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the numbers written under keys that hold figures."""
    if isinstance(value, Mapping):
        own = key.rpartition(".")[2] or str(value.get("key", "")).rpartition(".")[2]
        for name, each in value.items():
            yield from _figures(own if name == "value" and own else str(name), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _figures(key, each)
    elif told.is_figure_key(key) and key not in FACT_WORDS and not isinstance(value, bool):
        written = str(value)
        if told.NUMBER.match(written):
            yield key, written


def _stands_in(figure: str, text: str) -> bool:
    bare = figure.removesuffix(".0")
    if re.search(rf"(?<![\w.]){re.escape(bare)}(?!\w)", text):
        return True
    return any(str(one.amount) == bare for one in quantities(text))
