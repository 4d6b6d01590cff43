"""Who may do what: memberships give roles, roles name acts.

A person without a membership on the desk gets NotFound, as if the ticket did not exist.
"""

from django.db import connection

from kept.policy import Policy
from kept.policy.facts import Actor, ActorKind
from kept.policy.words import Frozen
from kept.services.errors import AgentId, NotAllowed, NotFound

COMMON_ACTS = frozenset({
    "reply", "note", "triage", "severity", "assign", "escalate", "accept", "wait", "promise",
    "step", "attempt", "flag", "verify", "resolve", "confirm", "reopen", "close", "spam", "merge",
    "ask_approval", "approve", "pay", "open", "acknowledge",
})  # fmt: skip
"""What every member of a desk may do unless the role lists its acts."""
EVERYTHING = "*"
LEADING_ACTS = frozenset({"propose_policy", "activate_policy", "waive", "retract", "erase"})
LEADING_ROLES = frozenset({"lead", "manager", "supervisor", "team_lead", "head", "owner"})


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


def require(who: Standing, act: str, policy: Policy) -> None:
    """Raise NotAllowed unless one of the person's roles includes the act."""
    if any(_role_may(role, act, policy) for role in who.roles):
        return
    raise NotAllowed(f"Your role on this desk does not include: {act.replace('_', ' ')}.")


def _role_may(role: str, act: str, policy: Policy) -> bool:
    """Read the SOP's `may` (docs/sop-language.md, Declarations); where it is silent, the default.

    A leading act belongs to the roles that list it, if any does. A role that lists everyday acts
    has only those, and notes.
    """
    declared = policy.roles.get(role)
    listed = frozenset(declared.may) if declared is not None else frozenset()
    if act in listed or EVERYTHING in listed:
        return True
    if act in LEADING_ACTS:
        named = any(act in each.may for each in policy.roles.values())
        return not named and role in LEADING_ROLES
    is_narrowed = bool(listed & COMMON_ACTS)
    return act in COMMON_ACTS and (not is_narrowed or act == "note")
