"""Clause ids: the SOP's name and the anchors from the outermost heading down.

An anchor with dots is the whole id and the clauses below go on from it. A clause without anchor
gets a made-up id that `fmt` writes down unchanged, so formatting never renames anything.
"""

from __future__ import annotations

import re
import unicodedata

from kept.policy.sop.source import Place, Problems
from kept.policy.sop.tree import ClauseNode, Shape


def give_ids(
    clauses: list[ClauseNode], sop: str, tombstones: frozenset[str], problems: Problems
) -> None:
    """Set `id` on every clause; a duplicate is a problem and keeps a made-up id."""
    _find_title(clauses)
    _find_transparent(clauses)
    taken: dict[str, ClauseNode] = {}
    for node in clauses:
        if node.title:
            node.id = sop
            taken.setdefault(sop, node)
        elif node.anchor is not None:
            _anchored(node, sop, taken, problems)
            _check_buried(node, tombstones, problems)
    used = {*tombstones, *taken}
    counts: dict[str, int] = {}
    for node in clauses:
        if not node.id:
            _derive(node, sop, used, counts)
            used.add(node.id)


def _find_title(clauses: list[ClauseNode]) -> None:
    for node in clauses:
        if node.shape is Shape.HEADING and node.level == 1:
            node.title = node.anchor is None
            return


def _find_transparent(clauses: list[ClauseNode]) -> None:
    """A clause without anchor above an anchored one must stay without: its id would move."""
    for node in clauses:
        if node.anchor is None or "." in node.anchor:
            continue
        above = node.parent
        while above is not None and not above.transparent:
            if above.anchor is not None and "." in above.anchor:
                break
            above.transparent = above.anchor is None and not above.title
            above = above.parent


def _prefix(node: ClauseNode, sop: str) -> str:
    above = node.parent
    while above is not None:
        if above.id and not above.transparent:
            return above.id
        above = above.parent
    return sop


def _anchored(
    node: ClauseNode, sop: str, taken: dict[str, ClauseNode], problems: Problems
) -> None:
    assert node.anchor is not None
    whole = node.anchor if "." in node.anchor else f"{_prefix(node, sop)}.{node.anchor}"
    first = taken.get(whole)
    if first is None:
        taken[whole] = node
        node.id, node.last = whole, node.anchor.rpartition(".")[2]
        return
    place = node.anchor_place or Place(node.place.source, node.place.line)
    problems.error(
        place, "E405", f'the anchor "{whole}" is taken', clause=whole,
        advice=f"line {first.place.line} has it; choose another", other_line=first.place.line,
    )  # fmt: skip


def _check_buried(node: ClauseNode, tombstones: frozenset[str], problems: Problems) -> None:
    if node.id in tombstones and node.anchor_place is not None:
        problems.error(
            node.anchor_place, "E408", f'the anchor "{node.id}" was removed before',
            clause=node.id, advice="choose another: a removed id is never given again",
        )  # fmt: skip


def _derive(node: ClauseNode, sop: str, taken: set[str], counts: dict[str, int]) -> None:
    """Make an id up: a heading's from its words, any other's from its place below its heading."""
    node.derived = True
    prefix = _prefix(node, sop)
    slug = _slug(node.text) if node.shape is Shape.HEADING else ""
    key = f"{prefix} {slug}"
    number = counts.get(key, 0)
    while True:
        number += 1
        last = f"c{number}" if not slug else slug if number == 1 else f"{slug}-{number}"
        if f"{prefix}.{last}" not in taken:
            break
    counts[key] = number
    node.last, node.id = last, f"{prefix}.{last}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text[:200]).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain.lower())
    return "-".join(words)[:40].strip("-")
