"""Events of one ticket as `kept sop trace` reads them: strictly, each with its line.

A test block or a log may carry more than the policy reads; here a word that nobody knows is a
mistake and is told with the line it stands on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from kept.policy.errors import NotAFact
from kept.policy.facts import Fact, SopEvent
from kept.policy.rules import Policy
from kept.policy.sop.resolve import BUILT_IN_FIELDS
from kept.policy.sop.source import did_you_mean
from kept.policy.wire import FACTS, fact_from_wire, instant_from_wire
from kept.policy.words import Instant

ACTOR_KEYS = frozenset({"event", "at", "by", "role", "roles", "level", "fields"})


class BadEvent(ValueError):
    """An event that cannot be taken in; `line` is where it stands, 0 where it has none."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


def read_events(policy: Policy, events: Iterable[tuple[int, Any]]) -> tuple[Fact, ...]:
    """Return the facts of numbered event dicts; raise BadEvent at the first that is none."""
    return tuple(_read(policy, line, event) for line, event in events)


def instant(policy: Policy, written: str) -> Instant:
    """Return the instant of an ISO 8601 time; raise BadEvent where it is none."""
    try:
        return instant_from_wire(policy, written)
    except (ValueError, OverflowError):
        raise BadEvent(f'"{written}" is no instant; write 2025-06-02T10:00') from None


def _read(policy: Policy, line: int, event: Any) -> Fact:
    if not isinstance(event, dict):
        raise BadEvent('an event is a JSON object such as {"at": ..., "event": "created"}', line)
    name = event.get("event")
    if not isinstance(name, str) or not name:
        raise BadEvent("no `event`", line)
    if "at" not in event:
        raise BadEvent(f"{name} has no `at`", line)
    instant_at = event["at"]
    if not isinstance(instant_at, str):
        raise BadEvent(f"`at` of {name} is no ISO 8601 time", line)
    try:
        instant(policy, instant_at)
        fact = fact_from_wire(policy, _by_id(policy, event))
    except BadEvent as wrong:
        raise BadEvent(str(wrong), line) from None
    except NotAFact as wrong:
        advice = did_you_mean(name, sorted(event_names(policy))) if name not in FACTS else ""
        told = f"{wrong} - {advice}" if advice else str(wrong)
        raise BadEvent(told, line) from None
    for word in _unknown_words(policy, fact, event):
        advice = did_you_mean(word, sorted(_words(policy, fact)))
        told = f'{name} has no field "{word}"'
        raise BadEvent(f"{told} - {advice}" if advice else told, line)
    _check_choices(policy, fact, line)
    return fact


def _by_id(policy: Policy, event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with severities and levels by their ids where it names them."""
    severities = {one.name.casefold(): one.id for one in policy.severities}
    severities |= {one.id.casefold(): one.id for one in policy.severities}
    levels = {one.name.casefold(): one.id for one in policy.levels}
    levels |= {one.id.casefold(): one.id for one in policy.levels}
    found = dict(event)
    goal = severities if event["event"] == "severity_changed" else levels
    for key, known in (("severity", severities), ("level", levels), ("to", goal)):
        value = event.get(key)
        if isinstance(value, str):
            found[key] = known.get(value.casefold(), value)
    return found


def event_names(policy: Policy) -> set[str]:
    """Return the events that people and systems may tell of."""
    own = {form.event for form in policy.forms.values() if form.event}
    return set(FACTS) - {"sop_event"} | own


def _unknown_words(policy: Policy, fact: Fact, event: dict[str, Any]) -> Iterator[str]:
    known = _words(policy, fact)
    inner = event.get("fields")
    for word in [*event, *(inner if isinstance(inner, dict) else ())]:
        if word not in known:
            yield str(word)


def _words(policy: Policy, fact: Fact) -> set[str]:
    words = {field.name for field in msgspec.structs.fields(type(fact))} | ACTOR_KEYS
    words |= set(policy.fields) | set(BUILT_IN_FIELDS)
    for form in policy.forms.values():
        for part in form.fields:
            words |= {part.id, f"{form.id}.{part.id}"}
    return words


def _check_choices(policy: Policy, fact: Fact, line: int) -> None:
    """A severity or level that the SOP does not have is a slip of the pen."""
    if isinstance(fact, SopEvent):
        return
    names = {
        "severity": [one.id for one in policy.severities],
        "to": [],
    }
    kind = fact.__struct_config__.tag
    if kind == "severity_changed":
        names["to"] = [one.id for one in policy.severities]
    elif kind == "escalated":
        names["to"] = [one.id for one in policy.levels]
    for key, known in names.items():
        value = getattr(fact, key, None)
        if known and isinstance(value, str) and value not in known and not value.startswith("+"):
            advice = did_you_mean(value, known)
            raise BadEvent(f'{kind} has an unknown {key} "{value}" - {advice}', line)
