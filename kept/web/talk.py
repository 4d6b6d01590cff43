"""The conversation: letters and notes, and between them what the desk did, in one line each.

Only what a person would tell a colleague becomes a line: clocks that start and stop are on the
rail already.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kept.policy.titles import deed
from kept.records.queries.views import JournalLine, MessageView
from kept.web.say import plain

MARKS = {"phone": "call", "voice": "call", "chat": "chat", "whatsapp": "chat", "sms": "chat"}
FACTS: dict[str, str] = {
    "triaged": "triaged it",
    "severity_changed": "changed the severity to {to}",
    "assigned": "gave it to {whom}",
    "escalated": "escalated it to {to}",
    "accepted": "took it on",
    "promised": "promised: {what}",
    "step_done": "did “{step}”",
    "attempt_failed": "noted a failed attempt",
    "resolved": "resolved it",
    "confirmed": "noted that the customer confirms",
    "reopened": "reopened it",
    "closed": "closed it",
    "merged": "merged it into #{into}",
    "absorbed": "merged #{ticket} into this one",
    "unmerged": "took a merge back",
    "split_off": "split this off #{ticket}",
    "linked": "linked it with #{ticket}",
    "unlinked": "took its link with #{ticket} back",
    "article_helped": "solved it with article {article}",
    "article_withdrawn": "took article {article} back",
    "spam": "marked it as spam",
    "verified": "verified the customer by {method}",
    "paid": "paid",
    "note_flag": "flagged it: {flag}",
    "waived": "waived a commitment",
    "miss_retracted": "took back a miss",
}
DECISIONS: dict[str, str] = {
    "escalate": "Escalated to {to}",
    "assign": "Assigned to {whom}",
    "page": "Paged {role}",
    "send": "Sent {template} to the {to}",
    "set_severity": "Severity set to {to}",
    "flag": "Flagged: {flag}",
    "close_ticket": "The policy closed it: {as_status}",
    "miss": "Missed: {commitment}",
    "retract": "Miss taken back: {commitment}",
    "refuse": "Refused: {act}",
    "override": "Passed with a reason: {act}",
    "ask_approval": "Approval needed: {kind_of}",
    "settle_approval": "Approval {result}",
}
ECHOED = {"assigned", "escalated", "severity_changed"}
"""Facts that the policy makes of its own decisions; the decision's line says them already."""
TONES = {"miss": "missed", "refuse": "refused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Either a letter or a line."""

    at: datetime
    letter: MessageView | None = None
    mark: str = ""
    how: str = ""
    words: str = ""
    clause: str = ""
    tone: str = ""


def talk(
    messages: Sequence[MessageView], journal: Sequence[JournalLine], levels: Mapping[str, str]
) -> tuple[Entry, ...]:
    """Return the whole conversation in the order in which it happened."""
    letters = [_letter(message) for message in messages]
    lines = [entry for line in journal for entry in _lines(line, levels)]
    return tuple(sorted([*letters, *lines], key=lambda entry: entry.at))


def told(line: JournalLine, levels: Mapping[str, str]) -> str:
    """Return one line of the journal as words with who did it."""
    entry = next(_lines(line, levels), None)
    if entry is not None and entry.words:
        return entry.words
    who = line.by or "The customer"
    return f"{who} wrote" if line.event == "customer_message" else f"{who}: {plain(line.event)}"


def pauses(journal: Sequence[JournalLine]) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """Return when each commitment was paused, from the decisions that paused and resumed it."""
    found: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for line in journal:
        for decision in line.decisions:
            spans = found.setdefault(str(decision.get("commitment", "")), [])
            at = _instant(decision, line)
            if decision.get("kind") == "pause" and not (spans and spans[-1][1] is None):
                spans.append((at, None))
            elif decision.get("why") == "resumed" and spans:
                spans[-1] = (spans[-1][0], at)
    return {commitment: spans for commitment, spans in found.items() if spans}


def _letter(message: MessageView) -> Entry:
    if message.kind == "note":
        return Entry(at=message.sent_at, letter=message, mark="note", how="noted, for us only")
    how = f"by {plain(message.channel or 'e-mail')}"
    if message.author_kind == "system":
        how += ", sent by the policy"
    mark = MARKS.get(message.channel, "mail")
    return Entry(at=message.sent_at, letter=message, mark=mark, how=how)


def _lines(line: JournalLine, levels: Mapping[str, str]) -> Iterator[Entry]:
    if not line.refused and line.event in FACTS and (line.by or line.event not in ECHOED):
        words = FACTS[line.event].format_map(_Named(line.fact, levels))
        yield Entry(at=line.at, words=f"{line.by or 'The desk'} {words}")
    elif not line.refused and line.event == "waiting_on":
        yield Entry(at=line.at, words=f"{line.by or 'The desk'} {_waiting(line.fact)}")
    for decision in line.decisions:
        kind = str(decision.get("kind", ""))
        if kind in DECISIONS:
            words = DECISIONS[kind].format_map(_Named(decision, levels))
            because = decision.get("because") or [""]
            yield Entry(
                at=_instant(decision, line),
                words=words,
                clause=str(because[0]),
                tone=TONES.get(kind, ""),
            )


def _waiting(fact: Mapping[str, Any]) -> str:
    who = str(fact.get("who", ""))
    return "stopped waiting" if who == "nobody" else f"waits on the {plain(who)}"


def _instant(decision: Mapping[str, Any], line: JournalLine) -> datetime:
    at = decision.get("at")
    return datetime.fromtimestamp(at / 1_000_000, UTC) if isinstance(at, int) else line.at


class _Named(dict[str, str]):
    """Names for format_map: what is absent reads as nothing, identifiers read as words."""

    def __init__(self, values: Mapping[str, Any], levels: Mapping[str, str]) -> None:
        super().__init__({key: plain(str(value)) for key, value in values.items()})
        self["to"] = levels.get(str(values.get("to", "")), self.get("to", "customer"))
        whom = str(values.get("team") or values.get("role") or values.get("agent") or "")
        self["whom"] = levels.get(whom, plain(whom))
        parts = str(values.get("commitment", "")).split(":")
        name = parts[1] if len(parts) > 1 else parts[0]
        self["commitment"] = levels.get(name, deed(name))
        step = str(values.get("step", ""))
        self["step"] = levels.get(step, deed(step))

    def __missing__(self, key: str) -> str:
        return ""
