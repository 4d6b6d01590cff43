"""Problems: what is wrong with an SOP, each with its place and what would help.

A compiler reports all of them at once; only an error (never a warning) withholds the policy.
"""

from __future__ import annotations

from typing import Literal

from kept.policy.rules import Policy
from kept.policy.words import Frozen


class Problem(Frozen, frozen=True, kw_only=True):
    """One finding at one place; `other_line` is the second line of a contradiction."""

    file: str
    line: int
    column: int
    code: str
    severity: Literal["error", "warning"]
    message: str
    clause: str = ""
    source_line: str = ""
    other_line: int | None = None
    other_source_line: str = ""
    """What stands there; empty where that line is in the parent's file."""
    advice: str = ""


class Compiled(Frozen, frozen=True, kw_only=True):
    """What became of a document: `policy` is None exactly when an error stands in `problems`."""

    policy: Policy | None
    problems: tuple[Problem, ...] = ()


class NotAFact(ValueError):
    """An event that cannot be read as a fact; `str()` says which event and why."""
