"""An in-memory shell: what services and workers do, without a database.

It crashes, restarts from what was committed, polls late, and delivers twice, as the seed says.
"""

from random import Random

import msgspec

from kept.policy import Outcome, Policy, TicketState, advance, amend, start, step
from kept.policy.decisions import Decision
from kept.policy.facts import Fact
from kept.policy.words import Instant
from tests.simulation.world import Delivery

ENCODER = msgspec.json.Encoder()


def effective(fact: Fact) -> Instant:
    """Return the instant a fact counts from (R11)."""
    if fact.received_at is None:
        return fact.at
    return min(fact.at, fact.received_at) if fact.trusted else fact.received_at


class Shell:
    """One ticket's life as the desk lives it. `decisions` are those that were committed."""

    def __init__(self, policy: Policy, seed: int) -> None:
        self.policy = policy
        self.rng = Random(seed ^ 0xC0FFEE)
        self.state = start()
        self.journal: list[Fact] = []
        self.seen: set[str] = set()
        self.decisions: list[Decision] = []
        self.fired_to: Instant = 0

    def work_until(self, at: Instant) -> None:
        """The clock worker passes by: on time, late, or not at all before the next fact."""
        if self.rng.random() < 0.3:
            return
        while self.state.next_at is not None and self.state.next_at < at:
            outcome = advance(self.policy, self.state, self.state.next_at)
            if self.rng.random() < 0.1:
                continue  # it crashed before the commit, and will come again
            self.fired_to = max(self.fired_to, outcome.state.now)
            self.commit(outcome.state, outcome.decisions)

    def hear(self, delivery: Delivery) -> None:
        """A fact comes in; a known one changes nothing, a late one is worked in."""
        fact = delivery.fact
        if fact.id in self.seen:
            return
        outcome = self.decide(fact)
        if self.rng.random() < 0.1:
            self.restart()  # the process died before its commit; the sender delivers once more
            outcome = self.decide(fact)
        self.seen.add(fact.id)
        self.journal.append(fact)
        self.commit(outcome.state, outcome.decisions)

    def decide(self, fact: Fact) -> Outcome:
        if self.journal and effective(fact) <= max(self.fired_to, self.state.now - 1):
            return amend(self.policy, tuple(self.journal), self.state, fact)
        return step(self.policy, self.state, fact)

    def restart(self) -> None:
        """Lose the memory; come back from what was written."""
        written = ENCODER.encode(self.state)
        self.state = msgspec.json.decode(written, type=TicketState)
        assert ENCODER.encode(self.state) == written

    def commit(self, state: TicketState, decisions: tuple[Decision, ...]) -> None:
        self.state = state
        self.decisions.extend(decisions)

    def finish(self, until: Instant) -> None:
        """Let every timer up to the end fire."""
        outcome = advance(self.policy, self.state, until)
        self.commit(outcome.state, outcome.decisions)
