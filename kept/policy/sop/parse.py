"""An SOP as read: its front matter, clauses with ids, and blocks with their YAML loaded.

Nothing is resolved yet. `parse` always returns a document; what is wrong is in its problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kept.policy.sop.anchors import give_ids
from kept.policy.sop.source import Place, Problems, Source, did_you_mean, read_source
from kept.policy.sop.tree import KINDS, Block, ClauseNode, Shape, Tree, read_tree
from kept.policy.sop.yaml import Map, Node, Scalar, Seq, load

MAX_TEXT = 5_000_000
SOP_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$")


@dataclass(slots=True, kw_only=True, eq=False)
class Loaded:
    """A block of a clause with its YAML."""

    clause: ClauseNode
    block: Block
    node: Node

    @property
    def kind(self) -> str:
        return self.block.kind

    @property
    def place(self) -> Place:
        return self.block.fence


@dataclass(slots=True, kw_only=True, eq=False)
class Document:
    """One parsed file. `root` stands for the file as a whole, above every clause."""

    source: Source
    sop: str
    root: ClauseNode
    front: Map
    clauses: tuple[ClauseNode, ...]
    blocks: tuple[Loaded, ...]
    tombstones: frozenset[str] = frozenset()
    """Ids that clauses had once; none may have them again."""
    front_end: int = 1
    """The line after the front matter's last."""

    def of_kind(self, *kinds: str) -> Iterator[Loaded]:
        return (loaded for loaded in self.blocks if loaded.kind in kinds)

    def clause(self, clause_id: str) -> ClauseNode | None:
        return next((node for node in self.clauses if node.id == clause_id), None)


def parse(text: str, name: str, problems: Problems) -> Document:
    """Read an SOP; every problem of form goes into `problems`."""
    if len(text) > MAX_TEXT:
        short = Source(name=name, lines=(text[:200].partition("\n")[0],))
        problems.error(
            Place(short, 1), "E900", f"the file has {len(text)} characters",
            advice=f"{MAX_TEXT} are the most",
        )  # fmt: skip
        text = ""
    source = read_source(text, name, problems)
    if not text and problems.found:
        return _document(Tree(source=source, front=None, clauses=[]), Map(place=Place(source, 1)))
    tree = read_tree(source, problems)
    front = _front(tree, problems)
    document = _document(tree, front)
    document.tombstones = _tombstones(front, document.sop)
    if tree.front is not None:
        document.front_end = tree.front.line + tree.front.text.count("\n") + 1
    give_ids(tree.clauses, document.sop, document.tombstones, problems)
    _check_anchors(tree.clauses, problems)
    document.blocks = tuple(_blocks(tree.clauses, problems))
    return document


def _document(tree: Tree, front: Map) -> Document:
    start = Place(tree.source, 1)
    name = front.get("sop")
    sop = name.text.strip() if isinstance(name, Scalar) else ""
    sop = sop if SOP_NAME.match(sop) else "sop"
    root = ClauseNode(shape=Shape.HEADING, place=start, id=sop, title=True)
    return Document(
        source=tree.source, sop=sop, root=root, front=front,
        clauses=tuple(tree.clauses), blocks=(),
    )  # fmt: skip


def _front(tree: Tree, problems: Problems) -> Map:
    if tree.front is None:
        return Map(place=Place(tree.source, 1))
    node = load(tree.front, problems)
    if isinstance(node, Map):
        return node
    if node is not None:
        problems.error(
            node.place, "E401", "the front matter is no mapping", advice="write sop: NAME"
        )
    return Map(place=Place(tree.source, 1))


def _tombstones(front: Map, sop: str) -> frozenset[str]:
    """Return the buried ids; what is no list of words is told when the front matter is typed."""
    node = front.get("tombstones")
    values = node.values if isinstance(node, Seq) else []
    ids = [value.text for value in values if isinstance(value, Scalar)]
    return frozenset(one if one.startswith(f"{sop}.") else f"{sop}.{one}" for one in ids)


def _check_anchors(clauses: list[ClauseNode], problems: Problems) -> None:
    for node in clauses:
        if node.anchor_place is not None and not node.text:
            problems.error(
                node.anchor_place, "E406", "an anchor without a clause", clause=node.id,
                advice="put it at the end of the sentence it names",
            )  # fmt: skip


def _blocks(clauses: list[ClauseNode], problems: Problems) -> Iterator[Loaded]:
    for clause in clauses:
        for block in clause.blocks:
            if block.kind not in KINDS:
                problems.error(
                    block.fence, "E116", f'unknown block "yaml {block.kind[:60]}"',
                    clause=clause.id, advice=did_you_mean(block.kind, KINDS),
                )  # fmt: skip
                continue
            node = load(block, problems, clause.id)
            if node is not None:
                yield Loaded(clause=clause, block=block, node=node)
