"""The same histories under two versions: what each clause would have asked for and got.

Pure and streaming: each ticket is replayed under both and counted, so a log of any length goes
through a small memory. It cannot write or send; there is nothing here to do it with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kept.policy.decisions import (
    Assign,
    Decision,
    Escalate,
    Notify,
    OpenChild,
    PageRole,
    Refuse,
    Send,
    SetSeverity,
)
from kept.policy.engine import replay
from kept.policy.facts import ClockRanOut, Fact, PolicyChanged
from kept.policy.measures import wilson
from kept.policy.rules import Policy
from kept.policy.state import Commitment
from kept.policy.words import Frozen, Instant, Verdict

NOT_ACTIVATED = "not_activated"
SAMPLES = 20
"""Tickets named for each kind of flip; the count goes on."""
ACTS = (Assign, Escalate, Notify, OpenChild, PageRole, Refuse, Send, SetSeverity)
"""Decisions that people would have noticed."""


class Past(Frozen, frozen=True, kw_only=True):
    """One ticket's history as it happened, refused facts left out, until an instant."""

    ticket: str
    facts: tuple[Fact, ...]
    until: Instant | None = None


class Tally(Frozen, frozen=True, kw_only=True):
    """How a clause fared under one version. A share is in millionths, at 95 %."""

    activated: int = 0
    kept: int = 0
    missed: int = 0
    pending: int = 0
    unknown: int = 0
    other: int = 0
    """Cancelled, exempt, waived or abandoned."""

    @property
    def interval(self) -> tuple[int | None, int | None]:
        """The range in which the kept share lies; empty where nothing was judged."""
        judged = self.kept + self.missed
        return wilson(self.kept, judged) if judged else (None, None)


class Flip(Frozen, frozen=True, kw_only=True):
    """So many commitments came out otherwise; some of the tickets where."""

    before: str
    after: str
    count: int
    tickets: tuple[str, ...]


class ClauseChange(Frozen, frozen=True, kw_only=True):
    """One clause that did not fare the same. `moved` are dues at another instant."""

    clause: str
    current: Tally
    candidate: Tally
    flips: tuple[Flip, ...] = ()
    moved: int = 0


class ActChange(Frozen, frozen=True, kw_only=True):
    """How often a clause acted under each: pages, escalations, mails, refusals."""

    clause: str
    act: str
    current: int
    candidate: int


class Comparison(Frozen, frozen=True, kw_only=True):
    """What differs, clause by clause; comparing a version with itself finds nothing."""

    tickets: int
    clauses: tuple[ClauseChange, ...]
    acts: tuple[ActChange, ...]

    @property
    def is_empty(self) -> bool:
        return not self.clauses and not self.acts


class _Key(NamedTuple):
    """The n-th commitment of a name under a clause is the same one under both versions."""

    clause: str
    name: str
    number: int


def compare(current: Policy, candidate: Policy, history: Iterable[Past]) -> Comparison:
    """Return what differs between two versions over the same outside facts."""
    counts = _Counts()
    tickets = 0
    for past in history:
        tickets += 1
        facts = outside(past.facts)
        counts.take(past.ticket, _lived(current, facts, past), _lived(candidate, facts, past))
    return Comparison(tickets=tickets, clauses=counts.clauses(), acts=counts.acts_changed())


def outside(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return what happened, without what a version's own clock or change of version told."""
    return tuple(fact for fact in facts if not isinstance(fact, ClockRanOut | PolicyChanged))


class _Life(NamedTuple):
    owed: dict[_Key, Commitment]
    acts: Counter[tuple[str, str]]


def _lived(policy: Policy, facts: Sequence[Fact], past: Past) -> _Life:
    outcome = replay(policy, facts, until=past.until)
    owed: dict[_Key, Commitment] = {}
    numbers: Counter[tuple[str, str]] = Counter()
    for each in outcome.state.commitments.values():
        name = (each.because.clause, each.name)
        numbers[name] += 1
        owed[_Key(*name, numbers[name])] = each
    return _Life(owed, Counter(map(_act, filter(_is_act, outcome.decisions))))


def _is_act(decision: Decision) -> bool:
    return isinstance(decision, ACTS)


def _act(decision: Decision) -> tuple[str, str]:
    return decision.because.clause, str(decision.__struct_config__.tag)


class _Counts:
    """Running sums; nothing of a ticket is kept but its name where something flipped."""

    def __init__(self) -> None:
        self.tallies: tuple[dict[str, Counter[str]], ...] = ({}, {})
        self.flips: dict[str, Counter[tuple[str, str]]] = {}
        self.samples: dict[tuple[str, str, str], list[str]] = {}
        self.moved: Counter[str] = Counter()
        self.acts: tuple[Counter[tuple[str, str]], ...] = (Counter(), Counter())

    def take(self, ticket: str, current: _Life, candidate: _Life) -> None:
        """Count one ticket under both versions."""
        for side, life in enumerate((current, candidate)):
            self.acts[side].update(life.acts)
            for key, owed in life.owed.items():
                self.tallies[side].setdefault(key.clause, Counter())[owed.verdict.value] += 1
        for key in {**current.owed, **candidate.owed}:
            before, after = current.owed.get(key), candidate.owed.get(key)
            self._flip(ticket, key.clause, _verdict(before), _verdict(after))
            if before is not None and after is not None and before.due_at != after.due_at:
                self.moved[key.clause] += 1

    def _flip(self, ticket: str, clause: str, before: str, after: str) -> None:
        if before == after:
            return
        self.flips.setdefault(clause, Counter())[before, after] += 1
        named = self.samples.setdefault((clause, before, after), [])
        if len(named) < SAMPLES and ticket not in named:
            named.append(ticket)

    def clauses(self) -> tuple[ClauseChange, ...]:
        """Return the clauses that fared otherwise, in the order of their ids."""
        current, candidate = self.tallies
        changed = {*self.flips, *self.moved}
        return tuple(
            ClauseChange(
                clause=clause,
                current=_tally(current.get(clause, Counter())),
                candidate=_tally(candidate.get(clause, Counter())),
                flips=tuple(self._flips_of(clause)),
                moved=self.moved[clause],
            )
            for clause in sorted(changed)
        )

    def _flips_of(self, clause: str) -> Iterable[Flip]:
        for (before, after), count in sorted(self.flips.get(clause, Counter()).items()):
            named = self.samples[clause, before, after]
            yield Flip(before=before, after=after, count=count, tickets=tuple(named))

    def acts_changed(self) -> tuple[ActChange, ...]:
        """Return the acts that would have been more or fewer."""
        current, candidate = self.acts
        return tuple(
            ActChange(clause=key[0], act=key[1], current=current[key], candidate=candidate[key])
            for key in sorted({*current, *candidate})
            if current[key] != candidate[key]
        )


def _verdict(commitment: Commitment | None) -> str:
    return NOT_ACTIVATED if commitment is None else commitment.verdict.value


def _tally(verdicts: Counter[str]) -> Tally:
    named = {
        each.value: verdicts[each.value]
        for each in (Verdict.KEPT, Verdict.MISSED, Verdict.PENDING, Verdict.UNKNOWN)
    }
    activated = verdicts.total()
    return Tally(activated=activated, other=activated - sum(named.values()), **named)
