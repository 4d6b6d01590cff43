"""Who may do what: memberships give roles, roles name acts.

A person without a membership on the desk gets NotFound, as if the ticket did not exist.
"""

from django.db import connection

from kept.policy import Policy, rights
from kept.policy.facts import Actor, ActorKind
from kept.policy.rights import Sight
from kept.policy.rules import Scope
from kept.policy.words import Frozen
from kept.services.errors import AgentId, NotAllowed, NotFound


class Standing(Frozen, frozen=True, kw_only=True):
    """An agent's place on one desk."""

    agent: AgentId
    desk: int
    roles: tuple[str, ...]
    level: str | None
    teams: tuple[str, ...]

    def actor(self) -> Actor:
        """Return how facts name this agent: an id, never a name."""
        return Actor(id=str(self.agent), kind=ActorKind.HUMAN, roles=self.roles, level=self.level)


def standing(agent: AgentId, desk: int) -> Standing:
    """Return the agent's place on a desk; raise NotFound where there is none."""
    # One row per role; the highest level is the policy's business, so the last given counts.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.role, m.level, m.team FROM membership m JOIN agent a ON a.id = m.agent_id
            WHERE m.agent_id = %s AND m.desk_id = %s AND m.ended_at IS NULL AND a.is_active
            ORDER BY m.id
            """,
            [agent, desk],
        )
        rows = cursor.fetchall()
    if not rows:
        raise NotFound("There is no such ticket.")
    levels = [level for _, level, _ in rows if level]
    return Standing(
        agent=agent,
        desk=desk,
        roles=tuple(role for role, _, _ in rows),
        level=levels[-1] if levels else None,
        teams=tuple(dict.fromkeys(team for _, _, team in rows if team)),
    )


def sight(who: Standing, policy: Policy, facts: Scope | None) -> Sight:
    """Return what somebody sees of the customer of a ticket with these facts."""
    return rights.sight(policy, who.roles, facts)


def require(who: Standing, act: str, policy: Policy) -> None:
    """Raise NotAllowed unless one of the person's roles includes the act."""
    if not rights.may(policy, who.roles, act):
        raise NotAllowed(f"Your role on this desk does not include: {act.replace('_', ' ')}.")
