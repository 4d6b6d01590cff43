"""The proof of one due time: the engine's own arithmetic, and the words of its clause."""

from datetime import datetime

from kept import policy as engine
from kept.records.queries.tickets import chips, ticket_policy, ticket_state
from kept.records.queries.views import ProofView


def proof(agent: int, ticket: int, commitment: str, *, at: datetime) -> ProofView | None:
    """Return the proof of a commitment the agent may see."""
    found = ticket_state(agent, ticket)
    if found is None:
        return None
    desk, policy_hash, state = found
    if commitment not in state.commitments:
        return None
    newest = ticket_policy(policy_hash, state)
    pinned = state.commitments[commitment].policy_hash
    policy = newest.earlier.get(pinned, newest)
    chip = next(each for each in chips(state, at) if each.id == commitment)
    clause = policy.clauses.get(chip.clause)
    return ProofView(
        ticket=ticket,
        desk=desk,
        chip=chip,
        explanation=engine.explain(newest, state, commitment),
        clause_text=clause.text if clause else "",
        clause_line=clause.line if clause else 0,
        policy_version=policy.version,
    )
