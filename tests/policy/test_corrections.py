"""A holiday that was forgotten: what was judged stays, and is shown beside what is right."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kept.policy import revisions
from kept.policy.corrections import with_calendars
from kept.policy.facts import Fact
from kept.policy.words import HOUR
from tests.policy.desk import desk, fact
from tests.simulation.policies import policy_for
from tests.simulation.world import outside_facts

CLAUSES = """
## Response {#resp}
We answer within 2 hours. {#first}
```yaml rule
clock: first_response
start: created
stop: agent_public
within: $text
calendar: desk
```
"""
FORGOTTEN = desk(CLAUSES)
CORRECT = desk(CLAUSES, holidays='{also: ["2025-06-02"]}')


def told(*events: tuple[str, str]) -> tuple[Fact, ...]:
    return tuple(fact(FORGOTTEN, at, event) for at, event in events)


ASKED = ("2025-06-02T09:00", "created")
LATE = told(ASKED, ("2025-06-03T10:00", "agent_public"))


def test_a_miss_on_a_day_that_was_a_holiday_is_shown_as_known_and_as_corrected() -> None:
    (one,) = revisions(FORGOTTEN, CORRECT.calendars, LATE)

    assert one.clause == "d.resp.first"
    assert one.as_known is not None and one.as_corrected is not None
    assert (one.as_known.verdict, one.as_corrected.verdict) == ("missed", "kept")
    assert one.is_reversed
    assert one.as_known.due_at is not None
    assert one.as_corrected.due_at == one.as_known.due_at + 24 * HOUR


def test_a_due_that_moves_without_another_verdict_is_told_too() -> None:
    soon = told(ASKED, ("2025-06-02T10:00", "agent_public"))
    (one,) = revisions(FORGOTTEN, CORRECT.calendars, soon)
    assert not one.is_reversed


def test_a_correction_of_another_day_revises_nothing() -> None:
    other = desk(CLAUSES, holidays='{also: ["2025-07-07"]}')
    assert revisions(FORGOTTEN, other.calendars, LATE) == ()


@given(seed=st.integers(0, 50_000))
@settings(max_examples=60, deadline=None)
def test_the_same_calendars_revise_nothing(seed: int) -> None:
    policy = policy_for(seed)
    assert with_calendars(policy, policy.calendars) == policy
    assert revisions(policy, policy.calendars, outside_facts(seed)) == ()
