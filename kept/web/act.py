"""One act of the ticket page: its form, when it shows, and the verb behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kept.policy.rules import Policy
from kept.records.queries.views import TicketView
from kept.web.forms import Field

OPEN = frozenset({"new", "open", "waiting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one post says: who acts on which ticket, when, and the answers of the form."""

    ticket: int
    by: int
    at: datetime
    answers: dict[str, str]
    policy: Policy
    facts: dict[str, Any]
    zone: str

    def get(self, name: str) -> str:
        return self.answers.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act. `noun` is its place in the address; `fields` may depend on ticket and policy."""

    noun: str
    name: str
    title: str
    button: str
    do: Callable[[Said], object]
    fields: Callable[[TicketView, Policy], tuple[Field, ...]] = lambda ticket, policy: ()
    shows: Callable[[TicketView, Policy], bool] = lambda ticket, policy: ticket.status in OPEN
    key: str = ""
    rare: bool = False
    """Whether the side column folds it away under "More acts"."""
    panel: str = ""
    """The panel that shows its form; empty for the column of next acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTo:
    """What a verb answers when its reader belongs on another ticket afterwards."""

    ticket: int
