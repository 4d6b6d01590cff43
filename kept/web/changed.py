"""Stale forms: what others did after a form was opened, as sentences with who and when.

A form carries the journal row it was made at. The page that tells what changed carries the new
row, so that pressing the same button once more means "all the same".
"""

from dataclasses import dataclass
from datetime import datetime

from kept.services.errors import DeskError
from kept.services.expecting import Expected, Stale
from kept.services.newer import Newer, Turn
from kept.web.act import Said

RESTS_ON = {
    "triage": ("triaged", "severity_changed"),
    "severities": ("severity_changed", "triaged"),
    "assignments": ("assigned", "accepted"),
    "escalations": ("escalated", "severity_changed"),
    "acceptances": ("accepted",),
    "waits": ("waiting_on", "customer_message"),
    "promises": ("promised",),
    "steps": ("step_done",),
    "resolutions": ("customer_message", "resolved", "reopened", "closed"),
    "closures": ("customer_message", "reopened", "closed"),
    "reopenings": ("reopened", "customer_message"),
}
"""A noun -> the events after which its form no longer shows how things are."""
SAID = {
    "customer": "{who} wrote", "reply": "{who} answered the customer",
    "note": "{who} left a note", "leaving": "{who} is sending an answer right now",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One thing that happened meanwhile. `seq` names a line of the journal, `message` a letter."""

    at: datetime
    words: str = ""
    text: str = ""
    seq: int = 0
    message: int | None = None


def expected(noun: str, ticket: int, said: Said) -> Expected | None:
    """Return what a posted form rests on, None for one that carries no row."""
    seq = said.get("seq")
    if noun not in RESTS_ON or not seq.isdecimal() or len(seq) > 9:
        return None
    return Expected(ticket=ticket, seq=int(seq), events=RESTS_ON[noun], by=said.by)


def changes_of(error: DeskError) -> tuple[Changed, ...]:
    """Return what an error tells of others' doings."""
    if isinstance(error, Newer):
        return tuple(_said(turn) for turn in error.turns)
    if isinstance(error, Stale):
        return tuple(Changed(at=one.at, seq=one.seq) for one in error.changes)
    return ()


def _said(turn: Turn) -> Changed:
    words = SAID[turn.kind].format(who=turn.who or "The customer")
    return Changed(at=turn.at, words=words, text=turn.text, message=turn.message)
