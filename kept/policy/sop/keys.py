"""Reading a mapping key by key: each value typed by the one who asks, each key used or told.

Nothing here raises; a value that does not fit is a problem and the default is returned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kept.policy.sop.source import Place, Problems, did_you_mean
from kept.policy.sop.tree import ClauseNode
from kept.policy.sop.yaml import Map, Node, Scalar, Seq

TRUE = ("true", "yes", "on")
FALSE = ("false", "no", "off")


@dataclass(slots=True)
class Keys:
    """A mapping being read in a clause; call `done` when every key was asked for."""

    node: Map
    clause: ClauseNode
    problems: Problems
    used: set[str] = field(default_factory=set)
    lenient: bool = False
    """True where a missing key was told already, as of a whole missing front matter."""

    def tell(self, place: Place, code: str, message: str, advice: str = "") -> None:
        self.problems.error(place, code, message, clause=self.clause.id, advice=advice)

    def has(self, key: str) -> bool:
        return key in self.node.entries

    def node_of(self, key: str) -> Node | None:
        """Return a value; None where it is missing or empty."""
        self.used.add(key)
        node = self.node.get(key)
        return None if isinstance(node, Scalar) and node.is_empty else node

    def key_place(self, key: str) -> Place:
        entry = self.node.entries.get(key)
        return entry[0].place if entry else self.node.place

    def scalar(self, key: str) -> Scalar | None:
        node = self.node_of(key)
        if node is None or isinstance(node, Scalar):
            return node
        self.tell(node.place, "E431", f'"{key}" takes one value', "not a list or a mapping")
        return None

    def text(self, key: str, default: str = "") -> str:
        scalar = self.scalar(key)
        return default if scalar is None else scalar.text.strip()

    def required(self, key: str) -> Scalar | None:
        """Return a value that must be there."""
        if self.node_of(key) is None:
            if self.lenient:
                return None
            self.tell(self.node.place, "E430", f'"{key}" is missing', f"add {key}:")
            return None
        return self.scalar(key)

    def choice(self, key: str, allowed: Iterable[str], default: str) -> str:
        scalar = self.scalar(key)
        if scalar is None:
            return default
        known = tuple(allowed)
        if scalar.text in known:
            return scalar.text
        self.tell(
            scalar.place, "E115", f'"{scalar.text[:60]}" is no {key}',
            did_you_mean(scalar.text, known),
        )  # fmt: skip
        return default

    def flag(self, key: str, default: bool = False) -> bool:
        scalar = self.scalar(key)
        if scalar is None:
            return default
        if scalar.text.lower() in TRUE + FALSE:
            return scalar.text.lower() in TRUE
        self.tell(
            scalar.place, "E301", f'"{scalar.text[:60]}" is no yes or no', "write true or false"
        )
        return default

    def scalars(self, key: str) -> list[Scalar]:
        """Return one value or a list of them, as a list."""
        node = self.node_of(key)
        if node is None:
            return []
        return self.flat(node, key)

    def flat(self, node: Node, key: str) -> list[Scalar]:
        values = node.values if isinstance(node, Seq) else [node]
        found = []
        for value in values:
            if isinstance(value, Scalar):
                found.append(value)
            else:
                self.tell(value.place, "E431", f'"{key}" takes words', "not lists or mappings")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(scalar.text.strip() for scalar in self.scalars(key))

    def map(self, key: str) -> Map | None:
        node = self.node_of(key)
        if node is None or isinstance(node, Map):
            return node
        self.tell(node.place, "E431", f'"{key}" takes a mapping', "as in {name: value}")
        return None

    def maps(self, key: str) -> list[Map]:
        """Return a mapping or a list of them, as a list."""
        node = self.node_of(key)
        if node is None:
            return []
        values = node.values if isinstance(node, Seq) else [node]
        found = []
        for value in values:
            if isinstance(value, Map):
                found.append(value)
            else:
                self.tell(value.place, "E431", f'"{key}" takes mappings', "as in {name: value}")
        return found

    def inner(self, node: Map) -> Keys:
        return Keys(node, self.clause, self.problems)

    def done(self) -> None:
        """Tell every key that nobody asked for."""
        for name, (key, _) in self.node.entries.items():
            if name not in self.used:
                self.tell(
                    key.place, "E114", f'unknown key "{name[:60]}"', did_you_mean(name, self.used)
                )


def plain(node: Node) -> object:
    """Return a node as plain strings, lists and dicts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Seq):
        return [plain(value) for value in node.values]
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def typed(node: Node) -> object:
    """Return a node with plain numbers, yes and no, and nothing as what they are."""
    if isinstance(node, Seq):
        return [typed(value) for value in node.values]
    if isinstance(node, Map):
        return {key: typed(value) for key, (_, value) in node.entries.items()}
    if node.quoted:
        return node.text
    if node.is_empty:
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    if node.text.isascii() and node.text.removeprefix("-").isdigit() and len(node.text) < 16:
        return int(node.text) if node.text == str(int(node.text)) else node.text
    whole, dot, rest = node.text.partition(".")
    if dot and whole.isascii() and rest.isascii() and whole.isdigit() and rest.isdigit():
        return float(node.text) if len(node.text) < 16 else node.text
    return node.text
