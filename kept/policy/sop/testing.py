"""Running the examples of an SOP: each `yaml test` is a ticket's life and what should come of it.

The engine itself runs them; nothing is judged here but whether the outcome is the expected one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kept.policy import replay
from kept.policy.decisions import (
    Assign,
    Decision,
    Notify,
    OpenChild,
    OrderQueue,
    PageRole,
    Refuse,
    Send,
)
from kept.policy.errors import NotAFact, Problem
from kept.policy.rules import Policy, SopTest
from kept.policy.sop.figures import Kind
from kept.policy.sop.params import read_figure
from kept.policy.state import Commitment, TicketState
from kept.policy.wire import facts_from_wire, instant_from_wire, instant_to_wire
from kept.policy.words import CommitmentKind, Frozen, Verdict

NOT_ACTIVATED = ("not_activated", "not activated")
NOT = "not_"
ENDED = ("kept", "missed")
TICKING = (CommitmentKind.CLOCK, CommitmentKind.WINDOW)

Rules = frozenset[tuple[str, str]]
"""Rules by (clause, key inside the clause), as decisions cite them."""
Compile = Callable[[Mapping[str, str]], Policy | None]
"""The SOP under other parameters, for tests that set some; None when it does not compile."""


class Result(Frozen, frozen=True, kw_only=True):
    """What came of one test. `touched` are the rules its ticket set going."""

    name: str
    clause: str
    line: int
    differences: tuple[str, ...] = ()
    touched: Rules = frozenset()

    @property
    def passed(self) -> bool:
        return not self.differences


class Life(Frozen, frozen=True, kw_only=True):
    """A ticket at the end of a test, with all that was decided on the way."""

    policy: Policy
    clause: str
    state: TicketState
    decisions: tuple[Decision, ...]


def run_tests(policy: Policy, compile_with: Compile) -> tuple[Result, ...]:
    """Run every test of an SOP, in the document's order."""
    return tuple(run_test(policy, test, compile_with) for test in policy.tests)


def run_test(policy: Policy, test: SopTest, compile_with: Compile) -> Result:
    """Run one test, under its own parameters where it sets some."""
    under: Policy | None = policy
    if test.parameters:
        under = compile_with(test.parameters)
    if under is None:
        return _result(test, ("the SOP does not compile with these parameters",))
    try:
        life = live(under, test)
    except NotAFact as wrong:
        return _result(test, (str(wrong),))
    return _result(test, tuple(differences(life, test.expect)), touched(life))


def _result(test: SopTest, found: tuple[str, ...], rules: Rules = frozenset()) -> Result:
    return Result(
        name=test.name, clause=test.clause, line=test.line, differences=found, touched=rules
    )


def live(policy: Policy, test: SopTest) -> Life:
    """Let the events of a test happen."""
    facts = facts_from_wire(policy, test.given)
    until = instant_from_wire(policy, test.until) if test.until else None
    outcome = replay(policy, facts, until=until)
    return Life(
        policy=policy, clause=test.clause, state=outcome.state, decisions=outcome.decisions
    )


def touched(life: Life) -> Rules:
    """Return the rules that a ticket's life cites."""
    cited = [decision.because for decision in life.decisions]
    cited += [commitment.because for commitment in life.state.commitments.values()]
    return frozenset((because.clause, because.rule) for because in cited)


# Comparing -------------------------------------------------------------------------------------


def differences(life: Life, expect: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is not as expected, in words."""
    for key, wanted in expect.items():
        look = LISTS.get(key)
        if key.startswith(NOT) and (look := LISTS.get(key.removeprefix(NOT))):
            yield from _list_has(key, wanted, look(life))
        elif look is not None:
            yield from _list_differs(key, wanted, look(life))
        elif key == "assigned":
            yield from _list_differs(key, wanted, _assigned(life), whole=False)
        elif (found := _commitments(life, key)) is not None:
            yield from _commitment_differs(life, key, wanted, found)
        else:
            yield from _fact_differs(life, key, wanted)


def _refused(life: Life) -> list[str]:
    return [one.because.clause for one in life.decisions if isinstance(one, Refuse)]


def _sent(life: Life) -> list[str]:
    return [one.template for one in life.decisions if isinstance(one, Send)]


def _paged(life: Life) -> list[str]:
    return [one.role for one in life.decisions if isinstance(one, PageRole)]


def _notified(life: Life) -> list[str]:
    return [who for one in life.decisions if isinstance(one, Notify) for who in one.who]


def _children(life: Life) -> list[str]:
    return [one.template for one in life.decisions if isinstance(one, OpenChild)]


def _queued_by(life: Life) -> list[str]:
    return [one.by for one in life.decisions if isinstance(one, OrderQueue)]


def _flags(life: Life) -> list[str]:
    flags = life.state.facts.get("flags") or ()
    return [str(flag) for flag in flags] if isinstance(flags, tuple | list) else []


def _open_steps(life: Life) -> list[str]:
    return [
        one.name for one in life.state.commitments.values()
        if one.kind is CommitmentKind.STEP and one.verdict is Verdict.PENDING
        and not one.suspended
    ]  # fmt: skip


LISTS: dict[str, Callable[[Life], list[str]]] = {
    "refused": _refused, "sent": _sent, "paged": _paged, "notified": _notified,
    "flags": _flags, "children": _children,
    "queued_by": _queued_by, "open_steps": _open_steps,
}  # fmt: skip


def _assigned(life: Life) -> list[str]:
    found = [str(life.state.facts[key]) for key in ("team", "owner") if life.state.facts.get(key)]
    acts = [one for one in life.decisions if isinstance(one, Assign)]
    return found + [who for one in acts[-1:] for who in (one.team, one.role, one.agent) if who]


def _list_differs(key: str, wanted: Any, found: list[str], *, whole: bool = True) -> Iterator[str]:
    """Each name is found as often as it stands there; an empty list says that there are none."""
    names = [str(one) for one in wanted] if isinstance(wanted, list | tuple) else [str(wanted)]
    told = ", ".join(dict.fromkeys(found)) or "nothing"
    if not names and found and whole:
        yield f"{key}: expected nothing, found {told}"
    for name in dict.fromkeys(names):
        times = sum(one == name or one.endswith("." + name) for one in found)
        if times < names.count(name):
            often = f"{name} {names.count(name)} times" if times else name
            yield f"{key}: expected {often}, found {told}"


def _list_has(key: str, unwanted: Any, found: list[str]) -> Iterator[str]:
    """None of the names may be among those found: `not_sent: [survey]`."""
    names = [unwanted] if isinstance(unwanted, str) else unwanted
    for name in names:
        if str(name) in found:
            yield f"{key}: found {name}"


def _fact_differs(life: Life, key: str, wanted: Any) -> Iterator[str]:
    found = life.state.status.value if key == "status" else life.state.facts.get(key)
    if isinstance(found, bool):
        found = "true" if found else "false"
    told = "" if found is None else str(found)
    if told != ("" if wanted in (None, "none", "null") else str(wanted)):
        yield f"{key}: expected {wanted}, found {told or 'nothing'}"


def _commitments(life: Life, key: str) -> list[Commitment] | None:
    """Return the commitments a key names, oldest first; None when it names none of the SOP's."""
    clause = clause_named(life.policy, key, near=life.clause)
    every = list(life.state.commitments.values())
    if clause is not None:
        own = [one for one in every if one.because.clause == clause]
        return [one for one in own if one.kind in TICKING] or own
    named = [one for one in every if one.name == key]
    if named or any(rule.name == key for rule in life.policy.rules):
        return named
    return None


def clause_named(policy: Policy, key: str, *, near: str) -> str | None:
    """Return the clause whose id is `key` or ends in it, the one closest to `near`."""
    if key in policy.clauses:
        return key
    ends = [clause for clause in policy.clauses if clause.endswith("." + key)]
    return max(ends, key=lambda clause: _kinship(clause, near), default=None)


def _kinship(one: str, other: str) -> tuple[int, bool, int]:
    shared = 0
    for left, right in zip(one.split("."), other.split("."), strict=False):
        if left != right:
            break
        shared += 1
    return shared, one == other, -one.count(".")


def _commitment_differs(
    life: Life, key: str, wanted: Any, found: list[Commitment]
) -> Iterator[str]:
    if isinstance(wanted, list | tuple):
        if len(wanted) != len(found):
            told = ", ".join(one.verdict.value for one in found) or "none"
            yield f"{key}: expected {len(wanted)} commitments, found {told}"
            return
        for each, one in zip(wanted, found, strict=True):
            yield from _one_differs(life, key, each, one)
    else:
        yield from _one_differs(life, key, wanted, _meant(wanted, found))


def _meant(wanted: Any, found: list[Commitment]) -> Commitment | None:
    """Return the commitment one verdict speaks of: the last; of windows, the last that ended."""
    verdict = wanted.get("verdict") if isinstance(wanted, Mapping) else wanted
    if verdict in ENDED and found and found[-1].kind is CommitmentKind.WINDOW:
        over = [one for one in found if one.verdict.value in ENDED]
        found = over or found
    return found[-1] if found else None


def _one_differs(life: Life, key: str, wanted: Any, one: Commitment | None) -> Iterator[str]:
    detail = wanted if isinstance(wanted, Mapping) else {"verdict": wanted}
    if one is None:
        if detail.get("verdict") not in NOT_ACTIVATED:
            yield f"{key}: expected {detail.get('verdict', 'a commitment')}, found not activated"
        return
    for what, each in detail.items():
        found = _detail(one, what)
        if not _agrees(life.policy, what, str(each), one):
            yield f"{key}: expected {what} {each}, found {found}"


def _detail(one: Commitment, what: str) -> str:
    match what:
        case "verdict":
            return one.verdict.value
        case "reason":
            return one.reason or "none"
        case "due":
            return "none" if one.due_at is None else instant_to_wire(one.due_at)
        case "started":
            return instant_to_wire(one.started_at)
        case "late":
            return f"{one.late_open // 1_000_000}s open, {one.late_wall // 1_000_000}s wall"
    return "nothing of that name"


def _agrees(policy: Policy, what: str, wanted: str, one: Commitment) -> bool:
    if what in ("due", "started"):
        at = one.due_at if what == "due" else one.started_at
        if wanted in ("none", "null"):
            return at is None
        return at == instant_from_wire(policy, wanted)
    if what == "late":
        figure = read_figure(wanted, Kind.DURATION)
        return figure is not None and figure.amount in (one.late_open, one.late_wall)
    if what == "verdict" and wanted.endswith(")"):
        wanted, _, reason = wanted.removesuffix(")").partition("(")
        return (one.verdict.value, one.reason) == (wanted, reason)
    return _detail(one, what) == wanted


def untouched(policy: Policy, results: Iterable[Result]) -> list[Any]:
    """Return the rules that no test set going, of the kinds that a ticket can."""
    cited = {rule for result in results for rule in result.touched}
    return [
        rule for rule in policy.rules
        if (rule.because.clause, rule.because.rule) not in cited and can_be_touched(rule)
    ]  # fmt: skip


def gaps_in_tests(policy: Policy, results: Iterable[Result], file: str) -> list[Problem]:
    """Return a warning for each rule that no test touches; one for an SOP without any test."""
    left = untouched(policy, results)
    if left and not policy.tests:
        told = "no test touches any rule"
        return [_gap(file, 1, policy.sop, told, "show what the rules do in a yaml test block")]
    return [
        _gap(
            file, rule.because.line, rule.because.clause,
            f"no test touches {rule.because.rule}", "add an example that sets it going",
        )
        for rule in left
    ]  # fmt: skip


def _gap(file: str, line: int, clause: str, message: str, advice: str) -> Problem:
    return Problem(
        file=file,
        line=line,
        column=1,
        code="W704",
        severity="warning",
        message=message,
        clause=clause,
        advice=advice,
    )


def can_be_touched(rule: Any) -> bool:
    """Tell whether one ticket's life can show the rule at work."""
    return rule.because.rule.partition(":")[0] not in ("measure", "cadence", "entitlement")
