"""`kept sop fmt`: writes the anchors that are missing, once, and changes nothing else.

The ids that clauses had without anchor are the ones written down, so no id ever moves. An anchor
of an earlier version that is gone goes on the list of tombstones and is never given again.
"""

from __future__ import annotations

import re

from kept.policy.errors import Problem
from kept.policy.sop.parse import Document, parse
from kept.policy.sop.source import Problems
from kept.policy.sop.tree import ClauseNode

LINE_END = re.compile(r"(\r\n|\n|\r)")


def fmt(text: str, *, name: str = "sop.md", previous: str | None = None) -> str:
    """Return the text with every missing anchor; `previous` is the version it was made from."""
    document = parse(text, name, Problems())
    parts = LINE_END.split(text)
    for node in reversed(document.clauses):
        if _lacks_anchor(node):
            _write(parts, node)
    if previous is not None:
        before = parse(previous, name, Problems())
        gone = _anchored(before) - {node.id for node in document.clauses}
        _bury(parts, document, sorted(gone - document.tombstones))
    return "".join(parts)


UNREADABLE = ("E401", "E402", "E407", "E9")


def not_to_be_written(text: str, *, name: str = "sop.md") -> tuple[Problem, ...]:
    """Return why a text is better left alone: it is no SOP, or ends inside a block."""
    problems = Problems()
    parse(text, name, problems)
    return tuple(one for one in problems.sorted() if one.code.startswith(UNREADABLE))


def missing_anchors(text: str) -> list[str]:
    """Return the ids that `fmt` would write down."""
    return [node.id for node in parse(text, "", Problems()).clauses if _lacks_anchor(node)]


def _lacks_anchor(node: ClauseNode) -> bool:
    return (
        node.derived
        and not node.transparent
        and node.anchor_place is None
        and bool(node.text)
        and node.anchor_end[0] > 0
    )


def _write(parts: list[str], node: ClauseNode) -> None:
    number, column = node.anchor_end
    index = 2 * (number - 1)
    line = parts[index]
    column += line.startswith("\ufeff")
    parts[index] = f"{line[:column]} {{#{node.last}}}{line[column:]}"


def _anchored(document: Document) -> set[str]:
    return {node.id for node in document.clauses if node.id and not node.derived}


def _bury(parts: list[str], document: Document, gone: list[str]) -> None:
    """Add ids to the front matter's `tombstones`, as one flow list."""
    if not gone or not document.front.entries:
        return
    listed = sorted(document.tombstones | set(gone))
    written = "tombstones: [" + ", ".join(listed) + "]"
    entry = document.front.entries.get("tombstones")
    end = parts[1] if len(parts) > 1 else "\n"
    if entry is None:
        closing = 2 * (document.front_end - 1)
        parts[closing] = written + end + parts[closing]
        return
    first = entry[0].place.line - 1
    following = [key.place.line - 1 for key, _ in document.front.entries.values()]
    after = min((line for line in following if line > first), default=document.front_end - 1)
    parts[2 * first : 2 * after] = [written, end]
