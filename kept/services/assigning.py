"""Choose who gets a ticket and say why, from the roster and the policy's routing."""

from collections.abc import Sequence

from django.db import connection

from kept.policy.decisions import Assign
from kept.policy.routing import COMMON_NEEDS, Candidate, Need, Ranked, pick
from kept.policy.words import Frozen
from kept.records.models import RoutingChoice
from kept.services.locking import LockedTicket
from kept.services.rosters import Colleague

MOST_KEPT = 50
"""So many candidates are kept with a decision; the chosen one is among them."""


class Choice(Frozen, frozen=True, kw_only=True):
    """The team and, where somebody fits, the agent; `reasons` are short words, no names."""

    team: str | None
    agent: int | None
    reasons: tuple[str, ...]
    ranked: tuple[Ranked, ...] = ()
    """Everybody who was weighed, best first."""


def choose(
    ticket: LockedTicket,
    assign: Assign,
    people: tuple[Colleague, ...],
    *,
    without: Sequence[int] = (),
) -> Choice:
    """Return the best of those the assignment names: on duty, here, skilled, least loaded."""
    if assign.agent is not None and assign.agent.isdigit():
        return Choice(team=assign.team, agent=int(assign.agent), reasons=("named",))
    fitting = [p for p in people if _fits(p, assign) and p.id not in without]
    needs = _needs(ticket, assign, fitting)
    if not any(p.is_here for p in fitting):
        ranked = _ranked(ticket, fitting, needs)
        return Choice(team=assign.team, agent=None, reasons=("nobody on duty",), ranked=ranked)
    if assign.role is None and not assign.pick:
        return Choice(team=assign.team, agent=None, reasons=("team queue",))
    ranked = _ranked(ticket, fitting, needs)
    best = ranked[0]
    reasons = tuple(f"{need}: {reason}" for need, reason in best.reasons)
    if not best.fits:
        return Choice(team=assign.team, agent=None, reasons=reasons, ranked=ranked)
    chosen = next(p for p in fitting if str(p.id) == best.id)
    return Choice(team=assign.team or chosen.team, agent=chosen.id, reasons=reasons, ranked=ranked)


def keep(ticket: LockedTicket, choice: Choice, *, why: str) -> None:
    """Keep a decision with the score of everybody who was weighed, for "why this owner?"."""
    if not choice.ranked and choice.reasons in (("named",), ("team queue",)):
        return
    weighed = [
        {"agent": int(one.id), "fits": one.fits, "scores": one.scores, "reasons": one.reasons}
        for one in choice.ranked[:MOST_KEPT]
    ]
    RoutingChoice.objects.create(
        ticket_id=ticket.id, seq=ticket.seq, at=ticket.at, team=choice.team or "",
        chosen_id=choice.agent, why=why, weighed=weighed,
    )  # fmt: skip


def _needs(ticket: LockedTicket, assign: Assign, people: list[Colleague]) -> tuple[str, ...]:
    needs = ("availability", *(assign.pick or COMMON_NEEDS))
    if "language" not in needs and _language(ticket, people) is not None:
        needs = (*needs, "language")
    return needs


def _ranked(
    ticket: LockedTicket, people: list[Colleague], needs: tuple[str, ...]
) -> tuple[Ranked, ...]:
    given = sorted(
        (p for p in people if p.given_at is not None), key=lambda p: (p.given_at, p.id),
        reverse=True,
    )  # fmt: skip
    waited = {p.id: place for place, p in enumerate(given)}
    return pick([_candidate(p, waited.get(p.id, len(given))) for p in people],
                _need(ticket, people), needs)  # fmt: skip


def _candidate(person: Colleague, waited: int) -> Candidate:
    assert person.open_tickets is not None, "a roster without the work that each has"
    is_away = person.availability != "available"
    return Candidate(
        id=str(person.id),
        skills=person.skills,
        languages=person.languages,
        is_available=person.is_here,
        absence=person.availability if is_away else "off duty",
        is_rostered=person.on_duty,
        open_tickets=person.open_tickets,
        most_tickets=person.most_load,
        missed_by=waited,
    )


def _need(ticket: LockedTicket, people: list[Colleague]) -> Need:
    """Return the skills the ticket's own words ask for and at least one person has."""
    facts = ticket.state.facts
    words = {str(facts[key]) for key in ("topic", "type", "channel") if facts.get(key)}
    kinds = {str(facts[key]) for key in ("topic", "type") if facts.get(key)}
    known = {skill for person in people for skill in person.skills}
    return Need(
        skills=tuple(sorted(words & known)),
        kinds=tuple(sorted(kinds & known)),
        language=_language(ticket, people),
    )


def _language(ticket: LockedTicket, people: list[Colleague]) -> str | None:
    """Return the customer's language where somebody here says that they speak it."""
    spoken = {language for person in people for language in person.languages}
    if not spoken or ticket.customer is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT language FROM customer WHERE id = %s", [ticket.customer])
        row = cursor.fetchone()
    return row[0] if row is not None and row[0] in spoken else None


def _fits(person: Colleague, assign: Assign) -> bool:
    if assign.role is not None and assign.role not in person.roles:
        return False
    return assign.team is None or assign.team in (person.team, person.level)
