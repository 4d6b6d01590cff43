"""What a macro may do beside its text: each act is a verb of its own with its own refusal.

`EVERY` is the registry: an act adds one line, with the words it takes and the verb behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kept.policy.rules import Policy
from kept.policy.vocabulary import known_words
from kept.services import endings, work
from kept.services.errors import AgentId, NotValid


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroAct:
    """`words` are the values an SOP allows, empty for an act that takes none."""

    verb: str
    title: str
    do: Callable[[int, AgentId, datetime, str], object]
    words: Callable[[Policy], tuple[str, ...]] = lambda policy: ()


EVERY: tuple[MacroAct, ...] = (
    MacroAct(
        verb="severity", title="Triage: severity",
        words=lambda policy: tuple(one.id for one in policy.severities),
        do=lambda ticket, by, at, value: work.triage(ticket, by=by, at=at, severity=value)),
    MacroAct(
        verb="type", title="Triage: type", words=lambda policy: known_words(policy, "type"),
        do=lambda ticket, by, at, value: work.triage(ticket, by=by, at=at, type=value)),
    MacroAct(
        verb="topic", title="Triage: topic", words=lambda policy: known_words(policy, "topic"),
        do=lambda ticket, by, at, value: work.triage(ticket, by=by, at=at, topic=value)),
    MacroAct(
        verb="team", title="Give it to the team", words=lambda policy: tuple(policy.teams),
        do=lambda ticket, by, at, value: work.assign(ticket, by=by, at=at, team=value)),
    MacroAct(
        verb="flag", title="Flag it", words=lambda policy: known_words(policy, "flags"),
        do=lambda ticket, by, at, value: work.flag(ticket, by=by, at=at, flag=value)),
    MacroAct(
        verb="wait", title="Wait on", words=lambda policy: ("customer", "third_party"),
        do=lambda ticket, by, at, value: work.wait(ticket, by=by, at=at, who=value)),
    MacroAct(
        verb="resolve", title="Resolve",
        do=lambda ticket, by, at, value: endings.resolve(ticket, by=by, at=at)),
)  # fmt: skip
BY_VERB = {act.verb: act for act in EVERY}


def checked(policy: Policy, verb: str, value: str) -> tuple[str, str]:
    """Return an act of a macro, or raise NotValid naming what the SOP does not know."""
    act = BY_VERB.get(verb)
    if act is None:
        raise NotValid(f"A macro cannot do this: {verb[:40]}.")
    allowed = act.words(policy)
    if allowed and value not in allowed:
        raise NotValid(f"{act.title}: choose one of {', '.join(allowed)}.")
    if not allowed and (value or act.words(policy) != () or verb != "resolve"):
        raise NotValid(f"{act.title}: the SOP names nothing to choose from.")
    return verb, value
