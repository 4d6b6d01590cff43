"""Events of one ticket as `kept sop trace` reads them: strictly, each with its line.

A test block or a log may carry more than the policy reads; here a word that nobody knows is a
mistake and is told with the line it stands on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from kept.policy.errors import NotAFact
from kept.policy.facts import Fact, SopEvent, WaitingOn
from kept.policy.rules import Policy
from kept.policy.sop.resolve import BUILT_IN_FIELDS
from kept.policy.sop.source import did_you_mean
from kept.policy.wire import FACTS, fact_from_wire, instant_from_wire
from kept.policy.words import Instant

ACTOR_KEYS = frozenset({"event", "at", "by", "role", "roles", "level", "fields"})


WHO = ("customer", "third_party", "nobody")


class BadEvent(ValueError):
    """What cannot be taken in. `column` is 0 where the whole line is meant."""

    def __init__(self, sentence: str, line: int = 0, column: int = 0) -> None:
        super().__init__(sentence)
        self.line = line
        self.column = column


class BadEvents(Exception):
    """Every event of a log that cannot be taken in."""

    def __init__(self, problems: list[BadEvent]) -> None:
        super().__init__(f"{len(problems)} events cannot be taken in")
        self.problems = problems


def read_log(policy: Policy, text: str) -> tuple[Fact, ...]:
    """Return the facts of a log, one JSON event a line; raise BadEvents with all that are none."""
    facts, problems = [], []
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            facts.append(_read(policy, number, _parsed(number, line)))
        except BadEvent as wrong:
            problems.append(wrong)
    if problems:
        raise BadEvents(problems)
    return tuple(facts)


def instant(policy: Policy, written: str) -> Instant:
    """Return the instant of an ISO 8601 time; raise BadEvent where it is none."""
    try:
        return instant_from_wire(policy, written)
    except (ValueError, OverflowError) as wrong:
        raise BadEvent(str(wrong)) from None


def _parsed(number: int, line: str) -> Any:
    """Return what a line holds, strictly: no key twice, no NaN, no half a character."""
    try:
        line.encode()
        value = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadEvent("a character that is no UTF-8", number) from None
    except json.JSONDecodeError as wrong:
        raise BadEvent(f"this is no JSON: {wrong.msg}", number, wrong.colno) from None
    except ValueError as wrong:
        raise BadEvent(str(wrong)[:200], number) from None
    except RecursionError:
        raise BadEvent("this is nested too deeply", number) from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    for key, _ in pairs if len(found) < len(pairs) else ():
        if sum(key == other for other, _ in pairs) > 1:
            raise ValueError(f'the key "{key[:60]}" stands here twice')
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


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
        at = instant(policy, instant_at)
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
    _check_years(policy, name, at, line)
    return fact


def read_event(policy: Policy, event: Any) -> Fact:
    """Return the fact of one event; raise BadEvent where it is none."""
    return _read(policy, 0, event)


def _check_years(policy: Policy, name: str, at: Instant, line: int) -> None:
    """Outside a calendar's years nobody knows when the desk is open."""
    for calendar in policy.calendars.values():
        if not calendar.first <= at < calendar.last:
            years = f"{calendar.source['from_year']} to {calendar.source['until_year']}"
            raise BadEvent(
                f'{name} lies outside calendar "{calendar.name}", which tells the hours of '
                f"{years} - name other years under from: and until:", line,
            )  # fmt: skip


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
        "who": list(WHO) if isinstance(fact, WaitingOn) else [],
    }
    kind = fact.__struct_config__.tag
    if kind == "severity_changed":
        names["to"] = [one.id for one in policy.severities]
    elif kind == "escalated":
        names["to"] = [one.id for one in policy.levels]
    for key, known in names.items():
        value = getattr(fact, key, None)
        if key == "to" and isinstance(value, str) and re.fullmatch(r"\+[1-9]\d?", value):
            continue
        if known and isinstance(value, str) and value not in known:
            advice = did_you_mean(value, known)
            raise BadEvent(f'{kind} has an unknown {key} "{value}" - {advice}', line)
