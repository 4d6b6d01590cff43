"""Take back the line breaks of a template that are there only because a source line was full.

A mail has no width: its reader's program wraps. So a break inside a paragraph becomes a space
where the next word would not have fitted; short lines, lists, `Label: value` lines, quotes and
signatures are breaks that somebody meant.
"""

import re
from functools import lru_cache

FULL = 72
"""A line is full where it and the next word are longer than this."""
_ITEM = re.compile(r"([-*+\u2022]|\d{1,3}[.)])\s")
_OWN_LINE = re.compile(r"[>|#]|[A-Z][^.:!?{}]{0,50}:(\s|$)")
_WORD = re.compile(r"\{\{[^}]*\}\}\S*|\S+")


@lru_cache(maxsize=1024)
def reflowed(body: str) -> str:
    """Return the text with a paragraph on one line."""
    made: list[str] = []
    last = ""
    for line in body.splitlines():
        if made and _goes_on(made[-1], last, line):
            made[-1] = f"{made[-1].rstrip()} {line.strip()}"
        else:
            made.append(line)
        last = line
    return "\n".join(made)


def _goes_on(paragraph: str, last: str, line: str) -> bool:
    """Tell whether the line goes on the sentence of the one before it in the source."""
    words = line.strip()
    if not last.strip() or not words or last.endswith(("  ", "\\", ":")):
        return False
    if _ITEM.match(words) or _OWN_LINE.match(words):
        return False
    if line[:1].isspace() and not _ITEM.match(paragraph.lstrip()):
        return False
    first = _WORD.match(words)
    return first is not None and len(last) + 1 + len(first.group()) > FULL
