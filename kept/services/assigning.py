"""Choose who gets a ticket and say why, from the roster and the policy's routing."""

from kept.policy.decisions import Assign
from kept.policy.words import Frozen
from kept.services.locking import LockedTicket
from kept.services.rosters import Colleague


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
    wanted = _wanted_skills(ticket)
    best = min(present, key=lambda p: (-len(wanted & set(p.skills)), p.open_tickets, p.id))
    matched = sorted(wanted & set(best.skills))
    reasons = ("on duty", f"{best.open_tickets} open tickets", *(f"skill {s}" for s in matched))
    return Choice(team=assign.team or best.team, agent=best.id, reasons=reasons)


def _fits(person: Colleague, assign: Assign) -> bool:
    if assign.role is not None and assign.role not in person.roles:
        return False
    return assign.team is None or assign.team in (person.team, person.level)


def _wanted_skills(ticket: LockedTicket) -> set[str]:
    facts = ticket.state.facts
    return {str(facts[key]) for key in ("topic", "type", "channel") if facts.get(key)}
