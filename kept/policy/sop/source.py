"""Places in an SOP file and the problems found there.

A `Problems` collects all of them; nobody stops at the first. Lines and columns count from 1, in
characters of the file as people see it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from kept.policy.errors import Problem

MAX_PROBLEMS = 500
SHOWN_LINE = 240
"""A caret under a longer line helps nobody: the source line is cut after it."""

AS_UTF8 = "save the file as UTF-8"
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """One file: its name and its lines, without their ends."""

    name: str
    lines: tuple[str, ...]

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands."""

    source: Source
    line: int
    column: int = 1


@dataclass(slots=True)
class Problems:
    """Every problem found so far, each told once."""

    found: list[Problem] = field(default_factory=list)
    seen: set[tuple[str, int, int, str, str]] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def error(
        self, place: Place, code: str, message: str, *,
        clause: str = "", advice: str = "", other_line: int | None = None,
    ) -> None:  # fmt: skip
        self._tell("error", place, code, message, clause, advice, other_line)

    def warning(
        self, place: Place, code: str, message: str, *,
        clause: str = "", advice: str = "", other_line: int | None = None,
    ) -> None:  # fmt: skip
        self._tell("warning", place, code, message, clause, advice, other_line)

    def _tell(
        self, severity: Literal["error", "warning"], place: Place, code: str, message: str,
        clause: str, advice: str, other_line: int | None,
    ) -> None:  # fmt: skip
        key = (place.source.name, place.line, place.column, code, message)
        count = self.counts.get(severity, 0)
        if key in self.seen or count > MAX_PROBLEMS:
            return
        self.seen.add(key)
        self.counts[severity] = count + 1
        if count == MAX_PROBLEMS:
            code = "E905" if severity == "error" else "W905"
            advice = "repair the first ones and check again"
            message = f"more than {MAX_PROBLEMS} {severity}s"
        self.found.append(
            Problem(
                file=place.source.name, line=place.line, column=place.column, code=code,
                severity=severity, message=message, clause=clause,
                source_line=place.source.line(place.line)[: _shown(place.column)],
                other_line=other_line, advice=advice,
            )
        )  # fmt: skip

    def take(self, others: Iterable[Problem]) -> None:
        """Add problems found apart, each told once."""
        for one in others:
            key = (one.file, one.line, one.column, one.code, one.message)
            if key not in self.seen:
                self.seen.add(key)
                self.counts[one.severity] = self.counts.get(one.severity, 0) + 1
                self.found.append(one)

    @property
    def is_full(self) -> bool:
        """Whether there are more errors than anybody will read."""
        return self.counts.get("error", 0) > MAX_PROBLEMS

    @property
    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.found)

    def sorted(self, source: Source | None = None) -> tuple[Problem, ...]:
        """Return all by their place; with the one `source` of them, the other lines' text too."""
        found = sorted(self.found, key=lambda p: (p.file, p.line, p.column, p.code))
        if source is None:
            return tuple(found)
        return tuple(
            msgspec.structs.replace(
                one, other_source_line=source.line(one.other_line)[:SHOWN_LINE]
            ) if one.other_line else one
            for one in found
        )  # fmt: skip


def _shown(column: int) -> int:
    return min(max(SHOWN_LINE, column + 40), 10 * SHOWN_LINE)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `did you mean "lead"?`, or what is known, or nothing."""
    names = sorted({name for name in known if name})
    if not names or len(word) > 80:
        return ""
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{folded[close[0]]}"?'
    if len(names) <= 12:
        return "known here: " + ", ".join(names)
    return ""


def read_source(text: str, name: str, problems: Problems) -> Source:
    """Split the text into lines; a character nobody can see is a problem and is replaced.

    Bytes that are no UTF-8 come as lone surrogates, as `surrogateescape` decodes them.
    """
    wide = text[:2] in ("\udcff\udcfe", "\udcfe\udcff")
    if wide:
        text = text.encode(errors="surrogateescape").decode("utf-16", errors="replace")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    source = Source(name=name, lines=tuple(HIDDEN.sub("\ufffd", text).split("\n")))
    if wide:
        problems.error(Place(source, 1), "E407", "the file is in UTF-16", advice=AS_UTF8)
    for number, line in enumerate(text.split("\n") if HIDDEN.search(text) else (), 1):
        if problems.is_full:
            break
        if found := HIDDEN.search(line):
            place, code = Place(source, number, found.start() + 1), ord(found.group())
            if 0xDC80 <= code <= 0xDCFF:
                told, advice = f"the byte 0x{code - 0xDC00:02X} is no UTF-8", AS_UTF8
            else:
                told, advice = f"invisible character U+{code:04X}", "delete it"
            problems.error(place, "E407", told, advice=advice)
    return source
