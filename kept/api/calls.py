"""One call of the API after it was read: who asks, when, and for what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kept.services.tokens import Holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Everything an act or a read needs; `number` is the ticket of the address, 0 for none."""

    holder: Holder
    at: datetime
    number: int = 0
    path: dict[str, str]
    query: Any
    body: Any
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: what it reads, what it answers, and who does it."""

    method: str
    path: str
    name: str
    says: str
    tag: str
    run: Callable[[Call], object]
    answer: Any
    query: Any = None
    body: Any = None
    status: int = 200
    scope: str = "act"
    """Which of a narrowed token's scopes it needs (services/tokens.SCOPES)."""
