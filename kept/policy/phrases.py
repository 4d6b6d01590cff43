"""Phrases in what customers write: whole words, any case, in the new part of a text only.

Mail arrives without its quotations and signature already; a text told by a log or another
program may still have them.
"""

from __future__ import annotations

import re

ANNOUNCED = re.compile(r"\d{4}|@|\bwrote\b")
"""What the line before a quotation has: a date, an address, or that somebody wrote."""


def fold(text: str) -> str:
    """Return the text as phrases are compared: case-folded, white space and quotes evened out."""
    return " ".join(text.casefold().replace("\u2019", "'").split())


def phrases_in(text: str, phrases: frozenset[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Return which folded phrases a text's new part has as whole words, sorted."""
    folded = fold(_new_part(text))
    return tuple(
        sorted(phrase for phrase in phrases if phrase in folded and _has_words(folded, phrase))
    )


def _new_part(text: str) -> str:
    """Return a text without quoted lines, the line that announces them, and the signature."""
    if "\n" not in text and not text.startswith(">"):
        return text
    kept: list[str] = []
    for line in text.splitlines():
        if line.rstrip() == "--":
            break
        if line.lstrip().startswith(">"):
            if kept and kept[-1].rstrip().endswith(":") and ANNOUNCED.search(kept[-1]):
                kept.pop()
            continue
        kept.append(line)
    return "\n".join(kept)


def _has_words(folded: str, phrase: str) -> bool:
    start = folded.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        before = folded[start - 1 : start]
        after = folded[end : end + 1]
        if not (_is_word(before) or _is_word(after)):
            return True
        start = folded.find(phrase, start + 1)
    return False


def _is_word(letter: str) -> bool:
    return bool(letter) and (letter.isalnum() or letter == "_")
