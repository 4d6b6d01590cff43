"""The long run: `python -m tests.simulation --seeds 100000`, or `--seed N` for one life."""

import argparse
import sys

from tests.simulation.invariants import check


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, help="repeat this one")
    chosen = parser.parse_args()
    if chosen.seed is not None:
        check(chosen.seed)
        print(f"seed {chosen.seed}: every invariant holds")
        return 0
    for seed in range(chosen.start, chosen.start + chosen.seeds):
        try:
            check(seed)
        except Exception as problem:
            print(f"seed {seed}: {problem}\nrepeat: python -m tests.simulation --seed {seed}")
            return 1
        if sys.stdout.isatty() and seed % 500 == 0:
            print(f"\r{seed - chosen.start} lives", end="", flush=True)
    print(f"{chosen.seeds} lives: every invariant holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
