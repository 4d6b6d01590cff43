"""Tailoring: an SOP that `extends` another and only sets, removes and adds.

The parent's clauses come first, with their own ids and lines; a `set` gives some keys of a
parent's rule new values, taken from the child's sentence. A locked clause may only get tighter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from kept.policy.sop.keys import Keys
from kept.policy.sop.parse import Document, Loaded, parse
from kept.policy.sop.source import Place, Problems, did_you_mean
from kept.policy.sop.tree import ClauseNode
from kept.policy.sop.yaml import Map, Node, Scalar, Seq

MAX_GENERATIONS = 5
ALTERNATIVES = {"within": "under", "under": "within", "on": "after", "after": "on"}
INHERITED = ("parameters", "words", "fields")
OWN = frozenset({"sop", "title", "version", "effective", "updated", "extends", "tombstones"})


@dataclass(slots=True, kw_only=True)
class Family:
    """A document with its ancestors merged in. `touched` is where the child changes a clause."""

    document: Document
    parent: Document | None = None
    touched: dict[str, Place] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where the parent is named."""
        entry = self.document.front.entries.get("extends")
        return entry[0].place if entry else self.document.root.place


def with_parent(
    document: Document, parents: Mapping[str, str], problems: Problems, generation: int = 0
) -> Family:
    """Return the document with what it extends merged in, or as it is."""
    name = document.front.get("extends")
    if not isinstance(name, Scalar) or name.is_empty:
        _refuse_tailoring(document, problems)
        return Family(document=_without_tailoring(document, problems))
    parent = _parent(name, parents, problems, generation)
    if parent is None:
        return Family(document=_without_tailoring(document, None))
    whole = with_parent(parent, parents, problems, generation + 1).document
    tailor = _Tailor(document, whole, problems)
    return Family(document=tailor.merged(), parent=whole, touched=tailor.touched)


def _without_tailoring(document: Document, problems: Problems | None) -> Document:
    """Return the document without rules that change a parent's: there is none to change."""
    blocks = []
    for loaded in document.blocks:
        maps = _maps(loaded.node) if loaded.kind == "rule" else ()
        acts = [one.entries[key][0] for one in maps for key in ("set", "remove") if one.get(key)]
        for key in acts:
            _refuse(key, loaded.clause.id, problems)
        if not acts:
            blocks.append(loaded)
    return replace(document, blocks=tuple(blocks))


def _refuse(key: Scalar, clause: str, problems: Problems | None) -> None:
    if problems is not None:
        problems.error(
            key.place, "E501", f'"{key.text}" without `extends`', clause=clause,
            advice="name the parent: extends: esc@2",
        )  # fmt: skip


def _refuse_tailoring(document: Document, problems: Problems) -> None:
    for key in ("set", "remove"):
        entry = document.front.entries.get(key)
        if entry is not None:
            _refuse(entry[0], document.sop, problems)


def _parent(
    name: Scalar, parents: Mapping[str, str], problems: Problems, generation: int
) -> Document | None:
    wanted = name.text.strip()
    sop, _, version = wanted.partition("@")
    key = next((key for key in (wanted, sop) if key in parents), None)
    if key is None or generation >= MAX_GENERATIONS:
        what, advice = f"extends in a circle, or over {MAX_GENERATIONS} times", "let one end it"
        if key is None:
            what, advice = "is not here", did_you_mean(wanted, parents) or "add the parent's file"
        problems.error(name.place, "E502", f'the parent "{wanted[:60]}" {what}', advice=advice)
        return None
    parent = parse(parents[key], key, problems)
    own = parent.front.get("version")
    has = own.text.strip() if isinstance(own, Scalar) else ""
    if version and has.split(".")[: version.count(".") + 1] != version.split("."):
        problems.error(
            name.place, "E503", f'"{sop}" is there in version {has}, not {version}',
            advice="extend the version that is meant",
        )  # fmt: skip
    return parent


class _Tailor:
    """Merges a parent and a child."""

    def __init__(self, child: Document, parent: Document, problems: Problems) -> None:
        self.child = child
        self.parent = parent
        self.problems = problems
        self.touched: dict[str, Place] = {}
        self.blocks: list[Loaded] = list(parent.blocks)
        self.removed: set[str] = set()
        self.acts: list[Loaded] = []
        """Blocks that change the parent: their clause is carried out, though it has no rule."""

    def merged(self) -> Document:
        self._check_ids()
        added = [self._own(loaded) for loaded in self.child.blocks]
        self._removed_by_front()
        front = self._front()
        kept = [
            one for one in self.blocks if one.clause.id not in self.removed or one.kind == "note"
        ]
        return replace(
            self.child,
            front=front,
            clauses=(*self.parent.clauses, *self.child.clauses),
            blocks=(*kept, *(one for one in added if one is not None), *self.acts),
        )

    def _check_ids(self) -> None:
        """An id is one clause's alone, across the family."""
        theirs = {node.id: node for node in self.parent.clauses if node.id}
        for node in self.child.clauses:
            first = theirs.get(node.id)
            if first is not None:
                where = f"line {first.place.line} of {first.place.source.name}"
                self.problems.error(
                    node.anchor_place or node.place, "E405", f'the anchor "{node.id}" is taken',
                    clause=node.id, advice=f"{where} has it; choose another",
                )  # fmt: skip

    def _own(self, loaded: Loaded) -> Loaded | None:
        """Take a block of the child: a rule that sets or removes changes the parent's."""
        if loaded.kind != "rule":
            return loaded
        node = loaded.node
        maps = node.values if isinstance(node, Seq) else [node]
        rest: list[Node] = []
        for one in maps:
            if isinstance(one, Map) and one.get("set") is not None:
                self._set(Keys(one, loaded.clause, self.problems))
            elif isinstance(one, Map) and one.get("remove") is not None:
                keys = Keys(one, loaded.clause, self.problems)
                scalar, reason = keys.required("remove"), keys.required("reason")
                keys.done()
                if scalar is not None and reason is not None:
                    self._remove(scalar, loaded.clause)
            else:
                rest.append(one)
        if len(rest) < len(maps):
            self.acts.append(replace(loaded, block=replace(loaded.block, kind="set")))
        if not rest:
            return None
        return replace(
            loaded, node=rest[0] if len(rest) == 1 else Seq(place=node.place, values=rest)
        )

    # Set -------------------------------------------------------------------------------------

    def _set(self, keys: Keys) -> None:
        scalar, chosen = keys.required("set"), keys.text("rule")
        keys.used.update(("reason",))
        if scalar is None or not self._is_known(scalar, keys.clause):
            return
        rules = [
            (loaded, node) for loaded in self.blocks if loaded.clause.id == scalar.text
            and loaded.kind == "rule" for node in _maps(loaded.node)
            if not chosen or chosen in _names(node)
        ]  # fmt: skip
        if len(rules) != 1:
            self._cannot_choose(keys, scalar, chosen, len(rules))
            return
        loaded, node = rules[0]
        changed = Map(place=node.place, entries=dict(node.entries))
        for key, (name, value) in keys.node.entries.items():
            if key in ("set", "rule", "reason"):
                continue
            changed.entries.pop(ALTERNATIVES.get(key, ""), None)
            changed.entries[key] = (name, _answering(value, keys.clause))
        self.touched[scalar.text] = scalar.place
        self._replace(loaded, node, changed)

    def _cannot_choose(self, keys: Keys, scalar: Scalar, chosen: str, count: int) -> None:
        names = [
            _full_name(node) for loaded in self.blocks if loaded.clause.id == scalar.text
            and loaded.kind == "rule" for node in _maps(loaded.node)
        ]  # fmt: skip
        which = f' called "{chosen[:60]}"' if chosen else ""
        keys.tell(
            scalar.place, "E504", f'"{scalar.text[:60]}" has {count} rules{which} to set',
            f"choose with rule: {' or '.join(names)}" if names else "add a rule instead",
        )  # fmt: skip

    def _replace(self, loaded: Loaded, old: Map, new: Map) -> None:
        node: Node = new
        if isinstance(loaded.node, Seq):
            values = [new if one is old else one for one in loaded.node.values]
            node = Seq(place=loaded.node.place, values=values)
        index = self.blocks.index(loaded)
        self.blocks[index] = Loaded(clause=loaded.clause, block=loaded.block, node=node)

    # Remove ----------------------------------------------------------------------------------

    def _remove(self, scalar: Scalar, clause: ClauseNode) -> None:
        if self._is_known(scalar, clause):
            self.removed.add(scalar.text)
            self.touched[scalar.text] = scalar.place

    def _removed_by_front(self) -> None:
        keys = Keys(self.child.front, self.child.root, self.problems)
        for node in keys.maps("remove"):
            inner = keys.inner(node)
            scalar, reason = inner.required("clause"), inner.required("reason")
            inner.done()
            if scalar is not None and reason is not None:
                self._remove(scalar, self.child.root)

    def _is_known(self, scalar: Scalar, clause: ClauseNode) -> bool:
        known = {node.id for node in self.parent.clauses}
        if scalar.text in known:
            return True
        self.problems.error(
            scalar.place, "E112", f'unknown clause "{scalar.text[:60]}"', clause=clause.id,
            advice=did_you_mean(scalar.text, known),
        )  # fmt: skip
        return False

    # Front matter ------------------------------------------------------------------------------

    def _front(self) -> Map:
        entries = {
            key: entry for key, entry in self.parent.front.entries.items() if key not in OWN
        }
        for key, entry in self.child.front.entries.items():
            theirs = entries.get(key)
            if key in INHERITED and theirs is not None:
                entries[key] = (entry[0], _joined(theirs[1], entry[1]))
            elif key != "set":
                entries[key] = entry
        front = Map(place=self.child.front.place, entries=entries)
        self._set_parameters(front)
        return front

    def _set_parameters(self, front: Map) -> None:
        keys = Keys(self.child.front, self.child.root, self.problems)
        values = keys.map("set")
        parameters = front.get("parameters")
        known = dict(parameters.entries) if isinstance(parameters, Map) else {}
        for name, (key, value) in (values.entries if values else {}).items():
            entry = known.get(name)
            if entry is None or not isinstance(entry[1], Map):
                keys.tell(
                    key.place, "E113", f'unknown parameter "{name[:60]}"',
                    did_you_mean(name, known),
                )  # fmt: skip
                continue
            merged = {**entry[1].entries, "value": (key, value)}
            known[name] = (entry[0], Map(place=entry[1].place, entries=merged))
        if values and isinstance(parameters, Map):
            # Not in place: the parent is held against the child with its own values.
            whole = Map(place=parameters.place, entries=known)
            front.entries["parameters"] = (front.entries["parameters"][0], whole)


def _maps(node: Node) -> Iterator[Map]:
    for value in node.values if isinstance(node, Seq) else [node]:
        if isinstance(value, Map):
            yield value


def _names(node: Map) -> set[str]:
    """Return how a rule may be called: `clock:first_response`, `first_response`, `clock`."""
    for key, (_, value) in node.entries.items():
        if isinstance(value, Scalar):
            return {f"{key}:{value.text}", value.text, key}
    return set()


def _full_name(node: Map) -> str:
    return max(_names(node), key=len, default="")


def _answering(node: Node, clause: ClauseNode) -> Node:
    """Return a copy whose figures answer to the child's sentence."""
    if isinstance(node, Scalar):
        return replace(node, prose=clause)
    if isinstance(node, Seq):
        return Seq(place=node.place, values=[_answering(one, clause) for one in node.values])
    entries = {key: (name, _answering(one, clause)) for key, (name, one) in node.entries.items()}
    return Map(place=node.place, entries=entries)


def _joined(theirs: Node, ours: Node) -> Node:
    if isinstance(theirs, Map) and isinstance(ours, Map):
        return Map(place=ours.place, entries={**theirs.entries, **ours.entries})
    return ours
