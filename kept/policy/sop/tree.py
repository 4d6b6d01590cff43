"""The tree of an SOP: its clauses, each with its place, anchor and YAML blocks.

A reader of lines, not a Markdown renderer: headings, paragraphs, list items and table rows are
clauses, and a fenced `yaml KIND` block belongs to the clause directly before it. Every line is
looked at once, so hostile text costs no more than long text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from kept.policy.sop.source import Place, Problems, Source

MAX_CLAUSES = 20_000
MAX_BLOCKS = 20_000
MAX_LINE = 50_000
MAX_ITEM_DEPTH = 12
"""Items nested deeper hang on the last one that counts."""

KINDS = (
    "calendar", "scale", "level", "role", "team", "channel",
    "rule", "table", "form", "template", "test", "note",
)  # fmt: skip

FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})(.*)", re.DOTALL)
HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
BREAK = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])(?:[ \t]+|$)(?:\[[ xX]\][ \t]+)?")
DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")
SECOND_FRONT = re.compile(r"(?:sop|title|version|zone|extends):(?:[ \t]|$)")
ANCHOR = re.compile(r"\{#([^{}]*)\}$")
BURIED = re.compile(r"\{#([A-Za-z0-9_.-]+)\}[.,;:!?)*\"']+$")
"""An anchor before the full stop: what whoever writes the first one tries."""
ANCHOR_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$")


class Shape(StrEnum):
    """What a clause looks like on the page."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"


@dataclass(slots=True, kw_only=True, eq=False)
class Block:
    """A fenced block: `text` is its inside, `line` its first line, `indent` what was cut off."""

    kind: str
    fence: Place
    line: int
    indent: int
    text: str


@dataclass(slots=True, kw_only=True, eq=False)
class ClauseNode:
    """One clause as written. `spans` tell where in the file each part of `text` stands."""

    shape: Shape
    place: Place
    level: int = 0
    """Of a heading 1 to 6; of an item its indentation."""
    text: str = ""
    spans: list[tuple[int, int, int]] = field(default_factory=list)
    """(offset in text, line, column), ascending."""
    anchor: str | None = None
    anchor_place: Place | None = None
    anchor_end: tuple[int, int] = (0, 0)
    """(line, column) after which `fmt` writes a missing anchor."""
    parent: ClauseNode | None = None
    blocks: list[Block] = field(default_factory=list)
    id: str = ""
    title: bool = False
    derived: bool = False
    """True while the id is made up from the place: `fmt` can write it down."""
    transparent: bool = False
    """True of a heading without anchor above anchored clauses: it adds nothing to their ids."""
    last: str = ""
    """The part of the id that is the clause's own."""

    def at(self, offset: int) -> Place:
        """Return where the character at `offset` of the text stands in the file."""
        line, column = self.place.line, self.place.column
        for start, span_line, span_column in self.spans:
            if start > offset:
                break
            line, column = span_line, span_column + offset - start
        return Place(self.place.source, line, column)

    @property
    def depth(self) -> int:
        depth, above = 0, self.parent
        while above is not None:
            depth, above = depth + 1, above.parent
        return depth


@dataclass(slots=True, kw_only=True, eq=False)
class Tree:
    """What the reader of lines found."""

    source: Source
    front: Block | None
    clauses: list[ClauseNode]


class _Reader:
    """Reads line after line; `open` is the clause that the next plain line continues."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self.source = source
        self.problems = problems
        self.clauses: list[ClauseNode] = []
        self.headings: list[ClauseNode] = []
        self.items: list[ClauseNode] = []
        self.open: ClauseNode | None = None
        self.in_table = False
        self.blocks = 0

    def read(self, start: int) -> None:
        number = start
        while number <= len(self.source.lines) and not self.problems.is_full:
            line = self.source.line(number)
            if len(line) > MAX_LINE:
                self.problems.error(
                    Place(self.source, number), "E903", f"a line of {len(line)} characters",
                    advice=f"break it: {MAX_LINE} are the most",
                )  # fmt: skip
                line = line[:MAX_LINE]
            if len(self.clauses) >= MAX_CLAUSES or self.blocks >= MAX_BLOCKS:
                self.problems.error(
                    Place(self.source, number), "E901", f"more than {MAX_CLAUSES} clauses",
                    advice="split the SOP",
                )  # fmt: skip
                return
            number = self._line(number, line)

    def _line(self, number: int, line: str) -> int:
        """Take one line in, or a whole fence or comment; return the next line's number."""
        stripped = line.strip()
        if not stripped:
            self.open, self.in_table = None, False
        elif stripped.startswith("<!--"):
            return self._comment(number, line)
        elif (fence := FENCE.match(line)) and not ("`" in fence[2] and "`" in fence[3]):
            return self._fence(number, fence)
        elif heading := HEADING.match(line):
            self._heading(number, line, len(heading[1]), heading.end())
        elif line.rstrip() == "---" and SECOND_FRONT.match(self.source.line(number + 1)):
            self._second_front(number)
        elif self._is_underlined(number, line):
            self._underline("=" in line)
        elif BREAK.match(line):
            self.open = None
        elif stripped.startswith("|") or self._is_bare_row(number, stripped):
            self._row(number, line)
        elif item := ITEM.match(line):
            self._item(number, line, item)
        else:
            self._text(number, line)
        return number + 1

    def _second_front(self, number: int) -> None:
        self.problems.error(
            Place(self.source, number), "E409", "a second front matter",
            advice="one file is one SOP: delete it, or make another file of it", other_line=1,
        )  # fmt: skip
        self.open = None

    def _comment(self, number: int, line: str) -> int:
        last = number
        while last <= len(self.source.lines):
            tail = line[line.index("<!--") + 4 :] if last == number else self.source.line(last)
            if "-->" in tail:
                return last + 1
            last += 1
        self.problems.error(
            Place(self.source, number, line.index("<!--") + 1), "E402",
            "the comment is never closed", advice='end it with "-->"',
        )  # fmt: skip
        return last

    def _fence(self, number: int, fence: re.Match[str]) -> int:
        indent, mark, info = len(fence[1]), fence[2], fence[3].strip()
        place = Place(self.source, number, indent + 1)
        inside: list[str] = []
        last = number + 1
        while last <= len(self.source.lines):
            line = self.source.line(last)
            closing = line.strip()
            if len(closing) >= len(mark) and not closing.strip(mark[0]):
                break
            cut = min(indent, len(line) - len(line.lstrip(" \t")))
            inside.append(line[cut:])
            last += 1
        else:
            self.problems.error(
                place, "E402", "the block is never closed", advice=f'end it with "{mark}"'
            )
        self.open, self.in_table = None, False
        self._block(place, info, Block(
            kind="", fence=place, line=number + 1, indent=indent, text="\n".join(inside),
        ))  # fmt: skip
        return last + 1

    def _block(self, place: Place, info: str, block: Block) -> None:
        words = info.split()
        if len(words) < 2 or words[0] not in ("yaml", "yml"):
            return
        block.kind = words[1]
        self.blocks += 1
        if not self.clauses:
            self.problems.error(
                place, "E404", "no clause stands before this block",
                advice="write the sentence it carries out above it",
            )  # fmt: skip
            return
        self.clauses[-1].blocks.append(block)

    # Clauses -------------------------------------------------------------------------------

    def _add(self, shape: Shape, number: int, start: int, line: str, level: int) -> ClauseNode:
        parent = self.headings[-1] if self.headings else None
        if self.items and shape in (Shape.PARAGRAPH, Shape.ITEM):
            parent = self.items[-1]
        node = ClauseNode(
            shape=shape, place=Place(self.source, number, start + 1), level=level, parent=parent
        )
        self.clauses.append(node)
        self.open = node
        self._continue(node, number, start, line)
        return node

    def _continue(self, node: ClauseNode, number: int, start: int, line: str) -> None:
        """Add a line's words, from column `start` on, and take its anchor off."""
        end = len(line.rstrip())
        if found := ANCHOR.search(line, start, end):
            self._anchor(node, number, found)
            end = start + len(line[start : found.start()].rstrip())
        elif found := BURIED.search(line, start, end):
            self.problems.warning(
                Place(self.source, number, found.start() + 1), "W716",
                f"{{#{found[1][:60]}}} does not stand at the end and is read as text",
                advice="put the anchor behind the last sign of the clause",
            )  # fmt: skip
        words = line[start:end].lstrip()
        if len(node.text) > MAX_LINE:
            self.problems.error(
                node.place, "E903", f"a clause of more than {MAX_LINE} characters",
                advice="write an empty line between clauses",
            )  # fmt: skip
        elif words:
            if node.text:
                node.text += " "
            node.spans.append((len(node.text), number, end - len(words) + 1))
            node.text += words
        node.anchor_end = (number, end)
        if node.anchor is not None:
            self.open = None

    def _anchor(self, node: ClauseNode, number: int, found: re.Match[str]) -> None:
        place = Place(self.source, number, found.start() + 1)
        node.anchor_place = place
        node.anchor = found[1]
        if not ANCHOR_NAME.match(found[1]):
            self.problems.error(
                place, "E403", f'"{found[1][:60]}" cannot be an anchor',
                advice="use letters, digits, - and _, with dots for a whole id",
            )  # fmt: skip
            node.anchor = None

    def _heading(self, number: int, line: str, level: int, start: int) -> None:
        self.items.clear()
        self._close_headings(level)
        body = line.rstrip()
        if body.endswith("#") and body.rstrip("#")[start:].endswith((" ", "\t")):
            body = body.rstrip("#")
        node = self._add(Shape.HEADING, number, start, body, level)
        self.headings.append(node)
        self.open, self.in_table = None, False

    def _close_headings(self, level: int) -> None:
        while self.headings and self.headings[-1].level >= level:
            self.headings.pop()

    def _is_underlined(self, number: int, line: str) -> bool:
        return (
            bool(self.clauses)
            and self.clauses[-1].shape is Shape.PARAGRAPH
            and self.clauses[-1].anchor_end[0] == number - 1
            and not self.items
            and UNDERLINE.match(line) is not None
        )

    def _underline(self, first: bool) -> None:
        node = self.clauses[-1]
        node.shape, node.level = Shape.HEADING, 1 if first else 2
        self._close_headings(node.level)
        node.parent = self.headings[-1] if self.headings else None
        self.headings.append(node)
        self.open = None

    def _item(self, number: int, line: str, item: re.Match[str]) -> None:
        indent = len(item[1].expandtabs(4))
        while self.items and self.items[-1].level >= indent:
            self.items.pop()
        node = self._add(Shape.ITEM, number, item.end(), line, indent)
        if len(self.items) < MAX_ITEM_DEPTH:
            self.items.append(node)
        self.in_table = False

    def _text(self, number: int, line: str) -> None:
        start = len(line) - len(line.lstrip(" \t>"))
        if self.open is not None and self.open.shape in (Shape.PARAGRAPH, Shape.ITEM):
            self._continue(self.open, number, start, line)
            return
        while self.items and start <= self.items[-1].level:
            self.items.pop()
        self._add(Shape.PARAGRAPH, number, start, line, 0)

    def _is_bare_row(self, number: int, stripped: str) -> bool:
        """Say whether a line is a row of a table that is written without outer bars."""
        if "|" not in stripped:
            return False
        below = self.source.line(number + 1).strip()
        return self.in_table or (
            self.open is None and "|" in below and DELIMITER.match(below) is not None
        )

    def _row(self, number: int, line: str) -> None:
        self.items.clear()
        if self.in_table and DELIMITER.match(line.strip()):
            self._drop_header()
            return
        start = len(line) - len(line.lstrip()) + line.lstrip().startswith("|")
        node = self._add(Shape.ROW, number, start, line, 0)
        self._cells(node, number, start, line)
        self.in_table, self.open = True, None

    def _drop_header(self) -> None:
        """The row above the delimiter names the columns; it is no clause."""
        last = self.clauses[-1]
        if last.shape is Shape.ROW and last.place.line == self._above_delimiter(last):
            self.clauses.pop()

    def _above_delimiter(self, row: ClauseNode) -> int:
        earlier = [node for node in self.clauses[-2:-1] if node.shape is Shape.ROW]
        follows = bool(earlier) and earlier[0].place.line == row.place.line - 1
        return -1 if follows else row.place.line

    def _cells(self, node: ClauseNode, number: int, start: int, line: str) -> None:
        """Make the row's text from its cells, so that an anchor in the last one is no text."""
        end = len(line.rstrip())
        bare = line[:end].rstrip("|").rstrip()
        if node.anchor is None and (found := ANCHOR.search(bare, start)):
            self._anchor(node, number, found)
            end = found.start()
        elif node.anchor_place is not None:
            end = node.anchor_place.column - 1
        node.text, node.spans = "", []
        column = start
        for cell in line[start:end].replace("\\|", "\\\x00").split("|"):
            words = cell.strip()
            if words:
                node.text += " | " if node.text else ""
                offset = len(cell) - len(cell.lstrip())
                node.spans.append((len(node.text), number, column + offset + 1))
                node.text += words.replace("\\\x00", "\\|")
            column += len(cell) + 1
        node.anchor_end = (number, len(line[:end].rstrip().rstrip("|").rstrip()))


def read_tree(source: Source, problems: Problems) -> Tree:
    """Return the clauses and blocks of a file, and its front matter."""
    front, start = _front_matter(source, problems)
    reader = _Reader(source, problems)
    reader.read(start)
    return Tree(source=source, front=front, clauses=reader.clauses)


def _front_matter(source: Source, problems: Problems) -> tuple[Block | None, int]:
    first = Place(source, 1)
    if source.line(1).rstrip() != "---":
        problems.error(
            first, "E401", "the file does not begin with its front matter",
            advice='begin with "---", sop, title, version and zone, and "---" again',
        )  # fmt: skip
        return None, 1
    for number in range(2, len(source.lines) + 1):
        if source.line(number).rstrip() in ("---", "..."):
            inside = "\n".join(source.lines[1 : number - 1])
            return Block(kind="front", fence=first, line=2, indent=0, text=inside), number + 1
    problems.error(first, "E402", "the front matter is never closed", advice='end it with "---"')
    return None, len(source.lines) + 1
