"""Work that changes hands because its owner is away or did nothing; never silently.

A deputy comes first, then the SOP's own routing, then the team's queue. Each move is a fact with
its reason, and both sides are told.
"""

from datetime import datetime

from django.db import connection

from kept.policy.calendars import open_between
from kept.policy.decisions import Assign
from kept.policy.facts import Assigned
from kept.policy.routing import needs_of
from kept.policy.words import Because, Frozen, Value
from kept.records.instants import instant
from kept.records.models import MovedTicket, WorkTerms
from kept.services import assigning, notices, permissions
from kept.services.assigning import Choice
from kept.services.children import SYSTEM
from kept.services.errors import AgentId, Conflict, NotFound
from kept.services.journal import on_ticket, record
from kept.services.locking import LockedTicket, look
from kept.services.retrying import retried
from kept.services.rosters import Colleague

AT_ONCE = 200
_BY_HAND = Because(clause="", line=0, rule="")
"""The search for somebody else follows the SOP's routing, but no clause ordered it."""
OPEN = ("new", "open", "waiting")
AWAY, STALE, RETURNED = "away", "stale", "returned"
ABOUT = {
    AWAY: "is yours: its owner is away",
    STALE: "went back to its team: its owner did nothing for long",
}


class Moving(Frozen, frozen=True, kw_only=True):
    """A ticket that would move, and to whom; `to` is None for the team's queue."""

    ticket: int
    subject: str
    due_at: datetime
    to: AgentId | None
    reasons: tuple[str, ...]


def hand_on(agent: AgentId, *, at: datetime, limit: int = AT_ONCE) -> int:
    """Hand on what falls due before an absent owner is back; return how many moved."""
    return sum(_move(ticket, agent, at, AWAY) for ticket, _, _ in _due_before_return(
        agent, at, limit=limit))  # fmt: skip


def preview(
    agent: AgentId, *, until: datetime | None, at: datetime, limit: int = 50
) -> tuple[Moving, ...]:
    """Return what would move if somebody were away until then; nothing is changed."""
    found = []
    for number, subject, due_at in _due_before_return(agent, at, until=until, limit=limit):
        ticket = look(number, at=at)
        if all(one.id != agent for one in ticket.people()):
            continue  # No member any more: theirs moves, but they read nothing of it.
        choice = _choice(ticket, agent)
        found.append(Moving(ticket=number, subject=subject, due_at=due_at, to=choice.agent,
                            reasons=choice.reasons))  # fmt: skip
    return tuple(found)


def hand_on_all(*, at: datetime, limit: int = 20) -> int:
    """Hand on for everybody who is away: what became due, or came to them, since they left."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id FROM agent a WHERE a.availability = 'away'
              AND (a.availability_until IS NULL OR a.availability_until > %(at)s)
              AND EXISTS (SELECT 1 FROM ticket t WHERE t.owner_id = a.id
                AND t.status IN ('new', 'open', 'waiting')
                AND t.next_due_at < COALESCE(a.availability_until, 'infinity'))
            ORDER BY a.id LIMIT %(limit)s
            """,
            {"at": at, "limit": limit},
        )
        away = [row[0] for row in cursor.fetchall()]
    return sum(hand_on(agent, at=at) for agent in away)


def take_back(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Take a ticket back that moved while one was away."""

    def once() -> None:
        with on_ticket(ticket_id, at=at) as ticket:
            who = permissions.standing(by, ticket.desk)
            permissions.require(who, "assign", ticket.policy)
            moved = MovedTicket.objects.filter(ticket_id=ticket_id, owner_id=by, ended_at=None)
            if not moved.update(ended_at=at):
                raise NotFound("There is no such ticket.")
            if ticket.state.status not in OPEN:
                raise Conflict("It is settled already; there is nothing to take back.")
            told = tuple(one for one in ticket.people() if one.id == ticket.owner != by)
            fact = Assigned(at=instant(at), by=who.actor(), agent=str(by),
                            fields={"why_assigned": ("owner is back",)})  # fmt: skip
            record(ticket, fact, by_agent=by)
            _tell(ticket, told, "went back to its former owner", RETURNED)

    retried(once)


def leave(ticket_id: int, *, by: AgentId, at: datetime) -> None:
    """Leave a moved ticket with whoever has it."""
    if not MovedTicket.objects.filter(ticket_id=ticket_id, owner_id=by, ended_at=None).update(
        ended_at=at
    ):
        raise NotFound("There is no such ticket.")


def take_stale(*, at: datetime, limit: int = 100) -> int:
    """Take tickets from owners who did nothing for the desk's time; its closed hours pass free."""
    taken = 0
    for ticket_id, owner, last_at, minutes in _idle(at, limit):
        ticket = look(ticket_id, at=at)
        calendar = next(iter(ticket.policy.calendars.values()), None)
        idle = open_between(calendar, instant(last_at), instant(at))
        if idle >= minutes * 60_000_000:
            taken += _move(ticket_id, owner, at, STALE)
    return taken


def _move(ticket_id: int, owner: AgentId, at: datetime, why: str) -> bool:
    def once() -> bool:
        with on_ticket(ticket_id, at=at) as ticket:
            if ticket.owner != owner or ticket.state.status not in OPEN:
                return False
            before = tuple(one for one in ticket.people() if one.id == owner)
            choice = _choice(ticket, owner) if why == AWAY else _to_team(ticket, "stale")
            assigning.keep(ticket, choice, why=why)
            fields: dict[str, Value] = {"why_assigned": (f"owner {why}", *choice.reasons)}
            if choice.agent is None:
                fields["owner"] = None
            to = str(choice.agent) if choice.agent is not None else None
            fact = Assigned(at=instant(at), by=SYSTEM, team=choice.team, agent=to, fields=fields)
            record(ticket, fact)
            _note(ticket, owner, choice, why)
            _tell(ticket, before, _about_owner(why), why)
            _tell_receivers(ticket, choice, why)
            return True

    return retried(once)


def _note(ticket: LockedTicket, owner: AgentId, choice: Choice, why: str) -> None:
    if why != AWAY:
        return
    MovedTicket.objects.filter(ticket_id=ticket.id, owner_id=owner, ended_at=None).delete()
    MovedTicket.objects.create(
        ticket_id=ticket.id, owner_id=owner, to_id=choice.agent, moved_at=ticket.at
    )


def _choice(ticket: LockedTicket, owner: AgentId) -> Choice:
    """Return who takes it: the deputy, whom the SOP's routing picks, or the team's queue."""
    people = ticket.candidates()
    team = ticket.state.facts.get("team")
    named = str(team) if team else None
    terms = WorkTerms.objects.filter(agent_id=owner, desk_id=ticket.desk).first()
    deputy = next((p for p in people if terms is not None and p.id == terms.deputy_id), None)
    if deputy is not None and deputy.is_here:
        return Choice(team=named, agent=deputy.id, reasons=("deputy",))
    needs = needs_of(ticket.policy, named)
    if named is None:
        level = next((p.level for p in people if p.id == owner), None)
        wanted = Assign(at=0, because=_BY_HAND, team=level, pick=needs)
        found = assigning.choose(ticket, wanted, people, without=(owner,))
        return Choice(team=None, agent=found.agent, reasons=found.reasons, ranked=found.ranked)
    wanted = Assign(at=0, because=_BY_HAND, team=named, pick=needs)
    return assigning.choose(ticket, wanted, people, without=(owner,))


def _to_team(ticket: LockedTicket, reason: str) -> Choice:
    team = ticket.state.facts.get("team")
    return Choice(team=str(team) if team else None, agent=None, reasons=(reason,))


def _about_owner(why: str) -> str:
    if why == AWAY:
        return "went to somebody else while you are away"
    return "was taken back to its team: nothing was done on it for long"


def _tell_receivers(ticket: LockedTicket, choice: Choice, why: str) -> None:
    people = ticket.people()
    team = choice.team
    if choice.agent is not None:
        told = tuple(p for p in people if p.id == choice.agent)
        _tell(ticket, told, ABOUT[AWAY], f"{why}.to")
        return
    told = tuple(p for p in people if team is not None and p.team == team) or people
    about = ABOUT[STALE] if why == STALE else "is without an owner: its owner is away"
    _tell(ticket, told, about, f"{why}.to")


def _tell(ticket: LockedTicket, people: tuple[Colleague, ...], about: str, stage: str) -> None:
    notice = notices.Notice(
        desk=ticket.desk, ticket=ticket.id, cause=f"t{ticket.id}.{ticket.seq}.{stage}",
        about=f"Ticket {ticket.id}: {about}", clause="", means=("dashboard", "email"),
        at=ticket.at,
    )  # fmt: skip
    notices.tell(notice, people)


def _due_before_return(
    agent: AgentId, at: datetime, *, until: datetime | None = None, limit: int
) -> list[tuple[int, str, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id, t.subject, t.next_due_at FROM ticket t JOIN agent a ON a.id = t.owner_id
            WHERE t.owner_id = %(agent)s AND t.status IN ('new', 'open', 'waiting')
              AND t.next_due_at < COALESCE(%(until)s, CASE WHEN a.availability = 'away'
                AND a.availability_until > %(at)s THEN a.availability_until END, 'infinity')
            ORDER BY t.next_due_at, t.id LIMIT %(limit)s
            """,
            {"agent": agent, "at": at, "until": until, "limit": limit},
        )
        return [(number, subject, due_at) for number, subject, due_at in cursor.fetchall()]


def _idle(at: datetime, limit: int) -> list[tuple[int, int, datetime, int]]:
    """Return owned tickets of desks with such a time whose owner last acted before it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, owner_id, last_at, stale_minutes FROM (
              SELECT t.id, t.owner_id, d.stale_minutes, (SELECT max(j.recorded_at) FROM journal j
                WHERE j.ticket_id = t.id AND (j.by_agent = t.owner_id
                  OR (j.fact ->> 'event' = 'assigned' AND j.fact ->> 'agent' = t.owner_id::text))
              ) AS last_at
              FROM desk d JOIN ticket t ON t.desk_id = d.id
              WHERE d.stale_minutes IS NOT NULL AND t.owner_id IS NOT NULL
                AND t.status IN ('new', 'open')
                AND t.opened_at < %(at)s - make_interval(mins => d.stale_minutes)) owned
            WHERE last_at < %(at)s - make_interval(mins => stale_minutes)
            ORDER BY last_at LIMIT %(limit)s
            """,
            {"at": at, "limit": limit},
        )
        return [(row[0], row[1], row[2], row[3]) for row in cursor.fetchall()]
