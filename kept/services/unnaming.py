"""Texts without personal data: addresses, numbers and names are covered, and what was is told.

Linear in the text: nothing here looks back over what it has read.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable

from kept.policy.words import Frozen

MAIL, NUMBER, NAME, LINK = "[e-mail address]", "[number]", "[name]", "[link]"
SAID = {MAIL: "e-mail address", NUMBER: "number", NAME: "name", LINK: "link"}
SHORTEST_NAME = 2
_MAIL = re.compile(r"(?<![^\s<>\"'(),;:])[^\s<>@\"'(),;:]{1,64}@[^\s<>@\"'(),;:]{1,255}")
_LINK = re.compile(r"https?://[^\s<>\"')\]]{1,2000}", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])[+(#]?\d(?:[ ()./-]{0,2}\d){4,30}(?![\w])")
_CODED = re.compile(r"\b(?=[A-Za-z-]{0,12}\d)[A-Za-z]{1,6}[-/]?\d[\dA-Za-z/-]{4,30}\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Covered(Frozen, frozen=True, kw_only=True):
    """What was covered, and how often."""

    what: str
    times: int


def unnamed(text: str, names: Iterable[str] = ()) -> tuple[str, tuple[Covered, ...]]:
    """Return a text with personal data covered, and what was covered in it.

    `names` are those of the people concerned; each of their words is covered wherever it stands.
    """
    counts: Counter[str] = Counter()

    def cover(mark: str) -> Callable[[re.Match[str]], str]:
        def put(found: re.Match[str]) -> str:
            counts[mark] += 1
            return mark

        return put

    def name(found: re.Match[str]) -> str:
        parts = {found[0].casefold(), found[0].casefold().removesuffix("'s").removesuffix("’s")}
        if not parts & hidden:
            return found[0]
        counts[NAME] += 1
        return NAME

    hidden = {
        word[0].casefold()
        for each in names
        for word in _WORD.finditer(each)
        if len(word[0]) >= SHORTEST_NAME
    }
    for pattern, mark in ((_LINK, LINK), (_MAIL, MAIL), (_CODED, NUMBER), (_NUMBER, NUMBER)):
        text = pattern.sub(cover(mark), text)
    if hidden:
        text = _WORD.sub(name, text)
    told = tuple(Covered(what=SAID[mark], times=n) for mark, n in sorted(counts.items()))
    return text, told
