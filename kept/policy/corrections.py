"""Verdicts as known and as corrected: one history when a calendar turns out wrong (R10).

A correction changes no verdict of the past; it is shown beside it. The versions that a ticket
ran under stay, each with the corrected calendars in place of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from kept.policy.calendars import Calendar
from kept.policy.engine import replay
from kept.policy.facts import Fact
from kept.policy.rules import Policy
from kept.policy.state import Commitment
from kept.policy.words import Frozen, Instant, Verdict


class Standing(Frozen, frozen=True, kw_only=True):
    """How a commitment stands under one reading of the calendar."""

    due_at: Instant | None
    verdict: Verdict
    missed_at: Instant | None = None
    late_open: int = 0


class Revision(Frozen, frozen=True, kw_only=True):
    """One commitment that the corrected calendar judges otherwise, or owes at another time.

    Either side is None where only the other reading has the commitment.
    """

    commitment: str
    clause: str
    name: str
    as_known: Standing | None
    as_corrected: Standing | None

    @property
    def is_reversed(self) -> bool:
        """Whether the verdict is another one, not the due alone."""
        known = self.as_known.verdict if self.as_known else None
        corrected = self.as_corrected.verdict if self.as_corrected else None
        return known is not corrected


def revisions(
    policy: Policy,
    calendars: Mapping[str, Calendar],
    facts: Iterable[Fact],
    *,
    until: Instant | None = None,
) -> tuple[Revision, ...]:
    """Return what corrected calendars change about one ticket's history, in the order of start.

    `policy` knows every version that the history names; a calendar that is not given stays.
    """
    history = tuple(facts)
    known = replay(policy, history, until=until).state.commitments
    corrected = replay(with_calendars(policy, calendars), history, until=until).state.commitments
    found = (_revision(known.get(key), corrected.get(key)) for key in {**known, **corrected})
    return tuple(each for each in found if each is not None)


def with_calendars(policy: Policy, calendars: Mapping[str, Calendar]) -> Policy:
    """Return the policy, and every earlier version it knows, with corrected calendars."""
    kept = {name: calendars.get(name, own) for name, own in policy.calendars.items()}
    earlier = {hash_: with_calendars(each, calendars) for hash_, each in policy.earlier.items()}
    return msgspec.structs.replace(policy, calendars=kept, earlier=earlier)


def _revision(known: Commitment | None, corrected: Commitment | None) -> Revision | None:
    before, after = _standing(known), _standing(corrected)
    if before == after:
        return None
    named = known or corrected
    assert named is not None
    return Revision(
        commitment=named.id, clause=named.because.clause, name=named.name, as_known=before,
        as_corrected=after,
    )  # fmt: skip


def _standing(commitment: Commitment | None) -> Standing | None:
    if commitment is None:
        return None
    return Standing(
        due_at=commitment.due_at, verdict=commitment.verdict, missed_at=commitment.missed_at,
        late_open=commitment.late_open,
    )  # fmt: skip
