"""Choose who gets a ticket and say why, from the roster and the policy's routing."""

from kept.policy.decisions import Assign
from kept.policy.routing import Candidate, Need, pick
from kept.policy.words import Frozen
from kept.services.locking import LockedTicket
from kept.services.rosters import Colleague

COMMON_NEEDS = ("workload",)


class Choice(Frozen, frozen=True, kw_only=True):
    """The team and, where somebody fits, the agent; `reasons` are short words, no names."""

    team: str | None
    agent: int | None
    reasons: tuple[str, ...]


def choose(ticket: LockedTicket, assign: Assign, people: tuple[Colleague, ...]) -> Choice:
    """Return the best of those the assignment names: on duty, skilled, least loaded."""
    if assign.agent is not None and assign.agent.isdigit():
        return Choice(team=assign.team, agent=int(assign.agent), reasons=("named",))
    fitting = [p for p in people if _fits(p, assign)]
    present = [p for p in fitting if p.on_duty]
    if not present:
        return Choice(team=assign.team, agent=None, reasons=("nobody on duty",))
    if assign.role is None and not assign.pick:
        return Choice(team=assign.team, agent=None, reasons=("team queue",))
    needs = ("availability", *(assign.pick or COMMON_NEEDS))
    ranked = pick([_candidate(p) for p in fitting], _need(ticket, fitting), needs)
    best = ranked[0]
    reasons = tuple(f"{need}: {reason}" for need, reason in best.reasons)
    if not best.fits:
        return Choice(team=assign.team, agent=None, reasons=reasons)
    chosen = next(p for p in fitting if str(p.id) == best.id)
    return Choice(team=assign.team or chosen.team, agent=chosen.id, reasons=reasons)


def _candidate(person: Colleague) -> Candidate:
    assert person.open_tickets is not None, "a roster without the work that each has"
    return Candidate(
        id=str(person.id),
        skills=person.skills,
        is_available=person.on_duty,
        open_tickets=person.open_tickets,
    )


def _need(ticket: LockedTicket, people: list[Colleague]) -> Need:
    """Return the skills the ticket's own words ask for and at least one person has."""
    facts = ticket.state.facts
    words = {str(facts[key]) for key in ("topic", "type", "channel") if facts.get(key)}
    known = {skill for person in people for skill in person.skills}
    return Need(skills=tuple(sorted(words & known)))


def _fits(person: Colleague, assign: Assign) -> bool:
    if assign.role is not None and assign.role not in person.roles:
        return False
    return assign.team is None or assign.team in (person.team, person.level)
