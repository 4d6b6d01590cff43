"""Replies that can be taken back: told at the click, gone when their wait ends.

The fact is recorded when the reply leaves, and counts from the click (R11). Until then nothing
was said, so an undone reply needs no retraction. The wait never reaches over the ticket's next
timer, and what waited too long leaves before timers fire: no miss is told in between.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import OperationalError, connection, transaction

from kept.policy import Outcome
from kept.policy.facts import Actor, AgentReplied, Fact, Promised, Resolved, WaitingOn
from kept.policy.words import Frozen
from kept.records.instants import instant, moment
from kept.records.models import Agent, Draft, LeavingReply, Notification, Upload
from kept.services import conversation, endings, mailing, permissions, stirs, uploads, work
from kept.services.alarms import raise_alarm
from kept.services.drafts import put_back
from kept.services.errors import AgentId, Conflict, NotFound, NotValid
from kept.services.journal import complete, is_known, judge, on_ticket, record
from kept.services.locking import LockedTicket, lock, save
from kept.services.newer import Newer, turns_since
from kept.services.retrying import retried
from kept.services.texts import keep_text

log = logging.getLogger(__name__)
BEFORE_A_TIMER = timedelta(milliseconds=1500)
LONGEST_KEY = 64
TRY_AGAIN = timedelta(seconds=30)


class Letter(Frozen, frozen=True, kw_only=True):
    """What somebody sends off. `seen` is the last turn they had read; None asks for no check."""

    text: str = ""
    template: str | None = None
    given: Mapping[str, str] = {}
    files: tuple[str, ...] = ()
    """Tokens of uploads."""
    key: str
    override: str = ""
    seen: int | None = None


def send_off(ticket_id: int, letter: Letter, *, by: AgentId, at: datetime) -> datetime | None:
    """Reply to the customer; return when it leaves, None where it has left already.

    What the policy refuses is refused at once. The same key twice sends one reply.
    """

    def once() -> datetime | None:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "reply", ticket.policy)
            known = LeavingReply.objects.filter(agent_id=by, key=letter.key).first()
            if known is not None or is_known(ticket, _fact_id(by, letter.key)):
                waits = known is not None and known.state == LeavingReply.State.WAITING
                return known.leaves_at if known and waits else None
            newer = () if letter.seen is None else turns_since(ticket.id, letter.seen, by)
            if newer:
                raise Newer(newer)
            files = uploads.chosen(ticket.id, by, letter.files)
            return _leave_or_wait(ticket, _row(ticket, letter, who, at), files)

    return retried(once)


def resolve_then(ticket_id: int, key: str, *, by: AgentId, at: datetime) -> Outcome | None:
    """Resolve the ticket when the reply with this key leaves, or now if none waits."""
    return _then(ticket_id, key, "resolve", by=by, at=at) or endings.resolve(
        ticket_id, by=by, at=at
    )


def wait_then(ticket_id: int, key: str, *, by: AgentId, at: datetime) -> Outcome | None:
    """Wait on the customer when the reply with this key leaves, or now if none waits."""
    return _then(ticket_id, key, "wait", by=by, at=at) or work.wait(
        ticket_id, by=by, at=at, who="customer"
    )


def promise_then(
    ticket_id: int, key: str, *, by: AgentId, at: datetime, what: str, due: datetime
) -> Outcome | None:
    """Promise what the reply with this key tells the customer, when it leaves or now."""
    if not work.WORD.fullmatch(what) or due <= at:
        raise NotValid("A promise needs a word and a time that is still to come.")
    follow = f"promise:{what}:{instant(due)}"
    return _then(ticket_id, key, follow, by=by, at=at) or work.promise(
        ticket_id, by=by, at=at, what=what, due=due
    )


def undo(reply: int, *, by: AgentId, at: datetime) -> int:
    """Take a reply back before it leaves; its text is a draft again. Return its ticket."""
    ticket_id = LeavingReply.objects.filter(pk=reply, agent_id=by).values_list(
        "ticket_id", flat=True
    ).first()  # fmt: skip
    if ticket_id is None:
        raise NotFound("There is no such reply.")
    with on_ticket(ticket_id, at=at) as ticket:
        permissions.standing(by, ticket.desk)
        row = LeavingReply.objects.get(pk=reply)
        if row.state == LeavingReply.State.UNDONE:
            return int(ticket_id)
        if row.state != LeavingReply.State.WAITING:
            raise Conflict("This reply has left already.")
        _hand_back(row, LeavingReply.State.UNDONE, at)
        stirs.stir("changed", ticket.id, ticket.desk)
    return int(ticket_id)


def release_due(*, at: datetime, limit: int = 100) -> int:
    """Let every reply leave whose wait has ended; return how many did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ticket_id FROM leaving_reply WHERE state = 'waiting' AND leaves_at <= %s"
            " ORDER BY leaves_at, id LIMIT %s",
            [at, limit],
        )
        due = cursor.fetchall()
    return sum(_released(reply, ticket, at) for reply, ticket in due)


def undo_seconds(agent: AgentId, seconds: int) -> None:
    """Set how long somebody's replies can be taken back, 0 to 30 seconds."""
    if not 0 <= seconds <= 30:
        raise NotValid("Between 0 and 30 seconds.")
    Agent.objects.filter(pk=agent).update(undo_seconds=seconds)


# Going out -----------------------------------------------------------------------------------


def _row(
    ticket: LockedTicket, letter: Letter, who: permissions.Standing, at: datetime
) -> LeavingReply:
    """Return the reply as it would leave, not stored yet."""
    subject, body = conversation.words_of(
        ticket, who.agent, letter.text, letter.template, letter.given
    )
    return LeavingReply(
        ticket_id=ticket.id, agent_id=who.agent, key=letter.key[:LONGEST_KEY], clicked_at=at,
        leaves_at=_leaves_at(ticket, who.agent, at), subject=subject, text=body,
        template=letter.template or "", override=keep_text(ticket.id, letter.override),
        actor=msgspec.to_builtins(who.actor()),
    )  # fmt: skip


def _leaves_at(ticket: LockedTicket, agent: AgentId, at: datetime) -> datetime:
    seconds = Agent.objects.values_list("undo_seconds", flat=True).get(pk=agent)
    wanted = at + timedelta(seconds=seconds)
    timer = ticket.state.next_at
    return wanted if timer is None else min(wanted, moment(timer) - BEFORE_A_TIMER)


def _leave_or_wait(
    ticket: LockedTicket, row: LeavingReply, files: Sequence[int]
) -> datetime | None:
    if row.leaves_at > row.clicked_at:
        fact = _reply_fact(row)
        if judge(ticket, complete(ticket, fact)).refused is not None:
            record(ticket, fact, by_agent=row.agent_id)
            return None
    else:
        row.leaves_at = row.clicked_at
    row.save()
    Upload.objects.filter(pk__in=list(files)).update(leaving=row)
    if row.leaves_at <= row.clicked_at and not _leave(ticket, row):
        # It stays with its author, who reads the refusal on the page.
        row.delete()
        return None
    Draft.objects.filter(
        agent_id=row.agent_id, ticket_id=ticket.id, kind="public", name=""
    ).delete()
    stirs.stir("changed", ticket.id, ticket.desk)
    return row.leaves_at if row.state == LeavingReply.State.WAITING else None


def _leave(ticket: LockedTicket, row: LeavingReply) -> bool:
    """Say it: the fact, the message, the mail, and what the button added. False if refused."""
    outcome = record(ticket, _reply_fact(row), by_agent=row.agent_id)
    if outcome.refused is not None:
        return False
    message = conversation.say_publicly(
        ticket, row.agent_id, row.subject, row.text, row.template, said_at=row.clicked_at
    )
    files = list(Upload.objects.filter(leaving=row).order_by("id").values_list("id", flat=True))
    conversation.attach(message.pk, uploads.taken(files))
    mailing.mail_customer(ticket, message, cause=f"m{message.pk}", automatic=False)
    row.state, row.settled_at, row.text, row.subject = LeavingReply.State.LEFT, ticket.at, "", ""
    row.save()
    for place, follow in enumerate(row.follow):
        told = record(ticket, _follow_fact(row, follow, place), by_agent=row.agent_id)
        if told.refused is not None:
            _tell_author(ticket, row, told.refused.say or f"Refused: {told.refused.act}.")
    return True


def _reply_fact(row: LeavingReply) -> AgentReplied:
    return AgentReplied(
        at=instant(row.clicked_at), id=_fact_id(row.agent_id, row.key), by=_actor(row),
        template=row.template or None, channel="email", override=row.override,
    )  # fmt: skip


def _fact_id(by: AgentId, key: str) -> str:
    return f"reply:{by}:{key[:LONGEST_KEY]}"


def _follow_fact(row: LeavingReply, follow: str, place: int) -> Fact:
    at, name = instant(row.clicked_at), f"{_fact_id(row.agent_id, row.key)}:{place}"
    if follow == "resolve":
        return Resolved(at=at, id=name, by=_actor(row))
    if follow == "wait":
        return WaitingOn(at=at, id=name, by=_actor(row), who="customer")
    _, what, due = follow.split(":")
    return Promised(at=at, id=name, by=_actor(row), what=what, due=int(due))


def _actor(row: LeavingReply) -> Actor:
    return msgspec.convert(row.actor, Actor)


def _then(ticket_id: int, key: str, follow: str, *, by: AgentId, at: datetime) -> Outcome | None:
    """Add to a waiting reply what shall follow it; None where none waits or it is refused."""
    act = follow.partition(":")[0]
    with on_ticket(ticket_id, at=at) as ticket:
        who = permissions.standing(by, ticket.desk)
        permissions.require(who, act, ticket.policy)
        row = LeavingReply.objects.filter(
            agent_id=by, key=key[:LONGEST_KEY], ticket_id=ticket_id, state="waiting"
        ).first()
        if row is None:
            return None
        said = judge(ticket, complete(ticket, _reply_fact(row)))
        # Judged on the ticket as it will stand once the reply has left.
        now, ticket.state = ticket.state, said.state
        try:
            outcome = judge(ticket, complete(ticket, _follow_fact(row, follow, len(row.follow))))
        finally:
            ticket.state = now
        if outcome.refused is not None:
            return None
        if follow not in row.follow:
            row.follow = [*row.follow, follow]
            row.save(update_fields=["follow"])
        return outcome


# Coming back ---------------------------------------------------------------------------------


def _released(reply: int, ticket_id: int, at: datetime) -> int:
    """Let one reply leave in a transaction of its own; a failure is put off with an alarm."""
    try:
        with transaction.atomic(durable=True):
            ticket = lock(ticket_id, at=at)
            row = LeavingReply.objects.filter(pk=reply, state="waiting").first()
            if row is None:
                return 0
            if not _leave(ticket, row):
                refused = ticket.refused
                row.problem = (refused.say if refused else "")[:300] or "The policy refused it."
                _hand_back(row, LeavingReply.State.STOPPED, at)
                _tell_author(ticket, row, row.problem)
            save(ticket)
    except OperationalError:
        raise
    except Exception:
        log.exception("reply %s cannot leave", reply)
        LeavingReply.objects.filter(pk=reply).update(leaves_at=at + TRY_AGAIN)
        raise_alarm(f"reply:{reply}", "A reply cannot leave; it is tried again.", at=at,
                    ticket=ticket_id)  # fmt: skip
        return 0
    return 1


def _hand_back(row: LeavingReply, state: LeavingReply.State, at: datetime) -> None:
    """Make it a draft of its author again, its files beside it."""
    put_back(row.ticket_id, by=row.agent_id, at=at, text=row.text, template=row.template)
    Upload.objects.filter(leaving=row).update(leaving=None)
    row.state, row.settled_at, row.text, row.subject = state, at, "", ""
    row.save()


def _tell_author(ticket: LockedTicket, row: LeavingReply, why: str) -> None:
    Notification.objects.get_or_create(
        cause=f"leaving{row.pk}.{row.state}.{row.agent_id}",
        defaults={
            "agent_id": row.agent_id, "desk_id": ticket.desk, "ticket_id": ticket.id,
            "means": ["dashboard"], "about": f"Ticket {ticket.id}: {why}"[:300], "at": ticket.at,
        },
    )  # fmt: skip
