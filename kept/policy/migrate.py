"""A new version and what it does to running commitments: pin, rebase or strictest (section 7).

Old misses stay. A pinned commitment finishes under the version it began with, but its calendar
is the present one: a holiday added later moves a future due (R10).
"""

from __future__ import annotations

import msgspec

from kept.policy.calendars import add_open
from kept.policy.clocks import begin, cap, halt, moved, pauses_of
from kept.policy.facts import PolicyChanged
from kept.policy.plans import Plan
from kept.policy.rules import OnChange, Policy
from kept.policy.run import Run
from kept.policy.state import Commitment
from kept.policy.words import HOUR, Instant, Verdict


def change(run: Run, fact: PolicyChanged) -> None:
    """Take in that the ticket runs under another version from here on."""
    if fact.policy_hash in run.versions:
        switch(run, with_earlier(run.versions[fact.policy_hash], *run.versions.values()))


def with_earlier(policy: Policy, *others: Policy) -> Policy:
    """Return the policy knowing other versions by hash, theirs included."""
    known = dict(policy.earlier)
    for other in others:
        known |= {other.hash: other} | other.earlier
    known.pop(policy.hash, None)
    if known == policy.earlier:
        return policy
    return msgspec.structs.replace(policy, earlier=known)


def switch(run: Run, policy: Policy) -> None:
    """Put a run under another version, and each running commitment under what that asks."""
    run.adopt(policy)
    for clock, plan in list(run.open.values()):
        if plan is None or plan.policy_hash == policy.hash:
            continue
        fresh = run.program.by_key.get(plan.key)
        if fresh is not None and fresh.kind is plan.kind:
            _carry_over(run, clock, plan, fresh)
    for key in list(run.memory.waiting):
        if key not in run.program.by_key:
            del run.memory.waiting[key]
    run.memory.policy_hash = policy.hash


def _carry_over(run: Run, clock: Commitment, plan: Plan, fresh: Plan) -> None:
    if clock.verdict is not Verdict.PENDING:
        return
    match fresh.rule.on_change:
        case OnChange.PIN:
            if fresh.calendar != plan.calendar and fresh.target == plan.target:
                _recount(run, clock, fresh, "calendar")
        case OnChange.REBASE:
            _recount(run, clock, fresh, "rebased", soften=True)
        case OnChange.STRICTEST:
            _take_earlier(run, clock, plan, fresh)


def _recount(run: Run, clock: Commitment, fresh: Plan, why: str, *, soften: bool = False) -> None:
    """Count a clock again from its original start, pauses included, under another rule."""
    before, past = clock.due_at, clock.due_at is not None and clock.due_at <= run.now
    standing = clock.paused_for
    _bind(run, clock, fresh)
    clock.used, clock.days, clock.left, clock.capped = 0, 0, None, False
    begin(clock, fresh, pauses_of(run, fresh, clock.started_at))
    if soften and not past and clock.due_at is not None and clock.due_at <= run.now:
        cap(clock, fresh, at=run.now, due_at=_softened(fresh, run.now))
    if clock.due_at != before and not fresh.fires:
        moved(run, clock, why)
    if standing:
        halt(clock, fresh, run.now)


def _softened(fresh: Plan, at: Instant) -> Instant:
    """Return the due of a clock that a new version would have missed before it was in force."""
    probe = Commitment(
        id="", rule=0, name="", kind=fresh.kind, because=fresh.because, started_at=at
    )
    begin(probe, fresh, ())
    from_hour = add_open(fresh.calendar, at, HOUR) or at + HOUR
    return min(probe.due_at, from_hour) if probe.due_at is not None else from_hour


def _take_earlier(run: Run, clock: Commitment, plan: Plan, fresh: Plan) -> None:
    probe = msgspec.structs.replace(clock, used=0, days=0, left=None, capped=False, paused_for=())
    begin(probe, fresh, pauses_of(run, fresh, clock.started_at))
    running = clock.due_at is not None and not clock.paused_for
    if probe.due_at is None or not running or clock.due_at is None:
        return
    if probe.due_at < clock.due_at:
        _bind(run, clock, fresh)
        cap(clock, fresh, at=run.now, due_at=probe.due_at)
        moved(run, clock, "strictest")


def _bind(run: Run, clock: Commitment, fresh: Plan) -> None:
    clock.rule, clock.policy_hash = fresh.index, fresh.policy_hash
    clock.because, clock.order = fresh.because, fresh.order
    run.open[clock.id] = (clock, fresh)
    run.timed[clock.id] = clock
