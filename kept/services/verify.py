"""Recompute a desk from its journal and say where the books first differ.

Every fact is judged again in the order of recording, by the policy it was judged by; decisions,
state, ticket columns, commitments and the hash chain must come out the same.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from kept import policy as engine
from kept.policy import TicketState
from kept.policy.facts import Fact, PolicyChanged
from kept.policy.words import Frozen
from kept.records.compiled import policy_with
from kept.records.instants import moment_or_none
from kept.services import chain, judging, projections
from kept.services.errors import Conflict
from kept.services.locking import lock, policy_for, read_state, save

_FACT: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)
BATCH = 200
SHOWN = 20
MISSING_ROW = "a journal row is missing"
BROKEN_CHAIN = "the hash chain is broken"
OTHER_DECISIONS = "the decisions differ"


class Fault(Frozen, frozen=True, kw_only=True):
    """The first thing of a ticket that does not come out the same."""

    ticket: int
    seq: int | None
    what: str


class Report(Frozen, frozen=True, kw_only=True):
    """What `kept verify` found."""

    tickets: int
    rows: int
    faults: tuple[Fault, ...]
    orphans: int
    """Tickets without a journal and journals without a ticket."""

    @property
    def ok(self) -> bool:
        """True where nothing differs."""
        return not self.faults and not self.orphans


def verify(desk: str | None = None, *, first_ticket: int = 0) -> Report:
    """Verify one desk or all; stops collecting after SHOWN faults."""
    tickets = rows = 0
    faults: list[Fault] = []
    for batch in _batches(desk, first_ticket):
        for ticket in batch:
            tickets += 1
            with transaction.atomic():
                count, fault = verify_ticket(ticket)
            rows += count
            if fault is not None:
                faults.append(fault)
                if len(faults) >= SHOWN:
                    return Report(
                        tickets=tickets, rows=rows, faults=tuple(faults), orphans=_orphans()
                    )
    return Report(tickets=tickets, rows=rows, faults=tuple(faults), orphans=_orphans())


def verify_ticket(ticket: int) -> tuple[int, Fault | None]:
    """Judge one ticket's facts again; return how many rows there are and what first differs."""
    with connection.cursor() as cursor:
        # One snapshot of the row and its journal: no writer may come between.
        cursor.execute("SELECT 1 FROM ticket WHERE id = %s FOR SHARE", [ticket])
    rows = _journal(ticket)
    state, last, fault = judge_again(ticket, rows)
    if fault is not None:
        return len(rows), fault
    return len(rows), _compare(ticket, state, last, rows)


def judge_again(
    ticket: int, rows: list[dict[str, Any]]
) -> tuple[TicketState, bytes, Fault | None]:
    """Judge a journal from its first row; return the state, the last hash, the first fault."""
    state = engine.start()
    past: list[Fact] = []
    previous = chain.GENESIS
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        seen.add(row["policy_hash"])
        if row["seq"] != number:
            return state, previous, Fault(ticket=ticket, seq=number, what=MISSING_ROW)
        if row["prev"] != previous or chain.row_hash(previous, row["covered"]) != row["hash"]:
            return state, previous, Fault(ticket=ticket, seq=number, what=BROKEN_CHAIN)
        previous = row["hash"]
        fact = _FACT.decode(msgspec.json.encode(row["covered"]["fact"]))
        state, decisions = _judge(fact, row["policy_hash"], seen, state, past)
        if not row["covered"]["refused"]:
            past.append(fact)
        if msgspec.json.decode(msgspec.json.encode(decisions)) != row["covered"]["decisions"]:
            return state, previous, Fault(ticket=ticket, seq=number, what=OTHER_DECISIONS)
    return state, previous, None


def rebuild(ticket: int, *, at: datetime) -> None:
    """Write a ticket's projections again from its journal, which must be whole itself."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM ticket WHERE id = %s FOR NO KEY UPDATE", [ticket])
        rows = _journal(ticket)
        state, last, fault = judge_again(ticket, rows)
        if fault is not None:
            raise Conflict(f"Ticket {ticket} cannot be rebuilt: {fault.what}.")
        locked = lock(ticket, at=at)
        locked.state, locked.last_hash, locked.seq = state, last, len(rows)
        locked.policy_hash = rows[-1]["policy_hash"]
        locked.policy = policy_for(locked.policy_hash, state)
        locked.before.clear()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM commitment WHERE ticket_id = %s", [ticket])
        save(locked)


def _judge(
    fact: Fact, policy_hash: str, seen: set[str], state: TicketState, past: list[Fact]
) -> tuple[TicketState, list[Any]]:
    if isinstance(fact, PolicyChanged):
        policy_hash = fact.from_hash or policy_hash
    outcome = judging.judge(
        fact, state, policy_hash=policy_hash, known=frozenset(seen) - {policy_hash},
        past=lambda: tuple(past),
    )  # fmt: skip
    decisions = list(outcome.decisions)
    if outcome.refused is not None and outcome.refused not in decisions:
        decisions.append(outcome.refused)
    return outcome.state, decisions


def _compare(
    ticket: int, state: TicketState, last: bytes, rows: list[dict[str, Any]]
) -> Fault | None:
    stored = _stored(ticket)
    if stored["last_hash"] != last:
        return Fault(ticket=ticket, seq=len(rows), what="the journal's last rows are gone")
    if msgspec.to_builtins(read_state(stored["state"])) != msgspec.to_builtins(state):
        return Fault(ticket=ticket, seq=None, what="the stored state differs")
    policy = policy_with(
        stored["policy_hash"], frozenset(r["policy_hash"] for r in rows) - {stored["policy_hash"]}
    )
    expected = projections.ticket_columns(policy, state)
    for column, value in expected.items():
        if column == "next_timer_at" and stored["timer_failures"]:
            continue  # A put-off timer waits on purpose.
        if stored[column] != value:
            return Fault(ticket=ticket, seq=None, what=f"the column {column} differs")
    owed = {}
    for c in state.commitments.values():
        columns = projections.commitment_columns(c)
        for key in ("started_at", "due_at", "missed_at", "settled_at"):
            columns[key] = moment_or_none(columns[key])
        owed[columns["commitment"]] = columns
    if _commitments(ticket) != owed:
        return Fault(ticket=ticket, seq=None, what="the commitment rows differ")
    return None


def _journal(ticket: int) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT seq, fact_id, (extract(epoch FROM at) * 1000000)::bigint,
                   (extract(epoch FROM recorded_at) * 1000000)::bigint, by_agent, fact::text,
                   decisions::text, refused, policy_hash, tzdata, prev_hash, hash
            FROM journal WHERE ticket_id = %s ORDER BY seq
            """,
            [ticket],
        )
        return [
            {
                "seq": row[0],
                "policy_hash": row[8],
                "prev": bytes(row[10]),
                "hash": bytes(row[11]),
                "covered": chain.journal_row(
                    ticket=ticket, seq=row[0], fact_id=row[1], at=row[2], recorded_at=row[3],
                    by_agent=row[4], fact=msgspec.json.decode(row[5]),
                    decisions=msgspec.json.decode(row[6]), refused=row[7], policy_hash=row[8],
                    tzdata=row[9],
                ),
            }
            for row in cursor.fetchall()
        ]  # fmt: skip


def _stored(ticket: int) -> dict[str, Any]:
    names = (
        "status", "severity", "level", "type", "topic", "owner_id", "team", "channel",
        "waiting_on", "next_timer_at", "next_due_at", "next_due_name", "next_due_clause",
        "next_due_commitment", "next_at_risk_at", "missed_count", "queue_key", "state",
        "last_hash", "policy_hash", "timer_failures",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM ticket WHERE id = %s", [ticket])
        row = dict(zip(names, cursor.fetchone(), strict=True))
    return {**row, "state": bytes(row["state"]), "last_hash": bytes(row["last_hash"])}


def _commitments(ticket: int) -> dict[str, dict[str, Any]]:
    names = (
        "commitment", "clause", "name", "kind", "started_at", "due_at", "verdict", "reason",
        "missed_at", "settled_at", "paused", "suspended", "late_open", "late_wall",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM commitment WHERE ticket_id = %s", [ticket])
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def _batches(desk: str | None, first: int) -> Iterator[list[int]]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT t.id FROM ticket t JOIN desk d ON d.id = t.desk_id
                WHERE t.id > %s AND (%s::text IS NULL OR d.slug = %s::text)
                ORDER BY t.id LIMIT %s
                """,
                [first, desk, desk, BATCH],
            )
            batch = [ticket for (ticket,) in cursor.fetchall()]
        if not batch:
            return
        first = batch[-1]
        yield batch


def _orphans() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ticket t"
            " WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.ticket_id = t.id)"
        )
        return int(cursor.fetchone()[0])
