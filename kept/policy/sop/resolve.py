"""Names: what an SOP declares, and what its rules may therefore refer to.

Every vocabulary has its own error code, so that a misspelt role is never taken for a level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from kept.policy.conditions import FieldType, Type
from kept.policy.facts import Fact
from kept.policy.sop.source import Place, Problems, Source, did_you_mean
from kept.policy.words import Status

CODES = {
    "level": "E101", "role": "E102", "channel": "E103", "calendar": "E104", "field": "E105",
    "event": "E106", "severity": "E107", "form": "E108", "template": "E109", "team": "E110",
    "step": "E111", "clause": "E112", "parameter": "E113", "key": "E114", "value": "E115",
    "block": "E116", "zone": "E117", "team or role": "E118", "act": "E119",
}  # fmt: skip

FACT_EVENTS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Fact))
DERIVED_EVENTS = frozenset({"missed", "warned", "escalated", "assigned", "severity_changed"})
EVENTS = (FACT_EVENTS | DERIVED_EVENTS) - {"sop_event", "clock_ran_out", "policy_changed"}

PEOPLE = ("owner", "assignee", "team", "customer")
MEANS = ("email", "dashboard", "call", "chat", "sms", "push")
PAUSES = (
    "waiting_on_customer", "waiting_on_third_party", "resolved",
)  # fmt: skip

_WORDS = FieldType(type=Type.CHOICE)
_COUNT = FieldType(type=Type.COUNT)
_YES_NO = FieldType(type=Type.BOOL)
_LIST = FieldType(type=Type.LIST)

BUILT_IN_FIELDS: dict[str, FieldType] = {
    **dict.fromkeys(("type", "topic", "tier", "customer", "owner", "parent", "outage"), _WORDS),
    **dict.fromkeys(
        ("template", "reason", "to", "who", "kind", "method", "what", "how", "clock", "clause",
         "tag", "by_role", "by_level", "by_kind"),
        _WORDS,
    ),
    **dict.fromkeys(
        ("failed_attempts", "reopened", "escalations", "replies", "customer_turns",
         "open_promises", "linked_tickets", "open_children", "rings"),
        _COUNT,
    ),
    **dict.fromkeys(
        ("verified", "confirmed", "resolved", "raised", "lowered", "surveyed_lately"), _YES_NO
    ),
    **dict.fromkeys(("flags", "steps_done", "tags", "missing"), _LIST),
    "status": FieldType(type=Type.CHOICE, values=tuple(Status)),
    "waiting_on": FieldType(type=Type.CHOICE, values=("customer", "third_party", "nobody")),
    "score": FieldType(type=Type.SCORE),
    "amount": FieldType(type=Type.MONEY),
    "text": FieldType(type=Type.TEXT),
}  # fmt: skip


@dataclass(slots=True)
class Names:
    """What is declared, by kind, each name with the line that declares it."""

    problems: Problems
    declared: dict[str, dict[str, int]] = field(default_factory=dict)
    fields: dict[str, FieldType] = field(default_factory=lambda: dict(BUILT_IN_FIELDS))
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    """The file that declares a name: an SOP's own or its parent's."""

    def of(self, kind: str) -> dict[str, int]:
        return self.declared.setdefault(kind, {})

    def declare(self, kind: str, name: str, place: Place, clause: str) -> bool:
        """Add a name; one that is taken is a problem, and the first one stays."""
        known = self.of(kind)
        if name in known:
            source = self.sources.get((kind, name))
            theirs = source is not None and source is not place.source
            where = f" of {source.name}" if theirs and source is not None else ""
            self.problems.error(
                place, "E420", f'{kind} "{name}" is declared twice', clause=clause,
                advice=f"line {known[name]}{where} has the first",
                other_line=None if theirs else known[name],
            )  # fmt: skip
            return False
        known[name] = place.line
        self.sources[kind, name] = place.source
        return True

    def refer(self, kind: str, name: str, place: Place, clause: str) -> bool:
        """Return whether a name is declared; if not, say so with the nearest one."""
        known = self.fields if kind == "field" else self.of(kind)
        if name in known:
            return True
        advice = did_you_mean(name, known) or f"declare the {kind} first"
        self.problems.error(
            place, CODES[kind], f'unknown {kind} "{name[:60]}"', clause=clause, advice=advice
        )
        return False

    def refer_event(self, name: str, place: Place, clause: str) -> str:
        """Return the event's full name: a step's bare name stands for `step:NAME`."""
        steps, approvals = self.of("step"), self.of("approval")
        kind, colon, rest = name.partition(":")
        if colon and kind in ("step", "escalated"):
            self.refer("level" if kind == "escalated" else "step", rest, place, clause)
            return name
        if colon and kind == "approved":
            if rest not in approvals:
                self._unknown_event(
                    name, [f"approved:{known}" for known in approvals], place, clause
                )
            return name
        if colon and kind in ("note_flag", "tagged") and rest:
            return name
        if name in EVENTS or name in self.of("event"):
            return name
        if name in steps:
            return f"step:{name}"
        every = [*EVENTS, *self.of("event"), *(f"step:{step}" for step in steps)]
        self._unknown_event(name, every, place, clause)
        return name

    def _unknown_event(self, name: str, known: list[str], place: Place, clause: str) -> None:
        self.problems.error(
            place, CODES["event"], f'unknown event "{name[:60]}"', clause=clause,
            advice=did_you_mean(name, known) or "let a form or step define it",
        )  # fmt: skip
