"""What must hold in every simulated life. Each check names what it found wrong."""

from collections import Counter
from random import Random

import msgspec

from kept.policy import Outcome, Policy, TicketState, advance, replay, start, step
from kept.policy.decisions import Decision, MissCommitment, RetractMiss, StartCommitment
from kept.policy.facts import (
    AgentReplied,
    Fact,
    Resolved,
    SeverityChanged,
    TicketCreated,
    WaitingOn,
)
from kept.policy.words import DAY, HOUR, MINUTE, Instant, Verdict
from tests.simulation.policies import policy_for, tightened
from tests.simulation.shell import ENCODER, Shell, effective
from tests.simulation.world import AMIRA, deliveries, outside_facts

HORIZON = 10 * DAY
NOT_ACTIVATED = "not activated"
CLASSES = {*Verdict, NOT_ACTIVATED}


def end_of(facts: list[Fact]) -> Instant:
    return max(effective(fact) for fact in facts) + HORIZON


def told(state: TicketState) -> bytes:
    """Return what two lives are compared by."""
    return ENCODER.encode(state)


def live(seed: int) -> tuple[Shell, Instant]:
    """Run one seed's life through the shell, with all its faults."""
    shell = Shell(policy_for(seed), seed)
    heard = deliveries(seed)
    for delivery in heard:
        shell.work_until(delivery.heard_at)
        shell.hear(delivery)
    end = end_of(shell.journal)
    shell.finish(end)
    return shell, end


def check_incremental_equals_batch(shell: Shell, end: Instant) -> Outcome:
    """Return the history run at once, which is what living it came to."""
    batch = replay(shell.policy, shell.journal, until=end)
    assert told(batch.state) == told(shell.state), "live and replayed states differ"
    shuffled = list(shell.journal)
    Random(len(shuffled)).shuffle(shuffled)
    ties = len({effective(fact) for fact in shuffled}) < len(shuffled)
    if not ties:
        again = replay(shell.policy, shuffled, until=end)
        assert told(again.state) == told(batch.state), "the order of arrival changed a verdict"
    return batch


def check_misses(shell: Shell) -> None:
    missed = Counter(d.commitment for d in shell.decisions if isinstance(d, MissCommitment))
    taken_back = Counter(d.commitment for d in shell.decisions if isinstance(d, RetractMiss))
    for commitment in shell.state.commitments.values():
        count = missed[commitment.id] - taken_back[commitment.id]
        expected = 1 if commitment.verdict is Verdict.MISSED else 0
        assert count == expected, f"{commitment.id}: {count} misses, verdict {commitment.verdict}"


def check_citations(policy: Policy, shell: Shell) -> None:
    for decision in shell.decisions:
        assert decision.because.clause, f"{decision} cites nothing"
        known = decision.because.clause in policy.clauses
        assert (
            known or decision.because.clause == policy.sop or decision.because.rule.startswith("R")
        ), f"{decision} cites an unknown clause"


def check_verdicts(shell: Shell, end: Instant) -> None:
    for commitment in shell.state.commitments.values():
        assert commitment.verdict in CLASSES
        overdue = commitment.due_at is not None and commitment.due_at < end
        if commitment.verdict is Verdict.PENDING and overdue:
            assert commitment.paused_for or commitment.suspended, f"{commitment.id} never missed"


def check_next_timer(state: TicketState) -> None:
    """The ticket is woken at the first timer of all it owes, and not before."""
    memory = state.memory
    timers = (
        *state.commitments.values(),
        *memory.timers.values(),
        *memory.pages.values(),
        *memory.approvals.values(),
    )
    wakes = [each.wake for each in timers if each.wake is not None]
    assert state.next_at == min(wakes, default=None), "a timer would be forgotten"


def check_clauses(policy: Policy, history: Outcome) -> None:
    """Every clause with a rule has a verdict class: its commitments', else not activated."""
    verdicts: dict[str, set[str]] = {}
    for commitment in history.state.commitments.values():
        verdicts.setdefault(commitment.because.clause, set()).add(commitment.verdict)
    for rule in policy.rules:
        found = verdicts.get(rule.because.clause, {NOT_ACTIVATED})
        assert found <= CLASSES, f"{rule.because.clause} is {found}"
    timers = {timer.because.clause for timer in history.state.memory.timers.values()}
    for decision in history.decisions:
        if isinstance(decision, StartCommitment):
            clause = decision.because.clause
            assert clause in verdicts or clause in timers, f"{clause} started and has no verdict"


def check_tightening(seed: int) -> None:
    """A tighter target never turns a missed commitment into a kept one.

    Severity stays as created here: a change of severity may move the *other* clause's due.
    """
    tight, clause = tightened(seed)
    facts: list[Fact] = [
        fact
        for fact in outside_facts(seed)
        if isinstance(fact, TicketCreated | AgentReplied | Resolved)
    ]
    end = end_of(facts)
    before = replay(policy_for(seed), facts, until=end).state.commitments
    after = replay(tight, facts, until=end).state.commitments
    for name, commitment in before.items():
        if commitment.because.clause == clause and commitment.verdict is Verdict.MISSED:
            assert after[name].verdict is Verdict.MISSED, f"{name} became {after[name].verdict}"


def check_pausing(seed: int) -> None:
    """Waiting on the customer never makes a due earlier."""
    policy = policy_for(seed)
    rng = Random(seed)
    begin = outside_facts(seed)[0]
    if not isinstance(begin, TicketCreated):
        return
    asked = AgentReplied(at=begin.at + MINUTE, id="asked", by=AMIRA)
    first = begin.at + MINUTE + rng.randint(1, 600) * MINUTE
    last = first + rng.randint(1, 3000) * MINUTE
    plain = replay(policy, [begin, asked], until=last + HOUR).state
    pauses: list[Fact] = [
        begin,
        asked,
        WaitingOn(at=first, id="wait", by=AMIRA, who="customer"),
        WaitingOn(at=last, id="go", by=AMIRA, who="nobody"),
    ]
    paused = replay(policy, pauses, until=last + HOUR).state
    for name, commitment in plain.commitments.items():
        other = paused.commitments.get(name)
        if commitment.name != "resolution" or other is None:
            continue
        if commitment.due_at is not None and other.due_at is not None:
            assert other.due_at >= commitment.due_at, f"{name} fell due earlier for a pause"


def check_flapping(seed: int) -> None:
    """Leaving a severity and coming back gains no more than the time away."""
    policy = policy_for(seed)
    rng = Random(seed)
    at = outside_facts(seed)[0].at
    begin = TicketCreated(at=at, id="begin", severity="P1")
    facts: list[Fact] = [begin]
    away = 0
    for turn in range(rng.randint(1, 4)):
        at += rng.choice((0, 1, rng.randint(1, 60) * MINUTE, rng.randint(1, 9) * HOUR))
        gone = rng.choice((0, 1, rng.randint(1, 60) * MINUTE, rng.randint(1, 40) * HOUR))
        lower = rng.choice(("P2", "P3"))
        facts.append(SeverityChanged(at=at, id=f"down{turn}", by=AMIRA, to=lower))
        at, away = at + gone, away + gone
        facts.append(SeverityChanged(at=at, id=f"up{turn}", by=AMIRA, to="P1"))
    steady = first_response(replay(policy, [begin], until=at + HORIZON).state)
    flapping = first_response(replay(policy, facts, until=at + HORIZON).state)
    assert flapping <= steady + away, f"flapping gained {flapping - steady - away} us"


def first_response(state: TicketState) -> Instant:
    """Return when the first answer to a critical ticket was due at the latest."""
    dues = [
        each.due_at
        for each in state.commitments.values()
        if each.because.clause == "sim.L.p1" and each.due_at is not None
    ]
    assert dues, "a critical ticket has no first response"
    return max(dues)


def check_step_is_pure(seed: int) -> None:
    """`step` leaves its state as it was, and a restart after it changes no later decision."""
    policy = policy_for(seed)
    state = unbroken = start()
    facts = outside_facts(seed)
    for fact in facts:
        written = told(state)
        outcome = step(policy, state, fact)
        assert told(state) == written, "step changed its argument"
        check_next_timer(outcome.state)
        straight = step(policy, unbroken, fact)
        same_decisions(outcome.decisions, straight.decisions)
        state = msgspec.json.decode(told(outcome.state), type=TicketState)
        unbroken = straight.state
    end = facts[-1].at + HORIZON
    same_decisions(advance(policy, state, end).decisions, advance(policy, unbroken, end).decisions)


def same_decisions(one: tuple[Decision, ...], other: tuple[Decision, ...]) -> None:
    assert ENCODER.encode(one) == ENCODER.encode(other), "a restart changed what is decided"


def check(seed: int) -> None:
    """Live one seed's life and hold it against every invariant."""
    shell, end = live(seed)
    history = check_incremental_equals_batch(shell, end)
    check_misses(shell)
    check_citations(shell.policy, shell)
    check_verdicts(shell, end)
    check_next_timer(shell.state)
    check_clauses(shell.policy, history)
    check_tightening(seed)
    check_pausing(seed)
    check_flapping(seed)
    check_step_is_pure(seed)
