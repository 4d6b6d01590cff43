"""Who is there: people say it of themselves, a lead says it for them; terms of what each takes.

`available` takes work, `busy` keeps what it has, `away` hands on what falls due before the return.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from kept.records.models import Agent, AvailabilityChange, Desk, Membership, MovedTicket, WorkTerms
from kept.services import notices, permissions, reassigning
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, NotAllowed, NotFound, NotValid
from kept.services.rosters import colleagues
from kept.services.texts import one_line

AVAILABILITIES = ("available", "busy", "away")
LONGEST = timedelta(days=400)
MOST_LANGUAGES = 20


def say(
    agent: AgentId,
    *,
    by: AgentId,
    at: datetime,
    availability: str,
    until: datetime | None = None,
    reason: str = "",
) -> int:
    """Say whether somebody is there; return how many tickets went to others because of it."""
    if availability not in AVAILABILITIES:
        raise NotValid(f"Say one of: {', '.join(AVAILABILITIES)}.")
    if until is not None and not at < until <= at + LONGEST:
        raise NotValid("The return must lie ahead, within 400 days.")
    may_speak_for(agent, by=by)
    with transaction.atomic(durable=True):
        _write(agent, by, at, availability, None if availability == "available" else until, reason)
    return reassigning.hand_on(agent, at=at) if availability == "away" else 0


def may_speak_for(agent: AgentId, *, by: AgentId) -> None:
    """Raise unless it is oneself or a lead of a desk both are on."""
    if agent == by:
        return
    shared = Membership.objects.filter(
        agent_id=agent, ended_at=None, agent__is_active=True,
        desk__in=Membership.objects.filter(agent_id=by, ended_at=None).values("desk"),
    ).values_list("desk_id", flat=True)  # fmt: skip
    desks = sorted(set(shared))
    if not desks:
        raise NotFound("There is no such colleague.")
    for desk in desks:
        who = permissions.standing(by, desk)
        try:
            permissions.require(who, "manage_roster", active_policy(desk))
        except NotAllowed:
            continue
        return
    raise NotAllowed("Your role on this desk does not include: manage roster.")


def come_back(*, at: datetime, limit: int = 100) -> int:
    """Make those available whose time away is over, and tell them what they may take back."""
    with transaction.atomic(durable=True):
        back = list(
            Agent.objects.select_for_update(skip_locked=True, of=("self",))
            .exclude(availability="available")
            .filter(availability_until__lte=at)
            .order_by("availability_until")[:limit]
        )
        for agent in back:
            _write(agent.pk, None, at, "available", None, "")
            _tell_what_moved(agent.pk, at)
    return len(back)


def set_terms(
    agent: AgentId,
    desk: int,
    *,
    by: AgentId,
    most_load: int | None,
    languages: Sequence[str],
    deputy: AgentId | None,
) -> None:
    """Set what somebody takes on a desk: how much, in which languages, and who stands in."""
    who = permissions.standing(by, desk)
    if agent != by:
        permissions.require(who, "manage_roster", active_policy(desk))
    permissions.standing(agent, desk)
    if most_load is not None and not 0 <= most_load <= 10_000:
        raise NotValid("The most somebody takes is a number from 0 to 10,000.")
    spoken = tuple(dict.fromkeys(one_line(each, 20).lower() for each in languages if each.strip()))
    if len(spoken) > MOST_LANGUAGES:
        raise NotValid(f"At most {MOST_LANGUAGES} languages.")
    if deputy is not None:
        if deputy == agent:
            raise NotValid("A deputy is somebody else.")
        permissions.standing(deputy, desk)
    WorkTerms.objects.update_or_create(
        agent_id=agent, desk_id=desk,
        defaults={"most_load": most_load, "languages": list(spoken), "deputy_id": deputy},
    )  # fmt: skip


def set_telephone(agent: AgentId, number: str, *, by: AgentId) -> None:
    """Keep the number at which a page calls somebody; only they themselves say it."""
    if agent != by:
        raise NotAllowed("Only they themselves can set their number.")
    told = one_line(number, 40)
    if told and sum(c.isdigit() for c in told) < 3:
        raise NotValid("A telephone number has digits.")
    Agent.objects.filter(pk=agent).update(telephone=told)


def set_stale(desk: int, minutes: int | None, *, by: AgentId) -> None:
    """Say after how much open time without an act of its owner a ticket goes back to its team."""
    who = permissions.standing(by, desk)
    permissions.require(who, "manage_roster", active_policy(desk))
    if minutes is not None and not 5 <= minutes <= 60 * 24 * 60:
        raise NotValid("The time is from 5 minutes to 60 days.")
    Desk.objects.filter(pk=desk).update(stale_minutes=minutes)


def _write(
    agent: AgentId,
    by: AgentId | None,
    at: datetime,
    availability: str,
    until: datetime | None,
    reason: str,
) -> None:
    told = one_line(reason, 200)
    Agent.objects.filter(pk=agent).update(
        availability=availability, availability_reason=told, availability_since=at,
        availability_until=until,
    )  # fmt: skip
    AvailabilityChange.objects.create(
        agent_id=agent, availability=availability, reason=told, until=until, by_id=by, at=at
    )


def _tell_what_moved(agent: AgentId, at: datetime) -> None:
    moved = list(
        MovedTicket.objects.filter(owner_id=agent, ended_at=None)
        .values_list("ticket__desk_id", flat=True)
    )  # fmt: skip
    for desk in sorted(set(moved)):
        me = tuple(one for one in colleagues(desk, at) if one.id == agent)
        count = moved.count(desk)
        told = "1 ticket that moved" if count == 1 else f"{count} tickets that moved"
        notice = notices.Notice(
            desk=desk, ticket=None, cause=f"back.{agent}.{desk}.{at:%Y%m%d%H%M%S}", clause="",
            about=f"You are back: {told} while you were away can be taken back",
            means=("dashboard",), at=at,
        )  # fmt: skip
        notices.tell(notice, me)
