"""Ask the policy what follows from a fact: for the journal when it happens, for verify again.

A ticket runs under one version at a time; a change of version is judged by the old one, which
then knows the new.
"""

from collections.abc import Callable

from kept import policy as engine
from kept.policy import Outcome, Policy, TicketState
from kept.policy.facts import ClockRanOut, Fact, PolicyChanged
from kept.policy.updates import effective_at
from kept.records.compiled import policy_with


def judge(
    fact: Fact,
    state: TicketState,
    *,
    policy_hash: str,
    known: frozenset[str],
    past: Callable[[], tuple[Fact, ...]],
) -> Outcome:
    """Judge a fact under the version in force before it: amend a late one, step any other.

    `known` are the versions the ticket ran under; `past` is asked only for a late fact.
    """
    if isinstance(fact, PolicyChanged):
        known |= {fact.policy_hash}
    policy: Policy = policy_with(policy_hash, known)
    if is_late(state, fact):
        return engine.amend(policy, past(), state, fact)
    return engine.step(policy, state, fact)


def is_late(state: TicketState, fact: Fact) -> bool:
    """Tell whether a fact belongs before what was judged: it precedes timers of its instant."""
    if isinstance(fact, ClockRanOut | PolicyChanged):
        return False
    at = effective_at(fact)
    return at < state.now or at <= state.memory.fired_to
