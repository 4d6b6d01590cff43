"""What a compiled SOP says, as plain values: the answer of `kept sop show`.

Declarations give the words, rules the figures; a rule's `fact` and a note's `facts` add words
only. Lists that a `fact` names hold exactly what was named; the others are derived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from kept.policy.rules import Policy, Rule
from kept.policy.sop import told
from kept.policy.sop.cells import Cells
from kept.policy.sop.entries import DERIVED, entry
from kept.policy.sop.placed import channel_figures, level_figures, severity_figures, speaks_of

DECLARED = ("severities", "levels", "channels")
COUNTED = (*DECLARED, "templates", "parts", "triggers")

Told = dict[str, Any]


def show(policy: Policy) -> Told:
    """Return the facts of a policy; every figure in them is the policy's own."""
    cells = Cells(policy)
    book: Told = {"sop": policy.sop, "title": policy.title, "version": policy.version}
    book["hash"] = policy.hash
    book["severities"] = [_severity(policy, cells, place) for place in range(_size(policy))]
    book["levels"] = [
        {"order": order, **_level(policy, cells, level)}
        for order, level in enumerate(told.listed(policy.levels), 1)
    ]
    book["channels"] = [
        _channel(policy, cells, channel) for channel in told.listed(policy.channels.values())
    ]
    named = _take_facts(policy, cells, book)
    _derive(policy, book, named)
    book["hours"] = _hours(policy)
    book["roles"] = [{"name": role.name} for role in told.listed(policy.roles.values())]
    book["templates"] = _templates(policy)
    book["forms"] = [
        {"name": form.title, "fields": [field.label for field in form.fields]}
        for form in told.listed(policy.forms.values())
    ]
    counts = _merge_notes(policy, book)
    _count(policy, book, counts)
    book["parameters"] = [_parameter(policy, name) for name in policy.parameters]
    book["clauses"] = [_clause(policy, clause_id) for clause_id in policy.clauses]
    return book


# What is declared ------------------------------------------------------------------------------


def _size(policy: Policy) -> int:
    return len(told.listed(policy.severities))


def _severity(policy: Policy, cells: Cells, place: int) -> Told:
    severity = told.listed(policy.severities)[place]
    head: Told = {"name": severity.name}
    if severity.id != severity.name and any(letter.isdigit() for letter in severity.id):
        head = {"code": severity.id, **head}
    figures = severity_figures(policy, cells, severity.id)
    definition = {"definition": list(severity.definition)} if severity.definition else {}
    return {**head, **figures, **definition}


def _level(policy: Policy, cells: Cells, level: Any) -> Told:
    found: Told = {"name": level.name}
    if level.who:
        who = [part.strip() for part in level.who.split(",")]
        found["who"] = who if len(who) > 1 else who[0]
    found |= level_figures(policy, cells, level)
    if level.scope:
        found["scope"] = list(level.scope)
    return found


def _channel(policy: Policy, cells: Cells, channel: Any) -> Told:
    found: Told = {"name": channel.name}
    if channel.primary:
        found["primary"] = True
    if channel.purposes:
        found["use"] = list(channel.purposes)
    if channel.hours:
        found["hours"] = channel.hours
    return found | channel_figures(policy, cells, channel.id)


def _templates(policy: Policy) -> list[Told]:
    """Blanks are told as people write them: `[Issue Type]`."""
    found = []
    for template in told.listed(policy.templates.values()):
        labels = {field.id: field.label for field in template.fields}
        labels = {"ticket.number": "ID", "customer.name": "Name", **labels}
        subject = template.subject
        for name, label in labels.items():
            for written in (f"{{{{ {name} }}}}", f"{{{{{name}}}}}"):
                subject = subject.replace(written, f"[{label}]")
        found.append({"name": template.title, "subject": subject})
    return found


def _hours(policy: Policy) -> list[Told] | None:
    found = [
        {"name": name, "zone": calendar.zone, "open": calendar.source.get("open")}
        for name, calendar in policy.calendars.items()
        if name != "24x7" and not calendar.source.get("implied")
    ]
    return found or None


def _parameter(policy: Policy, name: str) -> Told:
    parameter = policy.parameters[name]
    return {
        "name": name, "value": parameter.value, "unit": parameter.unit,
        "why": parameter.why, "set": parameter.value is not None,
    }  # fmt: skip


def _clause(policy: Policy, clause_id: str) -> Told:
    clause = policy.clauses[clause_id]
    return {
        "id": clause.id,
        "line": clause.line,
        "text": clause.text,
        "kinds": list(clause.kinds),
        "enforce": clause.enforce.value if clause.enforce else None,
    }


# What rules add --------------------------------------------------------------------------------


def _take_facts(policy: Policy, cells: Cells, book: Told) -> set[str]:
    """Put every rule's `fact` in its place; return the lists that were named."""
    named: set[str] = set()
    for rule in policy.rules:
        for fact in rule.fact:
            if (into := str(fact.get("list", ""))) not in ("", *DECLARED):
                named.add(into)
            _take(policy, cells, book, rule, dict(fact))
    return named - {"none"}


def _take(policy: Policy, cells: Cells, book: Told, rule: Rule, fact: Told) -> None:
    into, key = fact.pop("list", None), fact.pop("key", None)
    for kind in DECLARED:
        if isinstance(fact.get(kind), Mapping):
            _adorn(policy, cells, book, rule, kind, dict(fact.pop(kind)))
    if into in DECLARED:
        _adorn(policy, cells, book, rule, str(into), fact)
    elif into is not None and into != "none":
        place = fact.pop("place", None)
        whole = entry(policy, rule, str(into), fact)
        listed = _list_at(book, str(into))
        listed.insert(len(listed) if place is None else int(place) - 1, whole)
    elif key is not None:
        _put(policy, book, rule, str(key), fact)


def _adorn(policy: Policy, cells: Cells, book: Told, rule: Rule, kind: str, fact: Told) -> None:
    """Add words to the declared things a rule names, or else to those it speaks of."""
    name = fact.pop("name", None) or fact.pop("code", None)
    chosen = {str(name)} if name else set(speaks_of(policy, cells, rule, kind))
    for one in book[kind]:
        if chosen & {one.get("name"), one.get("code"), str(one.get("order"))}:
            one |= told.words(kind, fact, policy, rule)
            if "acknowledge" in fact:
                one.pop("acknowledge_min", None)


def _put(policy: Policy, book: Told, rule: Rule, key: str, fact: Told) -> None:
    *path, last = key.split(".")
    place = _at(book, path)
    if not fact:
        place[last] = told.figure(policy, rule, last)
    elif set(fact) == {"value"}:
        place[last] = told.words(last, fact["value"], policy, rule)
    else:
        more = told.words(last, fact, policy, rule)
        place[last] = {**place.get(last, {}), **more}


def _at(book: Told, path: Iterable[str]) -> Told:
    place = book
    for step in path:
        inner = place.setdefault(step, {})
        assert isinstance(inner, dict), f"{step} holds one value, not places inside"
        place = inner
    return place


def _list_at(book: Told, dotted: str) -> list[Any]:
    *path, last = dotted.split(".")
    found = _at(book, path).setdefault(last, [])
    assert isinstance(found, list), f"{dotted} holds one value, not a list"
    return found


def _derive(policy: Policy, book: Told, named: set[str]) -> None:
    """Fill the lists that no rule named with every rule of their kind."""
    for into, belongs in DERIVED.items():
        if into in named:
            continue
        book[into] = [
            entry(policy, rule, into, {})
            for rule in policy.rules
            if belongs(rule) and not rule.fact
        ]


# What notes add --------------------------------------------------------------------------------


def _merge_notes(policy: Policy, book: Told) -> Told:
    """Merge the notes' facts, the patterns of `counts` apart; return these."""
    facts = told.words("facts", policy.facts, policy)
    counts = facts.pop("counts", {})
    for ours in _texts(facts.pop("ours", [])):
        _leave_out(policy, book, ours)
    merge(book, facts)
    return counts if isinstance(counts, dict) else {}


def merge(into: Told, more: Mapping[str, Any]) -> None:
    """Merge key by key: mappings into mappings, lists joined, an empty value empties."""
    for key, value in more.items():
        present = into.get(key)
        if isinstance(present, dict) and isinstance(value, Mapping):
            merge(present, value)
        elif isinstance(present, list) and isinstance(value, list) and value:
            _join(present, value)
        else:
            into[key] = value


def _join(present: list[Any], more: list[Any]) -> None:
    """Append; a mapping with the name of one that is there adds its words to it."""
    by_name = {one["name"]: one for one in present if isinstance(one, dict) and "name" in one}
    for one in more:
        if isinstance(one, dict) and one.get("name") in by_name:
            merge(by_name[one["name"]], one)
        else:
            present.append(one)


def _leave_out(policy: Policy, book: Told, ours: str) -> None:
    """Leave out a whole list, or one thing of it by its id; what stays is numbered anew."""
    kind, _, name = ours.partition(".")
    if not name:
        book[kind] = None if kind == "hours" else []
        return
    declared: Any = getattr(policy, kind, ())
    each = declared.values() if isinstance(declared, Mapping) else declared
    own = [one for one in each if one.id == name]
    known = {name} | {getattr(one, "name", "") or getattr(one, "title", "") for one in own}
    book[kind] = [one for one in book.get(kind, []) if one.get("name") not in known]
    for order, one in enumerate(book[kind], 1):
        if "order" in one:
            one["order"] = order


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _count(policy: Policy, book: Told, patterns: Mapping[str, Any]) -> None:
    """Count what is listed, and the clauses whose id has a given shape."""
    counts = {kind: len(book.get(kind) or []) for kind in COUNTED}
    triggers = book.get("triggers") or []
    counts["auto_triggers"] = sum(1 for one in triggers if one.get("auto") is True)
    counts["manual_triggers"] = sum(1 for one in triggers if one.get("auto") is False)
    for name, pattern in patterns.items():
        if isinstance(pattern, str):
            counts[name] = sum(fnmatchcase(clause, pattern) for clause in policy.clauses)
    book["counts"] = {name: count for name, count in counts.items() if count}
    blanks = book.get("placeholders") or []
    if blanks:
        book["placeholder_total"] = sum(int(one.get("count", 1)) for one in blanks)
