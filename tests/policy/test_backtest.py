"""Two versions over the same histories: properties that hold for any SOP and any life."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kept.policy import Past, Policy, compare
from kept.policy.backtest import NOT_ACTIVATED, ClauseChange, Comparison
from kept.policy.facts import ClockRanOut, PolicyChanged
from kept.policy.words import HOUR
from tests.policy.desk import desk, fact
from tests.simulation.policies import policy_for, tightened
from tests.simulation.world import outside_facts

SEEDS = st.integers(0, 50_000)
LIVES = st.lists(SEEDS, min_size=1, max_size=6, unique=True)


def pasts(seeds: list[int]) -> list[Past]:
    made = []
    for seed in seeds:
        facts = tuple(outside_facts(seed))
        until = max(fact.at for fact in facts) + 200 * HOUR
        made.append(Past(ticket=str(seed), facts=facts, until=until))
    return made


@given(policy=SEEDS, lives=LIVES)
@settings(max_examples=60, deadline=None)
def test_a_version_compared_with_itself_finds_nothing(policy: int, lives: list[int]) -> None:
    chosen = policy_for(policy)
    found = compare(chosen, chosen, pasts(lives))
    assert found.is_empty
    assert found.tickets == len(lives)


@given(policy=SEEDS, lives=LIVES)
@settings(max_examples=60, deadline=None)
def test_the_other_way_round_is_the_mirror(policy: int, lives: list[int]) -> None:
    current, (candidate, _) = policy_for(policy), tightened(policy)
    there = compare(current, candidate, pasts(lives))
    back = compare(candidate, current, pasts(lives))
    assert _mirrored(there) == _flat(back)


@given(policy=SEEDS, lives=LIVES)
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_tickets_does_not_matter(policy: int, lives: list[int]) -> None:
    current, (candidate, _) = policy_for(policy), tightened(policy)
    assert _flat(compare(current, candidate, pasts(lives))) == _flat(
        compare(current, candidate, pasts(lives[::-1]))
    )


@given(policy=SEEDS, lives=LIVES)
@settings(max_examples=60, deadline=None)
def test_what_a_clock_or_a_change_of_version_told_is_no_outside_fact(
    policy: int, lives: list[int]
) -> None:
    current, (candidate, _) = policy_for(policy), tightened(policy)
    plain = pasts(lives)
    noisy = [
        msgspec.structs.replace(
            past,
            facts=(
                *past.facts,
                ClockRanOut(at=past.facts[-1].at + HOUR, fired_at=past.facts[-1].at + HOUR),
                PolicyChanged(at=past.facts[0].at, policy_hash="another"),
            ),
        )
        for past in plain
    ]
    assert compare(current, candidate, noisy) == compare(current, candidate, plain)


@given(policy=SEEDS, lives=LIVES)
@settings(max_examples=60, deadline=None)
def test_the_sums_add_up_and_flips_account_for_each_difference(
    policy: int, lives: list[int]
) -> None:
    current, (candidate, _) = policy_for(policy), tightened(policy)
    for clause in compare(current, candidate, pasts(lives)).clauses:
        for tally in (clause.current, clause.candidate):
            parts = (tally.kept, tally.missed, tally.pending, tally.unknown, tally.other)
            assert sum(parts) == tally.activated
        for verdict in ("kept", "missed", "pending", "unknown"):
            gone = sum(flip.count for flip in clause.flips if flip.before == verdict)
            come = sum(flip.count for flip in clause.flips if flip.after == verdict)
            before = getattr(clause.current, verdict)
            assert getattr(clause.candidate, verdict) == before - gone + come


FIRST = """
## Response {{#resp}}
We answer within {time}. {{#first}}
```yaml rule
clock: first_response
start: created
stop: agent_public
within: $text
```
"""


def version(time: str) -> Policy:
    return desk(FIRST.format(time=time))


def answered_after(minutes: int, *, times: int) -> list[Past]:
    policy = version("1 hour")
    told = (
        fact(policy, "2025-06-02T10:00", "created"),
        fact(policy, f"2025-06-02T10:{minutes}", "agent_public"),
    )
    return [Past(ticket=str(number), facts=told) for number in range(times)]


def test_half_the_time_makes_misses_of_what_was_kept_and_names_the_tickets() -> None:
    (clause,) = _compared(answered_after(45, times=40))

    assert clause.clause == "d.resp.first"
    assert (clause.current.kept, clause.candidate.missed) == (40, 40)
    (flip,) = clause.flips
    assert (flip.before, flip.after, flip.count, len(flip.tickets)) == ("kept", "missed", 40, 20)
    low, high = clause.current.interval
    assert low is not None and low > 900_000 and high == 1_000_000


def test_on_the_dot_is_no_flip_but_a_moved_due() -> None:
    (clause,) = _compared(answered_after(30, times=3))
    assert clause.flips == ()
    assert clause.moved == 3


def test_a_clause_that_only_one_version_has_was_not_activated_in_the_other() -> None:
    (clause,) = compare(desk(""), version("1 hour"), answered_after(45, times=1)).clauses
    (flip,) = clause.flips
    assert (flip.before, flip.after) == (NOT_ACTIVATED, "kept")


def _compared(history: list[Past]) -> tuple[ClauseChange, ...]:
    return compare(version("1 hour"), version("30 minutes"), history).clauses


def _flat(found: Comparison) -> list[object]:
    clauses = [
        (c.clause, c.current, c.candidate, sorted((f.before, f.after, f.count) for f in c.flips),
         c.moved) for c in found.clauses
    ]  # fmt: skip
    return [*clauses, *((a.clause, a.act, a.current, a.candidate) for a in found.acts)]


def _mirrored(found: Comparison) -> list[object]:
    clauses = [
        (c.clause, c.candidate, c.current, sorted((f.after, f.before, f.count) for f in c.flips),
         c.moved) for c in found.clauses
    ]  # fmt: skip
    return [*clauses, *((a.clause, a.act, a.candidate, a.current) for a in found.acts)]
