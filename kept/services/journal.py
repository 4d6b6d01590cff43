"""The one way in: a fact is judged by the policy, chained into the journal, and carried out.

`record` changes the locked ticket in memory; the transaction's owner writes it with `save`. A
fact that was recorded before is a no-op, a late one goes through `amend`, a refused one is kept
as refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kept.policy import Outcome
from kept.policy.decisions import Decision, Refuse
from kept.policy.facts import ActorKind, Fact, PolicyChanged
from kept.policy.updates import effective_at
from kept.records.compiled import policy_with
from kept.services import chain, children, effects, expecting, judging
from kept.services.errors import Refused
from kept.services.heard import heard
from kept.services.known_fields import with_known
from kept.services.locking import LockedTicket, lock, recorded_instant, save
from kept.services.whole import whole

_FACT: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)
FOLLOW_UPS = 20
"""A fact whose effects lead to more facts than this runs in a circle."""


@contextmanager
def on_ticket(ticket_id: int, *, at: datetime) -> Iterator[LockedTicket]:
    """Open the transaction, lock the ticket, write it at the end; then raise what was refused."""
    with whole():
        ticket = lock(ticket_id, at=at)
        expecting.check(ticket)
        yield ticket
        save(ticket)
    raise_if_refused(ticket)


def raise_if_refused(ticket: LockedTicket) -> None:
    """Raise the refusal that the committed transaction holds."""
    if ticket.refused is not None:
        raise Refused(ticket.refused)


def record(ticket: LockedTicket, fact: Fact, *, by_agent: int | None = None) -> Outcome:
    """Judge one fact and remember it. The fact's text goes to the policy's words only."""
    is_named = bool(fact.id)
    fact = complete(ticket, fact)
    if is_named and is_known(ticket, fact.id):
        return Outcome(state=ticket.state, decisions=(), refused=None)
    before = ticket.state.status
    outcome = judge(ticket, fact)
    _append(ticket, fact, outcome, by_agent)
    ticket.state = outcome.state
    if outcome.refused is not None and fact.by.kind is not ActorKind.SYSTEM:
        ticket.refused = ticket.refused or outcome.refused
    follow_ups = effects.carry_out(ticket, fact, outcome.decisions)
    if outcome.refused is None and ticket.state.facts.get("parent"):
        follow_ups += children.tell_parent(ticket, fact, before)
    for other, follow_up in follow_ups:
        if len(other.pending) > FOLLOW_UPS:
            raise RuntimeError(f"ticket {other.id}: effects cause facts without end")
        record(other, follow_up)
    return outcome


def judge(ticket: LockedTicket, fact: Fact) -> Outcome:
    """Ask the policy in force; after a change of version the ticket goes on under the new."""
    outcome = judging.judge(
        fact,
        ticket.state,
        policy_hash=ticket.policy_hash,
        known=frozenset(ticket.policy.earlier),
        past=lambda: history(ticket.id) + _pending_facts(ticket),
    )
    if isinstance(fact, PolicyChanged):
        earlier = frozenset({ticket.policy_hash, *ticket.policy.earlier})
        ticket.policy = policy_with(fact.policy_hash, earlier)
        ticket.policy_hash = fact.policy_hash
    return outcome


def history(ticket_id: int) -> tuple[Fact, ...]:
    """Return the facts of a ticket in the order of recording, the refused ones left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fact::text FROM journal WHERE ticket_id = %s AND NOT refused ORDER BY seq",
            [ticket_id],
        )
        return tuple(_FACT.decode(text) for (text,) in cursor.fetchall())


def _pending_facts(ticket: LockedTicket) -> tuple[Fact, ...]:
    return tuple(
        _FACT.decode(msgspec.json.encode(row["fact"]))
        for row in ticket.pending
        if not row["refused"]
    )


def complete(ticket: LockedTicket, fact: Fact) -> Fact:
    """Give the fact its id and its receipt, and replace personal text by what the SOP heard."""
    now = recorded_instant(ticket)
    changes: dict[str, Any] = {}
    if not fact.id:
        changes["id"] = f"{ticket.seq + 1}:{fact.__struct_config__.tag}"
    if fact.received_at is None:
        changes["received_at"] = now
    return heard(ticket.policy, with_known(ticket, msgspec.structs.replace(fact, **changes)))


def is_known(ticket: LockedTicket, fact_id: str) -> bool:
    """Tell whether a fact was recorded before; its second delivery changes nothing."""
    if any(row["fact_id"] == fact_id for row in ticket.pending):
        return True
    if ticket.seq == len(ticket.pending):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM journal WHERE ticket_id = %s AND fact_id = %s", [ticket.id, fact_id]
        )
        return cursor.fetchone() is not None


def _append(ticket: LockedTicket, fact: Fact, outcome: Outcome, by_agent: int | None) -> None:
    decisions: list[Decision] = list(outcome.decisions)
    if outcome.refused is not None and not any(isinstance(d, Refuse) for d in decisions):
        decisions.append(outcome.refused)
    row = chain.journal_row(
        ticket=ticket.id,
        seq=ticket.seq + 1,
        fact_id=fact.id,
        at=effective_at(fact),
        recorded_at=recorded_instant(ticket),
        by_agent=by_agent,
        fact=msgspec.to_builtins(fact),
        decisions=msgspec.to_builtins(decisions),
        refused=outcome.refused is not None,
        policy_hash=ticket.policy_hash,
        tzdata=ticket.policy.tzdata,
    )
    hash_ = chain.row_hash(ticket.last_hash, row)
    ticket.pending.append({**row, "prev_hash": ticket.last_hash.hex(), "hash": hash_.hex()})
    ticket.last_hash = hash_
    ticket.seq += 1
