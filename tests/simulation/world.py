"""What happens to one ticket, and how badly it is delivered."""

from random import Random
from typing import NamedTuple

import msgspec

from kept.policy.facts import (
    Accepted,
    Actor,
    ActorKind,
    AgentNoted,
    AgentReplied,
    ApprovalAsked,
    Approved,
    AttemptFailed,
    Closed,
    Confirmed,
    CustomerReplied,
    Escalated,
    Fact,
    Paid,
    Promised,
    Rejected,
    Reopened,
    Resolved,
    SeverityChanged,
    StepDone,
    TicketCreated,
    Triaged,
    WaitingOn,
)
from kept.policy.words import DAY, HOUR, MINUTE, SECOND, Instant

EPOCH: Instant = 1_741_000_000 * SECOND
"""Early March 2025: the months that follow hold changes of clocks and holidays."""
TEXTS = ("It is down again", "Nothing breakdowns here", "Thank you", "An outage since nine")
AMIRA = Actor(id="amira", roles=("agent",), level="L1")
BO = Actor(id="bo", roles=("lead",), level="L2")
ROBOT = Actor(id="robot", kind=ActorKind.SYSTEM)


class Delivery(NamedTuple):
    """A fact and when our server hears of it."""

    fact: Fact
    heard_at: Instant


def gap(rng: Random) -> int:
    """A believable wait, mostly minutes, sometimes hours or days, now and then none at all."""
    unit, most = rng.choice(
        ((0, 1), (SECOND, 59), (MINUTE, 20), (MINUTE, 90), (HOUR, 9), (DAY, 5))
    )
    return unit * rng.randint(1, most)


def one_fact(rng: Random, at: Instant, name: str) -> Fact:
    """Draw one fact; facts that make no sense at this point are the policy's to refuse."""
    person = rng.choice((AMIRA, BO))
    kinds = (
        lambda: CustomerReplied(at=at, id=name, text=rng.choice(TEXTS), channel="email"),
        lambda: AgentReplied(at=at, id=name, by=rng.choice((AMIRA, BO, ROBOT))),
        lambda: AgentReplied(at=at, id=name, by=person),
        lambda: AgentNoted(at=at, id=name, by=person),
        lambda: Triaged(at=at, id=name, by=person, severity=rng.choice(("P1", "P2", "P3"))),
        lambda: SeverityChanged(at=at, id=name, by=person, to=rng.choice(("P1", "P2", "P3"))),
        lambda: WaitingOn(
            at=at, id=name, by=person, who=rng.choice(("customer", "customer", "nobody"))
        ),
        lambda: Promised(at=at, id=name, by=person, what="reply", due=at + gap(rng) + MINUTE),
        lambda: Escalated(at=at, id=name, by=person, to=rng.choice(("L2", "L3"))),
        lambda: Accepted(at=at, id=name, by=BO),
        lambda: Resolved(at=at, id=name, by=person),
        lambda: Confirmed(at=at, id=name),
        lambda: Reopened(at=at, id=name),
        lambda: Closed(at=at, id=name, by=person),
        lambda: work_fact(rng, at, name, person),
        lambda: work_fact(rng, at, name, person),
    )
    return rng.choice(kinds)()


def work_fact(rng: Random, at: Instant, name: str, person: Actor) -> Fact:
    """Draw one fact of steps, attempts, money or what a table reads."""
    amount = rng.choice((4_000, 10_000, 10_001, 60_000))
    kinds = (
        lambda: StepDone(at=at, id=name, by=person, step="handoff"),
        lambda: AttemptFailed(at=at, id=name, by=person),
        lambda: Triaged(
            at=at, id=name, by=person,
            fields={"impact": rng.choice(("high", "low")), "urgency": rng.choice(("high", "low"))},
        ),
        lambda: ApprovalAsked(
            at=at, id=name, by=person, kind="refund", amount=amount, requester=person.id
        ),
        lambda: Approved(at=at, id=name, by=person, kind="refund"),
        lambda: Rejected(at=at, id=name, by=person, kind="refund"),
        lambda: Paid(at=at, id=name, by=person, kind="refund", amount=amount),
    )  # fmt: skip
    return rng.choice(kinds)()


def outside_facts(seed: int) -> list[Fact]:
    """Return one ticket's facts in the order in which they really happened."""
    rng = Random(seed)
    at = EPOCH + rng.randrange(120 * 24 * 60) * MINUTE
    severity = rng.choice((None, "P1", "P2", "P3"))
    facts: list[Fact] = [
        TicketCreated(at=at, id="f0", severity=severity, channel="email", text=rng.choice(TEXTS))
    ]
    for number in range(1, rng.randint(2, 16)):
        at += gap(rng)
        facts.append(one_fact(rng, at, f"f{number}"))
    return facts


def deliveries(seed: int) -> list[Delivery]:
    """Return the same facts as the desk hears them: late, doubled, out of order, skewed.

    The creation is heard first, as a mail that opens a ticket is; whatever comes from a trusted
    source keeps its own instant (R11), the rest counts from when it is heard.
    """
    rng = Random(seed ^ 0x5EED)
    heard: list[Delivery] = []
    for fact in outside_facts(seed):
        delay = rng.choice((0, 0, 0, SECOND, MINUTE * rng.randint(1, 90)))
        if isinstance(fact, TicketCreated):
            delay = 0
        trusted = rng.random() < 0.8
        received = max(fact.at + delay, heard[0].heard_at if heard else fact.at)
        stamped = msgspec.structs.replace(fact, received_at=received, trusted=trusted)
        heard.append(Delivery(stamped, received))
        if rng.random() < 0.15:
            heard.append(Delivery(stamped, received + MINUTE * rng.randint(0, 300)))
    return sorted(heard, key=lambda delivery: delivery.heard_at)
