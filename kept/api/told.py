"""What the API answers where no view of the queries does."""

from datetime import datetime
from typing import Any

import msgspec

from kept.policy.explain import Explanation
from kept.policy.measures import Measured
from kept.records.instants import moment, moment_or_none
from kept.records.queries.briefs import TicketBrief
from kept.records.queries.compliance import ClauseRecord
from kept.records.queries.customers import CustomerView
from kept.records.queries.gates import GateView
from kept.records.queries.search import Hit
from kept.records.queries.views import (
    ApprovalView,
    DeskView,
    JournalLine,
    MessageView,
    ProofView,
    QueueRow,
    StepView,
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""


class Queue(Told, frozen=True, kw_only=True):
    """Tickets by next due. Counts stop at 1000; `next_cursor` is null on the last page."""

    tickets: tuple[QueueRow, ...]
    counts: dict[str, int]
    next_cursor: str | None


class TicketTold(Told, frozen=True, kw_only=True):
    """Everything about one ticket. `facts` are what the SOP's conditions read."""

    ticket: TicketBrief
    customer: str
    customer_address: str
    owner: str | None
    facts: dict[str, Any]
    messages: tuple[MessageView, ...]
    gates: tuple[GateView, ...]
    steps: tuple[StepView, ...]
    approvals: tuple[ApprovalView, ...]
    links: dict[str, str]


class JournalPage(Told, frozen=True, kw_only=True):
    """Facts and decisions in the order of recording."""

    lines: tuple[JournalLine, ...]
    next_cursor: str | None


class ProofStep(Told, frozen=True, kw_only=True):
    """One line of the arithmetic: open time counted in seconds, or working days for `day`."""

    kind: str
    start: datetime
    end: datetime
    amount: float
    total: float
    reason: str


class Pause(Told, frozen=True, kw_only=True):
    """Time that did not count; an open one has no end."""

    reason: str
    start: datetime
    end: datetime | None


class Beaten(Told, frozen=True, kw_only=True):
    """A rule of the same name that does not decide, and why."""

    clause: str
    rule: str
    why: str
    missing: tuple[str, ...]


class Proof(Told, frozen=True, kw_only=True):
    """The arithmetic behind one due time."""

    ticket: int
    commitment: str
    name: str
    clause: str
    clause_text: str
    clause_line: int
    policy_version: str
    verdict: str
    reason: str
    standing: str
    target: str
    calendar: str
    zone: str
    condition: str
    facts: dict[str, Any]
    started_at: datetime
    due_at: datetime | None
    unpaused_due_at: datetime | None
    missed_at: datetime | None
    settled_at: datetime | None
    late_open_s: float
    late_wall_s: float
    holidays: tuple[tuple[str, str], ...]
    pauses: tuple[Pause, ...]
    steps: tuple[ProofStep, ...]
    beaten: tuple[Beaten, ...]


class Desks(Told, frozen=True, kw_only=True):
    """The desks of this token."""

    desks: tuple[DeskView, ...]


class ClauseTold(Told, frozen=True, kw_only=True):
    """One clause of the SOP and how it fared."""

    id: str
    line: int
    text: str
    heading: bool
    kinds: tuple[str, ...]
    enforce: str | None
    activated: int
    kept: int
    missed: int
    pending: int
    cancelled: int
    rate: float | None
    low: float | None
    high: float | None


class SopTold(Told, frozen=True, kw_only=True):
    """The SOP a desk runs."""

    desk: str
    sop: str
    title: str
    version: str
    hash: str
    activated_at: datetime | None
    activated_by: str | None
    clauses: tuple[ClauseTold, ...]


class Customers(Told, frozen=True, kw_only=True):
    """Customers with a ticket on the token's desk."""

    customers: tuple[CustomerView, ...]
    next_cursor: str | None


class Hits(Told, frozen=True, kw_only=True):
    """Tickets that hold the words, newest first. A snippet comes in pieces: the odd ones, from 1,
    are what was looked for.
    """

    hits: tuple[Hit, ...]
    next_cursor: str | None


class Compliance(Told, frozen=True, kw_only=True):
    """Each clause that made the desk owe something; intervals are Wilson's at 95 %."""

    desk: str
    clauses: tuple[ClauseRecord, ...]


class MeasureTold(Told, frozen=True, kw_only=True):
    """One measure. Unit share: 0 to 1; time: seconds; score, money, count: as people write them.

    `met` is null without a goal or with too few cases; `problem` says why nothing was computed.
    """

    clause: str
    name: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    goal: str
    met: bool | None
    group: dict[str, str]
    problem: str


class Measures(Told, frozen=True, kw_only=True):
    """The measures of a desk's SOP; `complete` is false where older tickets were left out."""

    desk: str
    tickets: int
    complete: bool
    measures: tuple[MeasureTold, ...]


SCALES = {"share": 1_000_000, "time": 1_000_000, "score": 1000, "money": 100, "count": 1}


def measure_told(measured: Measured) -> MeasureTold:
    """Return a measure in the units people read."""
    scale = SCALES[measured.unit]

    def scaled(figure: int | None) -> float | None:
        return None if figure is None else figure / scale

    return MeasureTold(
        clause=measured.because.clause, name=measured.name, unit=measured.unit,
        value=scaled(measured.value), low=scaled(measured.low), high=scaled(measured.high),
        n=measured.n, goal=measured.goal, met=measured.met, group=dict(measured.group),
        problem=measured.problem,
    )  # fmt: skip


def proof_told(view: ProofView) -> Proof:
    """Return a proof with instants as people and programs read them."""
    why: Explanation = view.explanation
    return Proof(
        ticket=view.ticket, commitment=why.commitment, name=why.name, clause=why.because.clause,
        clause_text=view.clause_text, clause_line=view.clause_line,
        policy_version=view.policy_version, verdict=why.verdict.value, reason=why.reason,
        standing=view.chip.standing, target=why.target, calendar=why.calendar, zone=why.zone,
        condition=why.condition, facts=msgspec.to_builtins(why.facts),
        started_at=moment(why.started_at), due_at=moment_or_none(why.due_at),
        unpaused_due_at=moment_or_none(why.unpaused_due_at),
        missed_at=moment_or_none(why.missed_at), settled_at=moment_or_none(why.settled_at),
        late_open_s=why.late_open / 1e6, late_wall_s=why.late_wall / 1e6, holidays=why.holidays,
        pauses=tuple(
            Pause(reason=reason, start=moment(start), end=moment_or_none(end))
            for reason, start, end in why.pauses
        ),
        steps=tuple(
            ProofStep(
                kind=step.kind, start=moment(step.start), end=moment(step.end),
                reason=step.reason, **_counted(step.kind, step.amount, step.total),
            )
            for step in why.steps
        ),
        beaten=tuple(
            Beaten(clause=each.because.clause, rule=each.because.rule, why=each.why,
                   missing=each.missing)
            for each in why.beaten
        ),
    )  # fmt: skip


def _counted(kind: str, amount: int, total: int) -> dict[str, float]:
    scale = 1 if kind == "day" else 1e6
    return {"amount": amount / scale, "total": total / scale}
