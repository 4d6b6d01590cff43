"""Who may do what: memberships give roles, roles name acts.

A person without a membership on the desk gets NotFound, as if the ticket did not exist.
"""

from django.db import connection

from kept.policy import Policy, rights
from kept.policy.decisions import Refuse
from kept.policy.facts import Actor, ActorKind
from kept.policy.rights import Sight
from kept.policy.rules import Scope
from kept.policy.words import Frozen
from kept.records.compiled import policy_by_hash
from kept.services.errors import AgentId, NotAllowed, NotFound, Refused


class Standing(Frozen, frozen=True, kw_only=True):
    """An agent's place on one desk."""

    agent: AgentId
    desk: int
    roles: tuple[str, ...]
    level: str | None
    teams: tuple[str, ...]
    policy_hash: str = ""
    """The version the desk runs now."""
    has_signed: bool = True
    """Whether this person signed it; a program signs nothing."""

    def actor(self) -> Actor:
        """Return how facts name this agent: an id, never a name."""
        return Actor(id=str(self.agent), kind=ActorKind.HUMAN, roles=self.roles, level=self.level)


def standing(agent: AgentId, desk: int) -> Standing:
    """Return the agent's place on a desk; raise NotFound where there is none."""
    # One row per role; the highest level is the policy's business, so the last given counts.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.role, m.level, m.team, coalesce(p.hash, ''),
              (a.is_program AND k.owner_id IS NULL) OR EXISTS (
                SELECT 1 FROM sop_signature s WHERE s.desk_id = m.desk_id
                AND s.policy_hash = p.hash AND s.agent_id = coalesce(k.owner_id, a.id))
            FROM membership m JOIN agent a ON a.id = m.agent_id
            LEFT JOIN policy_version p ON p.desk_id = m.desk_id AND p.state = 'active'
            LEFT JOIN api_token k ON k.agent_id = a.id
            WHERE m.agent_id = %s AND m.desk_id = %s AND m.ended_at IS NULL AND a.is_active
            ORDER BY m.id
            """,
            [agent, desk],
        )
        rows = cursor.fetchall()
    if not rows:
        raise NotFound("There is no such ticket.")
    levels = [row[1] for row in rows if row[1]]
    return Standing(
        agent=agent,
        desk=desk,
        roles=tuple(row[0] for row in rows),
        level=levels[-1] if levels else None,
        teams=tuple(dict.fromkeys(row[2] for row in rows if row[2])),
        policy_hash=rows[0][3],
        has_signed=bool(rows[0][4]),
    )


def policy_of(who: Standing) -> Policy:
    """Return the version that the person's desk runs now."""
    return policy_by_hash(who.policy_hash)


def sight(who: Standing, policy: Policy, facts: Scope | None) -> Sight:
    """Return what somebody sees of the customer of a ticket with these facts."""
    return rights.sight(policy, who.roles, facts)


def require(who: Standing, act: str, policy: Policy) -> None:
    """Raise NotAllowed unless one of the person's roles includes the act.

    Where the SOP wants every version signed, raise Refused until this person has.
    """
    if not rights.may(policy, who.roles, act):
        raise NotAllowed(f"Your role on this desk does not include: {act.replace('_', ' ')}.")
    if not who.has_signed and act not in rights.UNSIGNED_ACTS:
        _require_signature(who, act)


def _require_signature(who: Standing, act: str) -> None:
    rule = rights.signing_rule(policy_by_hash(who.policy_hash)) if who.policy_hash else None
    if rule is not None:
        raise Refused(
            Refuse(
                at=0, because=rule.because, act=act, needs="your signature", enforce=rule.enforce,
                say="Read the present version of the handbook and sign it first.",
            )
        )  # fmt: skip
