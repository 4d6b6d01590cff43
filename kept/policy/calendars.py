"""Calendars: which instants are open, and working-time arithmetic over them (R1-R4).

A calendar is lowered once to sorted, merged, half-open UTC segments with prefix sums, so a
due time is two binary searches. `24x7` is no calendar at all: None where one is asked for.
"""

from kept.policy.words import Frozen, Instant, Micros


class Calendar(Frozen, frozen=True, kw_only=True):
    """Open time from `first` to `last` (exclusive), both UTC microseconds.

    `opens[i]`..`closes[i]` are the segments; `open_before[i]` is the open time before segment i.
    Working days are local dates with open time: `day_closes[j]` is the last close of the j-th
    such date and `day_numbers[j]` its proleptic ordinal; `offsets` maps an instant to its local
    date (transition instants and UTC offsets in seconds).
    """

    name: str
    first: Instant
    last: Instant
    opens: tuple[Instant, ...]
    closes: tuple[Instant, ...]
    open_before: tuple[Micros, ...]
    day_numbers: tuple[int, ...] = ()
    day_closes: tuple[Instant, ...] = ()
    transitions: tuple[Instant, ...] = ()
    offsets: tuple[int, ...] = ()
    zone: str = "UTC"
    holidays: tuple[tuple[int, str], ...] = ()
    """(proleptic ordinal of the local date, name) of each holiday, for explanations."""
    source: dict[str, object] = {}
