"""Measures: a figure over many tickets, how many it rests on, and how sure it is.

Exact until the last step: a share is in millionths, times in microseconds, scores in
thousandths, money in cents. No verdict is given on fewer than `ENOUGH` (X18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import isqrt

from kept.policy.decisions import Decision, Escalate, Refuse, Send
from kept.policy.facts import Fact
from kept.policy.formulas import (
    Count,
    Formula,
    FormulaError,
    Over,
    Rate,
    Ratio,
    Share,
    Times,
    read_formula,
)
from kept.policy.rules import MeasureRule, Policy
from kept.policy.sop.figures import Kind
from kept.policy.sop.params import read_figure
from kept.policy.state import Commitment, TicketState
from kept.policy.updates import effective_at, names_of
from kept.policy.words import Because, Frozen, Instant, Value, Verdict

ENOUGH = 30
MILLION = 1_000_000
Z2 = Fraction(1_959_964, 1_000_000) ** 2
"""Intervals are at 95 %."""


class Lived(Frozen, frozen=True, kw_only=True):
    """What a measure sees of one ticket."""

    facts: dict[str, Value]
    commitments: tuple[Commitment, ...]
    events: tuple[tuple[str, Instant], ...]
    by: str = ""
    """The agent it is counted for, where a measure splits by agent."""


class Measured(Frozen, frozen=True, kw_only=True):
    """One figure. `unit` is share, time, score, money or count; `value` None where n is 0.

    `met` is None where there is no goal or fewer than ENOUGH cases. `problem` says why a formula
    could not be read.
    """

    because: Because
    name: str
    unit: str
    value: int | None
    n: int
    low: int | None = None
    high: int | None = None
    goal: str = ""
    met: bool | None = None
    group: tuple[tuple[str, str], ...] = ()
    problem: str = ""


def lived(
    state: TicketState, history: Iterable[Fact], *, decisions: Iterable[Decision] = (),
    by: str = "",
) -> Lived:  # fmt: skip
    """Return what measures see of a ticket: its state and what happened, in order.

    Decisions count as events too: `page`, `sent:TEMPLATE`, `refused:CLAUSE`, `escalate`.
    """
    events = [(name, effective_at(fact)) for fact in history for name in names_of(fact)]
    events += [(name, each.at) for each in decisions for name in _names_of_decision(each)]
    return Lived(
        facts=state.facts,
        commitments=tuple(state.commitments.values()),
        events=tuple(sorted(events, key=lambda event: event[1])),
        by=by,
    )


def _names_of_decision(decision: Decision) -> tuple[str, ...]:
    match decision:
        case Send(template=template):
            return ("sent", f"sent:{template}")
        case Refuse(because=because):
            return ("refused", f"refused:{because.clause}")
        case Escalate():
            return ("escalate", "escalated")
    return (str(decision.__struct_config__.tag),)


def measure(policy: Policy, rule: MeasureRule, tickets: Iterable[Lived]) -> tuple[Measured, ...]:
    """Return a measure over tickets: the whole first, then each group of its `split`."""
    every = list(tickets)
    try:
        formula = read_formula(policy, rule.of)
    except FormulaError as problem:
        empty = Measured(
            because=rule.because, name=rule.name, unit="count", value=None, n=0,
            problem=str(problem),
        )  # fmt: skip
        return (empty,)
    found = [_measured(rule, formula, every, ())]
    for field in rule.split:
        groups: dict[str, list[Lived]] = {}
        for ticket in every:
            key = ticket.by if field == "agent" else str(ticket.facts.get(field) or "")
            groups.setdefault(key, []).append(ticket)
        for key in sorted(groups):
            found.append(_measured(rule, formula, groups[key], ((field, key),)))
    return tuple(found)


def measures(policy: Policy, tickets: Iterable[Lived]) -> tuple[Measured, ...]:
    """Return all measures of an SOP over tickets."""
    every = list(tickets)
    rules = [rule for rule in policy.rules if isinstance(rule, MeasureRule)]
    return tuple(each for rule in rules for each in measure(policy, rule, every))


def wilson(hits: int, n: int) -> tuple[int, int]:
    """Return the 95 % interval of a share in millionths; it stays inside 0 and 1."""
    if n == 0:
        return 0, MILLION
    p, z2n = Fraction(hits, n), Z2 / n
    spread = _root(Z2 * (p * (1 - p) / n + z2n / (4 * n)))
    low = (p + z2n / 2 - spread) / (1 + z2n)
    high = (p + z2n / 2 + spread) / (1 + z2n)
    return max(round(low * MILLION), 0), min(round(high * MILLION), MILLION)


def _root(square: Fraction) -> Fraction:
    scale = 10**18
    return Fraction(isqrt(square.numerator * scale * scale // square.denominator), scale)


def _measured(
    rule: MeasureRule, formula: Formula, tickets: Sequence[Lived],
    group: tuple[tuple[str, str], ...],
) -> Measured:  # fmt: skip
    unit, exact, n, interval = _figure(formula, tickets)
    met = None
    if exact is not None and rule.goal is not None and rule.op and n >= ENOUGH:
        goal = goal_in(rule.goal, unit)
        met = _compare(exact, rule.op, goal) if goal is not None else None
    told = f"{rule.op} {rule.goal}" if rule.op and rule.goal is not None else ""
    value = None if exact is None else round(exact * (MILLION if unit == "share" else 1))
    low, high = interval if n else (None, None)
    return Measured(
        because=rule.because, name=rule.name, unit=unit, value=value, n=n, low=low, high=high,
        goal=told, met=met, group=group,
    )  # fmt: skip


Interval = tuple[int | None, int | None]


def _figure(
    formula: Formula, tickets: Sequence[Lived]
) -> tuple[str, Fraction | None, int, Interval]:
    """Return (unit, exact value, n, interval) of a formula."""
    match formula:
        case Rate(name=name):
            verdicts = [c.verdict for c in _commitments(tickets, name)]
            kept = verdicts.count(Verdict.KEPT)
            return _share(kept, kept + verdicts.count(Verdict.MISSED))
        case Share(test=test):
            truths = [test(ticket.facts) for ticket in tickets]
            return _share(truths.count(True), len(truths) - truths.count(None))
        case Ratio(above=above, below=below):
            hits, n = _count(tickets, above), _count(tickets, below)
            if hits <= n:
                return _share(hits, n)
            return "count", Fraction(hits, n) if n else None, n, (None, None)
        case Count(of=of):
            n = _count(tickets, of)
            return "count", Fraction(n), n, (None, None)
        case Over(how=how, of=of):
            return _over(how, of, tickets)


def _share(hits: int, n: int) -> tuple[str, Fraction | None, int, Interval]:
    return "share", Fraction(hits, n) if n else None, n, wilson(hits, n)


def _over(
    how: str, of: str | Times, tickets: Sequence[Lived]
) -> tuple[str, Fraction | None, int, Interval]:
    unit, values = _values(of, tickets)
    values.sort()
    n = len(values)
    if n == 0:
        return unit, None, 0, (None, None)
    match how:
        case "mean":
            mean = Fraction(sum(values), n)
            return unit, mean, n, _mean_interval(values, mean)
        case "sum":
            return unit, Fraction(sum(values)), n, (None, None)
        case "max":
            return unit, Fraction(values[-1]), n, (None, None)
        case "p90":
            return unit, Fraction(values[-(-9 * n // 10) - 1]), n, (None, None)
    middle = Fraction(values[(n - 1) // 2] + values[n // 2], 2)
    reach = isqrt(n * 9604 // 10_000) + 1
    low, high = max((n - 1) // 2 - reach, 0), min(n // 2 + reach, n - 1)
    return unit, middle, n, (values[low], values[high])


def _mean_interval(values: Sequence[int], mean: Fraction) -> Interval:
    n = len(values)
    if n < 2:
        return None, None
    variance = sum(((value - mean) ** 2 for value in values), Fraction(0)) / (n - 1)
    spread = _root(Z2 * variance / n)
    return round(mean - spread), round(mean + spread)


def _values(of: str | Times, tickets: Sequence[Lived]) -> tuple[str, list[int]]:
    if isinstance(of, Times):
        return "time", list(_spans(of, tickets))
    if of in ("score", "amount"):
        unit = "score" if of == "score" else "money"
        return unit, [v for t in tickets if isinstance(v := t.facts.get(of), int)]
    known = [v for t in tickets if type(v := t.facts.get(of)) is int]
    if known and not any(_commitments(tickets, of)):
        return "count", known
    return "time", list(_spans(Times(of=of), tickets))


def _spans(of: Times, tickets: Sequence[Lived]) -> Iterator[int]:
    """Yield how long each took, in wall time; what is still open does not count."""
    if not of.to:
        for commitment in _commitments(tickets, of.of):
            done = commitment.verdict in (Verdict.KEPT, Verdict.MISSED)
            if done and commitment.settled_at is not None:
                yield commitment.settled_at - commitment.started_at
        return
    for ticket in tickets:
        begun = next((at for name, at in ticket.events if name == of.of), None)
        if begun is None:
            continue
        ended = next((at for name, at in ticket.events if name == of.to and at >= begun), None)
        if ended is not None:
            yield ended - begun


def _commitments(tickets: Iterable[Lived], name: str) -> Iterator[Commitment]:
    for ticket in tickets:
        for each in ticket.commitments:
            clause = each.because.clause
            if name in ("", each.name, clause) or clause.endswith(f".{name}"):
                yield each


def _count(tickets: Sequence[Lived], of: str) -> int:
    if of == "tickets":
        return len(tickets)
    verdict, colon, name = of.partition(":")
    if colon and verdict in ("kept", "missed"):
        return sum(each.verdict.value == verdict for each in _commitments(tickets, name))
    happened = sum(name == of for ticket in tickets for name, _ in ticket.events)
    return happened or sum(1 for _ in _commitments(tickets, of))


def goal_in(written: str, unit: str) -> Fraction | None:
    """Return a target in the units of a measure; None where it is in others."""
    kinds = {
        "share": (Kind.PERCENT, Fraction(1, 1000)),
        "time": (Kind.DURATION, Fraction(1)),
        "score": (Kind.SCORE, Fraction(1)),
        "money": (Kind.MONEY, Fraction(1)),
        "count": (Kind.COUNT, Fraction(1)),
    }
    kind, scale = kinds[unit]
    quantity = read_figure(written, kind)
    return quantity.amount * scale if quantity is not None else None


def _compare(value: Fraction, op: str, goal: Fraction) -> bool:
    match op:
        case ">":
            return value > goal
        case ">=":
            return value >= goal
        case "<":
            return value < goal
        case "<=":
            return value <= goal
    return value == goal
