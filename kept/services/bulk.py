"""One act on many tickets: looked at beforehand by the engine, done one by one, undone soon.

A preview asks `what_if` of each ticket and writes nothing. Doing it is each ticket's own verb in
its own transaction, so one refusal stops no other. What an act can be undone by is part of it.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from kept import policy as engine
from kept.policy import Policy, TicketState, rights
from kept.policy.facts import Fact
from kept.policy.words import Frozen
from kept.records.instants import moment_or_none
from kept.records.models import BulkAct
from kept.services import permissions
from kept.services.errors import AgentId, DeskError, NotFound, NotValid, Refused
from kept.services.locking import policy_for
from kept.services.permissions import Standing
from kept.services.projections import next_due
from kept.services.seen import Seen, seen_tickets

MOST = 500
UNDO_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was asked for: who, when, and the answers of the act's form."""

    by: AgentId
    at: datetime
    answers: Mapping[str, str]

    def get(self, name: str) -> str:
        return self.answers.get(name, "").strip()


Undo = Mapping[str, Any]
"""What an act must remember of one ticket to be undone; JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """One act that can be done to many. `fact` is what the engine is asked about beforehand."""

    name: str
    may: str
    do: Callable[[int, Given], object]
    fact: Callable[[Seen, Standing, Given], Fact | None] = lambda seen, who, given: None
    check: Callable[[Seen, Given], str] = lambda seen, given: ""
    """A sentence where a ticket cannot be meant at all, such as a team its SOP lacks."""
    before: Callable[[Seen, Given], Undo] = lambda seen, given: {}
    undo: Callable[[int, Undo, Given], object] | None = None
    needs: tuple[str, ...] = ()


class Moved(Frozen, frozen=True, kw_only=True):
    """A ticket's next due, now and as it would be."""

    name: str
    before: datetime | None
    after: datetime | None


class Foreseen(Frozen, frozen=True, kw_only=True):
    """What would become of one ticket. `sentence` says why not, where it would not be done."""

    ticket: int
    subject: str
    desk: str
    sentence: str = ""
    clause: str = ""
    moved: Moved | None = None


class Result(Frozen, frozen=True, kw_only=True):
    """What became of one ticket. It is kept, so it holds no words of anybody's."""

    ticket: int
    desk: str = ""
    done: bool = True
    sentence: str = ""
    clause: str = ""
    before: Undo = msgspec.field(default_factory=dict)
    undone: str = ""


def preview(act: Bulk, tickets: tuple[int, ...], given: Given) -> tuple[Foreseen, ...]:
    """Return what would become of each ticket; nothing is written. Foreign ones are not there."""
    _complete(act, given)
    standings: dict[int, Standing] = {}
    found = []
    for seen in seen_tickets(given.by, tickets[:MOST]):
        if seen.desk_id not in standings:
            standings[seen.desk_id] = permissions.standing(given.by, seen.desk_id)
        found.append(_foresee(act, seen, standings[seen.desk_id], given))
    return tuple(found)


def begin(act: Bulk, *, by: AgentId, at: datetime) -> str:
    """Return the token under which a previewed act is done once, however often it is sent."""
    token = secrets.token_urlsafe(18)
    with transaction.atomic(durable=True):
        BulkAct.objects.create(agent_id=by, token=token, act=act.name, at=at)
    return token


def do(act: Bulk, token: str, tickets: tuple[int, ...], given: Given) -> tuple[Result, ...]:
    """Do the act to each ticket; a second sending answers what the first one did."""
    with transaction.atomic(durable=True):
        row = BulkAct.objects.select_for_update().filter(token=token, agent_id=given.by).first()
        if row is None or row.act != act.name:
            raise NotFound("There is no such act.")
        if row.done_at is not None:
            return read_results(row.results)
        BulkAct.objects.filter(pk=row.pk).update(done_at=given.at)
    results = tuple(_do_one(act, seen, given) for seen in seen_tickets(given.by, tickets[:MOST]))
    BulkAct.objects.filter(pk=row.pk).update(results=msgspec.to_builtins(results))
    return results


def undo(acts: Mapping[str, Bulk], token: str, *, by: AgentId, at: datetime) -> tuple[Result, ...]:
    """Undo an act within half a minute: each ticket again by its own verb."""
    with transaction.atomic(durable=True):
        row = BulkAct.objects.select_for_update().filter(token=token, agent_id=by).first()
        if row is None or row.done_at is None or row.act not in acts:
            raise NotFound("There is no such act.")
        act = acts[row.act]
        if act.undo is None:
            raise NotValid("This act cannot be undone.")
        if row.undone_at is not None or at > row.done_at + UNDO_FOR:
            raise NotValid("It is too late to undo this, or it is undone already.")
        BulkAct.objects.filter(pk=row.pk).update(undone_at=at)
    given = Given(by=by, at=at, answers={})
    kept = read_results(row.results)
    seen = {each.id for each in seen_tickets(by, [one.ticket for one in kept])}
    results = tuple(
        _undo_one(act.undo, each, given) if each.ticket in seen else each for each in kept
    )
    BulkAct.objects.filter(pk=row.pk).update(results=msgspec.to_builtins(results))
    return results


def _complete(act: Bulk, given: Given) -> None:
    for name in act.needs:
        if not given.get(name):
            raise NotValid(f"Fill in: {name.replace('_', ' ')}.")


def _foresee(act: Bulk, seen: Seen, who: Standing, given: Given) -> Foreseen:
    policy = policy_for(seen.policy_hash, seen.state)
    sentence = act.check(seen, given)
    clause, moved = "", None
    if not rights.may(policy, who.roles, act.may):
        sentence = f"Your role on this desk does not include: {act.may.replace('_', ' ')}."
    if not sentence:
        try:
            fact = act.fact(seen, who, given)
        except DeskError as error:
            fact, sentence = None, error.sentence
        if fact is not None:
            sentence, clause, moved = _judged(policy, seen.state, fact)
    return Foreseen(
        ticket=seen.id, subject=seen.subject, desk=seen.desk, sentence=sentence, clause=clause,
        moved=moved,
    )  # fmt: skip


def _judged(policy: Policy, state: TicketState, fact: Fact) -> tuple[str, str, Moved | None]:
    outcome = engine.what_if(policy, state, fact)
    if outcome.refused is not None:
        because = outcome.refused.because.clause
        return outcome.refused.say or f"Not allowed by clause {because}.", because, None
    before, after = next_due(state), next_due(outcome.state)
    now = before.due_at if before else None
    then = after.due_at if after else None
    if now == then:
        return "", "", None
    named = after or before
    assert named is not None
    return "", "", Moved(
        name=named.name, before=moment_or_none(now), after=moment_or_none(then)
    )  # fmt: skip


def read_results(kept: object) -> tuple[Result, ...]:
    """Return what became of each ticket, as it was kept."""
    return msgspec.convert(kept, tuple[Result, ...])


def _do_one(act: Bulk, seen: Seen, given: Given) -> Result:
    known = Result(ticket=seen.id, desk=seen.desk)
    problem = act.check(seen, given)
    if problem:
        return msgspec.structs.replace(known, done=False, sentence=problem)
    try:
        act.do(seen.id, given)
    except DeskError as error:
        clause = error.because.clause if isinstance(error, Refused) else ""
        return msgspec.structs.replace(known, done=False, sentence=error.sentence, clause=clause)
    return msgspec.structs.replace(known, before=dict(act.before(seen, given)))


def _undo_one(verb: Callable[[int, Undo, Given], object], result: Result, given: Given) -> Result:
    if not result.done:
        return result
    try:
        verb(result.ticket, result.before, given)
    except DeskError as error:
        return msgspec.structs.replace(result, undone=error.sentence)
    return msgspec.structs.replace(result, undone="undone")
