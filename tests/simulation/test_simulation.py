"""Two thousand seeded lives hold every invariant of the engine."""

import os

import pytest

from tests.simulation.invariants import check

LIVES = int(os.environ.get("KEPT_SIMULATED_LIVES", "2000"))
BATCH = 250


@pytest.mark.parametrize("first", range(0, LIVES, BATCH))
def test_every_invariant_holds_in_every_life(first: int) -> None:
    for seed in range(first, first + BATCH):
        try:
            check(seed)
        except Exception as problem:
            raise AssertionError(
                f"seed {seed}: {problem} (repeat: python -m tests.simulation --seed {seed})"
            ) from problem
