"""Paging: whom a call goes to, rung after rung, until somebody acknowledges it.

First whoever is on call for the role, then who stands in, the next layers, leads, managers. Each
person is on one rung only, the lowest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kept.policy.words import MINUTE, Frozen, Micros

LEADS = frozenset({"lead", "team_lead", "supervisor", "head"})
MANAGERS = frozenset({"manager", "owner"})
COMMON_STEP: Micros = 10 * MINUTE
"""How long a rung has to answer where the SOP names no interval for its calls."""
REPEATS_OF_A_RUNG = 2


class Reach(Frozen, frozen=True, kw_only=True):
    """One member of the desk as a page sees them now. `calls` are (rota, layer) they are on call
    for; `answers` says whether the page's role, level or team is theirs.
    """

    id: int
    roles: tuple[str, ...] = ()
    answers: bool = False
    on_duty: bool = True
    is_away: bool = False
    calls: tuple[tuple[int, int], ...] = ()
    deputy: int | None = None


class Rung(Frozen, frozen=True, kw_only=True):
    name: str
    people: tuple[int, ...]


def rungs(people: Sequence[Reach]) -> tuple[Rung, ...]:
    """Return the rungs of a page, the first to be called first; none is empty."""
    named = [one for one in people if one.answers]
    plan = _plans(named)
    first = [one for one in named if any(layer == 1 for _, layer in one.calls)]
    title = "on call"
    if not any(not one.is_away for one in first):
        first, title = _present(named), "on duty"
    deputies = {one.deputy for one in (*named, *first) if one.deputy is not None}
    found = [
        (title, [one.id for one in _awake(first)]),
        ("deputy", [one.id for one in people if one.id in deputies and not one.is_away]),
    ]
    layers = sorted({layer for one in people for rota, layer in one.calls if rota in plan} - {1})
    found += [
        (f"layer {layer}", [one.id for one in people if not one.is_away
                            and any(rota in plan and at == layer for rota, at in one.calls)])
        for layer in layers
    ]  # fmt: skip
    found.append(("lead", [one.id for one in people if LEADS & set(one.roles)]))
    found.append(("manager", [one.id for one in people if MANAGERS & set(one.roles)]))
    return _once(found)


def step(every: Micros) -> Micros:
    """Return how long a rung has to answer: two of the SOP's repeats, else ten minutes."""
    return every * REPEATS_OF_A_RUNG or COMMON_STEP


def due_rung(rung: int, top: int, *, late: Micros, each: Micros) -> int:
    """Return the rung to call now: after a downtime the highest whose time has passed (R12)."""
    return min(top, rung + 1 + max(late, 0) // each)


def _plans(named: Iterable[Reach]) -> frozenset[int]:
    """Return the rotas that somebody who answers is on call for: their other layers stand in."""
    return frozenset(rota for one in named for rota, _ in one.calls)


def _present(named: list[Reach]) -> list[Reach]:
    return [one for one in named if one.on_duty and not one.is_away] or named


def _awake(people: list[Reach]) -> list[Reach]:
    return [one for one in people if not one.is_away] or people


def _once(found: Iterable[tuple[str, list[int]]]) -> tuple[Rung, ...]:
    seen: set[int] = set()
    made = []
    for name, people in found:
        fresh = tuple(dict.fromkeys(one for one in people if one not in seen))
        seen.update(fresh)
        if fresh:
            made.append(Rung(name=name, people=fresh))
    return tuple(made)
