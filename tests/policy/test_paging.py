"""Whom a page goes to, rung after rung."""

from hypothesis import given
from hypothesis import strategies as st

from kept.policy.paging import Reach, due_rung, rungs, step
from kept.policy.words import MINUTE

BO = Reach(id=2, roles=("lead",), answers=True, calls=((1, 1),), deputy=5)
CHEN = Reach(id=3, roles=("manager",))
DEV = Reach(id=4, roles=("lead",), answers=True)
FAY = Reach(id=5, roles=("agent",))
GIL = Reach(id=6, roles=("agent",), calls=((1, 2),))
MEMBERS = st.lists(
    st.builds(
        Reach, id=st.integers(1, 6), answers=st.booleans(), on_duty=st.booleans(),
        is_away=st.booleans(), roles=st.sampled_from([("agent",), ("lead",), ("manager",)]),
        calls=st.lists(st.tuples(st.integers(1, 2), st.integers(1, 3)), max_size=2).map(tuple),
        deputy=st.none() | st.integers(1, 6),
    ),
    unique_by=lambda one: one.id,
)  # fmt: skip


def test_on_call_first_then_the_deputy_the_next_layer_leads_and_managers() -> None:
    found = [(rung.name, rung.people) for rung in rungs((BO, CHEN, DEV, FAY, GIL))]
    assert found == [
        ("on call", (2,)), ("deputy", (5,)), ("layer 2", (6,)), ("lead", (4,)), ("manager", (3,)),
    ]  # fmt: skip


def test_whoever_is_away_is_passed_over_while_another_is_there() -> None:
    gone = Reach(id=2, answers=True, calls=((1, 1),), is_away=True)
    assert rungs((gone, DEV))[0].people == (4,)
    assert rungs((gone,))[0].people == (2,)


@given(MEMBERS)
def test_nobody_is_called_twice_and_whoever_answers_to_it_is_called_first(
    people: list[Reach],
) -> None:
    found = rungs(people)
    called = [one for rung in found for one in rung.people]
    assert len(called) == len(set(called))
    assert all(rung.people for rung in found)
    if any(one.answers for one in people):
        first = {one.id: one for one in people if one.id in found[0].people}
        assert all(one.answers for one in first.values())


def test_after_a_downtime_the_highest_rung_whose_time_has_passed_is_called() -> None:
    assert step(0) == 10 * MINUTE
    assert step(5 * MINUTE) == 10 * MINUTE
    assert due_rung(0, 4, late=0, each=10) == 1
    assert due_rung(0, 4, late=25, each=10) == 3
    assert due_rung(0, 4, late=1000, each=10) == 4
