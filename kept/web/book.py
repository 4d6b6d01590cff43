"""The handbook's page as values: each clause with what it makes the desk do and how it fared.

The words are the SOP's own; the margin is counted from the journal. Nothing here judges.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import assert_never

from django.urls import reverse
from markdown_it import MarkdownIt
from markupsafe import Markup

from kept.policy.rules import (
    ApprovalRule,
    CadenceRule,
    Clause,
    ClockRule,
    EntitlementRule,
    GateRule,
    MeasureRule,
    Policy,
    ReactionRule,
    Rule,
    StepRule,
    TableRule,
    Target,
    WindowRule,
)
from kept.policy.titles import deed
from kept.records.queries.articles import ClauseArticle
from kept.records.queries.views import ClauseStat, HandbookView
from kept.web.say import plain

MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["image", "autolink"])
"""An SOP's own emphasis and links; HTML in it is shown, not run."""
SENTENCE = re.compile(r".+?[.!?;](?=\s|$)")
"""The first sentence of a clause: what a step asks for, without its reasons."""
Z = 1.96
"""The normal quantile of a 95 % interval."""
DEEPEST = 4
UNTOLD = frozenset({"test", "note"})
"""Blocks that do not run on a ticket."""
ACTS = {
    "closed": "close", "resolved": "resolve", "paid": "pay", "escalated": "escalate",
    "agent_public": "write to the customer",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often a clause was kept, in whole percent, with its interval."""

    percent: int
    low: int
    high: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is open under a clause now."""

    words: str
    tone: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One clause as it stands on the page. `form` is heading, item or text."""

    id: str
    text: str
    words: Markup
    form: str
    depth: int
    does: tuple[str, ...]
    rate: Rate | None
    now: Standing | None
    rules: tuple[str, ...]
    articles: tuple[ClauseArticle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the contents."""

    id: str
    text: str
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    view: HandbookView
    summary: str
    contents: tuple[Line, ...]
    leaves: tuple[Leaf, ...]


def book(
    view: HandbookView, articles: Mapping[str, tuple[ClauseArticle, ...]] | None = None
) -> Book:
    """Return the handbook of a desk, ready to be set."""
    policy: Policy = view.policy
    clauses = sorted(policy.clauses.values(), key=lambda clause: (clause.order, clause.line))
    verbs = _verbs(policy)
    blocks = _blocks(view.source, clauses)
    source = view.source.splitlines()
    leaves = tuple(
        Leaf(
            id=clause.id,
            text=plain_text(clause.text),
            words=Markup(MARKDOWN.renderInline(clause.text)),
            form=_form(clause, source),
            depth=min(max(clause.depth, 2), DEEPEST),
            does=tuple(verbs.get(clause.id, ())),
            rate=rate(view.stats.get(clause.id)),
            now=_now(view, view.stats.get(clause.id)),
            rules=tuple(blocks.get(clause.id, ())),
            articles=(articles or {}).get(clause.id, ()),
        )
        for clause in clauses
        if clause.id != policy.sop
    )
    contents = tuple(
        Line(id=leaf.id, text=leaf.text, depth=leaf.depth)
        for leaf in leaves
        if leaf.form == "heading" and leaf.depth < DEEPEST
    )
    return Book(view=view, summary=_summary(view), contents=contents, leaves=leaves)


def rate(stat: ClauseStat | None) -> Rate | None:
    """Return the share kept with Wilson's interval, None where nothing was decided."""
    if stat is None or stat.kept + stat.missed == 0:
        return None
    n = stat.kept + stat.missed
    share = stat.kept / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    reach = Z / (1 + Z * Z / n) * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    return Rate(percent=round(100 * share), low=round(100 * low), high=round(100 * high), n=n)


def does(rule: Rule) -> str:
    """Return the small verb of a rule: what its clause makes the desk do."""
    match rule:
        case ClockRule():
            return f"clock {_target(rule.target)}"
        case WindowRule():
            return f"every {_target(rule.every)}"
        case StepRule():
            within = f" within {_target(rule.target)}" if rule.target else ""
            gates = f", before {ACTS.get(rule.before, plain(rule.before))}" if rule.before else ""
            return f"step: {rule.title or deed(rule.name)}{within}{gates}"
        case ReactionRule():
            return "acts by itself" if rule.on else f"acts after {_target(rule.after)}"
        case GateRule():
            return f"gate: {ACTS.get(rule.name, plain(rule.name))}"
        case ApprovalRule():
            return f"{rule.title or 'approval'}: by {' or '.join(plain(role) for role in rule.by)}"
        case EntitlementRule():
            return f"entitles for {_target(rule.lasts)}"
        case CadenceRule():
            return f"{rule.title or 'comes round'}, every {_target(rule.every)}"
        case MeasureRule():
            goal = f" {rule.op} {rule.goal}" if rule.op and rule.goal else ""
            return f"measure{goal}"
        case TableRule():
            return f"table: {plain(rule.output)}"
        case _:
            assert_never(rule)


def clause_sentence(policy: Policy, clause: str) -> str:
    """Return the first sentence of a clause without marks of emphasis; nothing for a heading."""
    found = policy.clauses.get(clause)
    if found is None or found.heading:
        return ""
    words = " ".join(str(plain_text(found.text)).split())
    first = SENTENCE.match(words)
    return first.group(0) if first else words


def plain_text(words: str) -> str:
    """Return a clause's words without its marks of emphasis, for the contents."""
    return Markup(MARKDOWN.renderInline(words)).striptags()


def _target(target: Target | None) -> str:
    return (target.text or str(target.amount)) if target else "not set yet"


def _verbs(policy: Policy) -> dict[str, list[str]]:
    verbs: dict[str, list[str]] = defaultdict(list)
    for rule in policy.rules:
        verb = does(rule)
        if verb not in verbs[rule.because.clause]:
            verbs[rule.because.clause].append(verb)
    return verbs


def _form(clause: Clause, source: list[str]) -> str:
    if clause.heading:
        return "heading"
    line = source[clause.line - 1].lstrip() if 0 < clause.line <= len(source) else ""
    return "item" if line.startswith(("- ", "* ", "|")) or line[:1].isdigit() else "text"


def _blocks(source: str, clauses: list[Clause]) -> Mapping[str, list[str]]:
    """Return the YAML blocks below each clause, as they are written."""
    by_line = sorted((clause.line, clause.id) for clause in clauses)
    found: dict[str, list[str]] = defaultdict(list)
    block: list[str] | None = None
    place = 0
    owner = ""
    told = False
    for number, line in enumerate(source.splitlines(), 1):
        while place < len(by_line) and by_line[place][0] <= number:
            owner = by_line[place][1]
            place += 1
        if block is None and line.startswith("```yaml "):
            kind = line.removeprefix("```yaml ").strip()
            block = [f"# {kind}"]
            told = kind not in UNTOLD
        elif block is not None and line.startswith("```"):
            if told:
                found[owner].append("\n".join(block))
            block = None
        elif block is not None:
            block.append(line)
    return found


def _now(view: HandbookView, stat: ClauseStat | None) -> Standing | None:
    if stat is None or not stat.pending:
        return None
    return Standing(
        words=f"{stat.pending} open now",
        tone="running",
        href=f"{reverse('queue')}?desk={view.desk.slug}",
    )


def _summary(view: HandbookView) -> str:
    kept = sum(stat.kept for stat in view.stats.values())
    decided = kept + sum(stat.missed for stat in view.stats.values())
    if not decided:
        return "Nothing was owed under it yet."
    return f"Kept in {100 * kept / decided:.1f} % of {decided:,} commitments."
