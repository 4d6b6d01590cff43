"""Our own loader over PyYAML's events: every scalar stays a string and keeps its place.

`17:00`, `on`, `no` and `012` mean what the schema says, never what YAML guesses. Anchors,
aliases, tags and duplicate keys are refused; nesting is bounded and nothing recurses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from kept.policy.sop.source import Place, Problems
from kept.policy.sop.tree import Block, ClauseNode

MAX_DEPTH = 12
MAX_NODES = 20_000

# The C parser is 20 times faster; a wheel without it only takes longer.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


STARTS = (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent)
ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


@dataclass(slots=True, kw_only=True, eq=False)
class Scalar:
    """One value as written. `prose` is the clause whose sentence it answers to, if another's."""

    place: Place
    text: str
    quoted: bool = False
    prose: ClauseNode | None = None

    @property
    def is_empty(self) -> bool:
        return not self.quoted and self.text in ("", "~", "null")


@dataclass(slots=True, kw_only=True, eq=False)
class Seq:
    place: Place
    values: list[Node] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Map:
    place: Place
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry[1] if entry else None


Node = Scalar | Seq | Map


class _Builder:
    """Builds nodes from events. A collection that is refused is read over, not into."""

    def __init__(self, block: Block, problems: Problems, clause: str) -> None:
        self.block = block
        self.problems = problems
        self.clause = clause
        self.root: Node | None = None
        self.stack: list[Seq | Map] = []
        self.keys: list[Scalar | None] = []
        self.nodes = 0
        self.documents = 0

    def place(self, mark: Any) -> Place:
        source = self.block.fence.source
        return Place(source, self.block.line + mark.line, mark.column + 1 + self.block.indent)

    def tell(self, place: Place, code: str, message: str, advice: str) -> None:
        self.problems.error(place, code, message, clause=self.clause, advice=advice)

    def take(self, event: Any) -> bool:
        """Take one event in; False when reading should end."""
        if isinstance(event, STARTS):
            return self._start(event)
        if isinstance(event, yaml.AliasEvent):
            place = self.place(event.start_mark)
            self.tell(place, "E412", f"alias *{event.anchor}", "write the value out")
            self._attach(Scalar(place=place, text=""))
        elif isinstance(event, ENDS):
            self.stack.pop()
            self.keys.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.tell(
                    self.place(event.start_mark), "E415", "a second document in one block",
                    "give it its own block",
                )  # fmt: skip
                return False
        return True

    def _start(self, event: Any) -> bool:
        place = self.place(event.start_mark)
        self.nodes += 1
        if self.nodes > MAX_NODES or len(self.stack) >= MAX_DEPTH:
            what = f"nested deeper than {MAX_DEPTH}" if self.nodes <= MAX_NODES else "too long"
            self.tell(place, "E902", f"the block is {what}", "write it flatter or split it")
            return False
        if event.anchor is not None:
            self.tell(place, "E412", f"anchor &{event.anchor}", "write the value out twice")
        if event.tag is not None and event.tag != "!":
            advice = "put the value in quotes" if event.tag.startswith("!") else "leave it out"
            self.tell(place, "E413", f"tag {event.tag}", advice)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            self._attach(Scalar(place=place, text=event.value, quoted=not plain))
            return True
        node: Seq | Map
        node = Map(place=place) if isinstance(event, yaml.MappingStartEvent) else Seq(place=place)
        self._attach(node)
        self.stack.append(node)
        self.keys.append(None)
        return True

    def _attach(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if isinstance(top, Seq):
            top.values.append(node)
            return
        key = self.keys[-1]
        if key is None:
            self.keys[-1] = self._key(node)
        else:
            self.keys[-1] = None
            self._entry(top, key, node)

    def _key(self, node: Node) -> Scalar:
        if isinstance(node, Scalar):
            return node
        self.tell(node.place, "E414", "a key that is no single word", "write a name as the key")
        return Scalar(place=node.place, text="")

    def _entry(self, top: Map, key: Scalar, node: Node) -> None:
        first = top.entries.get(key.text)
        if first is None:
            top.entries[key.text] = (key, node)
            return
        self.problems.error(
            key.place, "E411", f'the key "{key.text[:60]}" stands here twice',
            clause=self.clause, advice=f"the first is in line {first[0].place.line}",
            other_line=first[0].place.line,
        )  # fmt: skip


def load(block: Block, problems: Problems, clause: str = "") -> Node | None:
    """Read a block; None when it is empty or cannot be read, which is then a problem."""
    builder = _Builder(block, problems, clause)
    try:
        for event in yaml.parse(block.text, Loader=LOADER):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = builder.place(mark) if mark else block.fence
        builder.tell(place, "E410", _message(error), _advice(error, place))
        return None
    except yaml.YAMLError as error:
        builder.tell(block.fence, "E410", f"not YAML: {str(error).splitlines()[0][:120]}", "")
        return None
    return builder.root


def _message(error: yaml.MarkedYAMLError) -> str:
    said = error.problem or error.context or "it cannot be read"
    return f"not YAML: {said[:120]}"


def _advice(error: yaml.MarkedYAMLError, place: Place) -> str:
    line = place.source.line(place.line)
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "indent with spaces, not tabs"
    value = line.partition(": ")[2].strip()
    if value[:1] in ('"', "'") and value.rstrip(value[0])[1:].count(value[0]):
        return "the value goes on after its quotes: put the whole of it in the other kind"
    if "{{" in line or any(sign in line for sign in ("when:", "needs:", "unless:", " == ", "&&")):
        return "put the whole value in single quotes"
    if ": " in line.partition(": ")[2]:
        return "put a value that holds a colon in quotes"
    return "check quotes, brackets and indentation here and in the line above"
