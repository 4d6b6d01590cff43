"""Measure, print one table: `python -m bench [NAME ...] [--json]`."""

import argparse
import sys
from collections.abc import Callable, Iterator

from bench import core, intake, one_port, searching, volume
from bench.figures import Figure, as_json, line, machine

GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "due": core.due,
    "replay": core.replays,
    "compile": core.compiling,
    "intake": intake.intake,
    "queue": volume.queue,
    "search": searching.searching,
    "pages": one_port.pages,
    "clocks": volume.clocks,
}

ON_REQUEST: dict[str, Callable[[], Iterator[Figure]]] = {"ways": one_port.ways}
"""Comparisons that decided something once; not part of the whole run."""


def main() -> int:
    """Run the groups asked for, or all; 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *GROUPS, *ON_REQUEST], metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    asked = parser.parse_args()
    figures = []
    told = sys.stderr if asked.json else sys.stdout
    print(machine(), file=told)
    for name in asked.names or GROUPS:
        for figure in (GROUPS | ON_REQUEST)[name]():
            figures.append(figure)
            print(line(figure), file=told, flush=True)
    print(machine(), file=told)
    if asked.json:
        print(as_json(figures))
    return int(any(each.is_met is False for each in figures))


if __name__ == "__main__":
    sys.exit(main())
