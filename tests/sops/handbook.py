"""Reading the handbooks that ship with Kept, for the tests that hold them to their clauses.

`clauses/SOP.txt` lists each clause that the handbook must carry: its id, what kind of clause it
is, and how it is enforced: PBC by construction, AUTO by itself, CLK clock, STEP step with
evidence, KPI measure, REV scheduled review.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from kept.policy import compile_sop
from kept.policy.formulas import read_formula
from kept.policy.rules import MeasureRule, Policy, SopTest
from kept.policy.sop.mutate import mutate
from kept.policy.sop.show import show
from kept.policy.sop.testing import Compile, run_test, untouched

ROOT = Path(__file__).parents[2]

DECLARED = frozenset({"level", "role", "team", "channel", "scale", "calendar", "form", "template"})
SEEN_IN = {
    "CLK": frozenset({"clock", "window"}),
    "STEP": frozenset({"step", "gate"}),
    "AUTO": frozenset({"reaction", "template", "cadence"}),
    "KPI": frozenset({"measure"}),
    "REV": frozenset({"cadence", "note"}),
    "PBC": frozenset({"gate", "approval", "entitlement", "step", "table", "note"}) | DECLARED,
}
"""Which blocks can carry each way of enforcing."""
ABOUT_THE_KEY = frozenset({"seed", "quote", "traps", "gaps"})
"""Keys that speak of the seed's wording, not of what the SOP says."""


class Row(NamedTuple):
    """One clause that must be carried."""

    clause: str
    kind: str
    enforced: tuple[str, ...]


@cache
def rows(sop: str) -> tuple[Row, ...]:
    """Return the clauses that a handbook must carry."""
    lines = (Path(__file__).parent / "clauses" / f"{sop}.txt").read_text().split("\n")
    parts = [line.split() for line in lines if line.strip()]
    return tuple(Row(one[0], one[1], tuple(one[2:])) for one in parts)


@cache
def text(sop: str) -> str:
    return (ROOT / "sops" / f"{sop}.md").read_text()


@cache
def policy(sop: str) -> Policy:
    """Return the compiled handbook; a problem of any severity is told in full."""
    compiled = compile_sop(text(sop), name=f"{sop}.md")
    errors = [problem for problem in compiled.problems if problem.severity == "error"]
    assert compiled.policy is not None and not errors, errors
    return compiled.policy


def uncarried(sop: str) -> list[str]:
    """Return the clauses whose way of enforcing no block carries."""
    clauses, acting = policy(sop).clauses, _acting_when_missed(policy(sop))
    promising = _taking_promises(policy(sop))
    return [
        f"{row.clause} {how}"
        for row in rows(sop)
        for how in row.enforced
        if not SEEN_IN[how] & set(clauses[row.clause].kinds)
        and not (how == "AUTO" and row.clause in acting)
        and not (how == "CLK" and row.clause in promising)
    ]


def _acting_when_missed(policy: Policy) -> set[str]:
    return {rule.because.clause for rule in policy.rules if getattr(rule, "on_miss", ())}


def _taking_promises(policy: Policy) -> set[str]:
    """Return the clauses whose time is the one a person names: every promise has its own clock."""
    return {
        rule.because.clause for rule in policy.rules
        if "promised" in getattr(rule, "auto", ())
    }  # fmt: skip


def measures(sop: str) -> list[str]:
    """Return the names of the measures; a formula that cannot be read raises."""
    found = [rule for rule in policy(sop).rules if isinstance(rule, MeasureRule)]
    for rule in found:
        read_formula(policy(sop), rule.of)
    return [rule.name for rule in found]


# Examples ------------------------------------------------------------------------------------


@cache
def _under(sop: str, parameters: tuple[tuple[str, str], ...]) -> Policy | None:
    return compile_sop(text(sop), name=f"{sop}.md", parameters=dict(parameters)).policy


def compile_with(sop: str) -> Compile:
    """Return what compiles a handbook under other parameters, each set of them once."""
    return lambda parameters: _under(sop, tuple(sorted(parameters.items())))


@cache
def _examples(sop: str) -> dict[str, SopTest]:
    return {f"{test.clause}: {test.name}": test for test in policy(sop).tests}


def examples(sop: str) -> list[str]:
    """Return the examples of a handbook by their names."""
    assert len(_examples(sop)) == len(policy(sop).tests), "two examples have one name"
    return list(_examples(sop))


def failures(sop: str, name: str) -> list[str]:
    """Return what an example finds otherwise than it says."""
    return list(run_test(policy(sop), _examples(sop)[name], compile_with(sop)).differences)


def never_shown(sop: str) -> list[str]:
    """Return the rules that no example sets going."""
    results = [run_test(policy(sop), test, compile_with(sop)) for test in policy(sop).tests]
    return [rule.because.clause for rule in untouched(policy(sop), results)]


def unnoticed(sop: str) -> set[str]:
    """Return the rules in which a changed figure, operator, event or person goes unnoticed."""
    survivors = mutate(policy(sop), compile_with(sop)).survivors
    return {f"{one.clause} {one.rule}" for one in survivors}


# Facts ---------------------------------------------------------------------------------------


def key(sop: str) -> dict[str, Any]:
    """Return the hand-made key of a seed."""
    written = (ROOT / "tests" / "seed_keys" / f"{sop}.yaml").read_text()
    found: dict[str, Any] = yaml.safe_load(written)
    return found


def unlike(sop: str) -> list[str]:
    """Return every place where the handbook's facts say less or other than the seed's key."""
    return list(_unlike(key(sop), show(policy(sop)), sop))


def _unlike(wanted: Any, told: Any, where: str) -> Iterator[str]:
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            if name not in ABOUT_THE_KEY:
                inner = told.get(name) if isinstance(told, Mapping) else None
                yield from _unlike(value, inner, f"{where}.{name}")
    elif isinstance(wanted, list) and wanted and isinstance(wanted[0], Mapping):
        yield from _unlike_entries(wanted, told or [], where)
    elif wanted != told:
        yield f"{where}: {told!r} instead of {wanted!r}"


def _unlike_entries(wanted: list[Any], told: list[Any], where: str) -> Iterator[str]:
    """Each entry of the key has one that says the same, whatever their order."""
    if len(told) != len(wanted):
        yield f"{where}: {len(told)} entries instead of {len(wanted)}"
    for entry in wanted:
        tries = [list(_unlike(entry, one, where)) for one in told]
        if [] not in tries:
            yield min(tries, key=len, default=[f"{where}: no {entry!r}"])[0]
