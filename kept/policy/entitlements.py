"""Entitlements: what a customer may still claim, by date arithmetic (X15, X16).

The day of purchase is day 0 and the last day ends at 24:00 local time; money is in minor units
and a fee is rounded half up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kept.policy.civil import add_period, begins_at, date_of
from kept.policy.rules import EntitlementRule, Policy
from kept.policy.words import Because, Frozen, Instant, Value


class Entitled(Frozen, frozen=True, kw_only=True):
    """One entitlement on one day.

    `holds` is None where a fact it needs is unknown; those are `missing`. `why` is `within`,
    `over`, `not_yet`, `exception` (a rule that beats it holds), `false` or `unknown`.
    """

    because: Because
    name: str
    holds: bool | None
    why: str
    covers: tuple[str, ...] = ()
    last_day: date | None = None
    ends_at: Instant | None = None
    fee_permille: int = 0
    missing: tuple[str, ...] = ()


def entitlements(
    policy: Policy, fields: Mapping[str, Value], at: Instant, *, claim: str | None = None
) -> tuple[Entitled, ...]:
    """Return every entitlement of the SOP as it stands at an instant.

    With `claim`, only those that cover it. A rule's `when` and `fee_when` read `fields`.
    """
    rules = [rule for rule in policy.rules if isinstance(rule, EntitlementRule)]
    if claim is not None:
        rules = [rule for rule in rules if claim in rule.covers]
    return tuple(_entitled(policy, rule, rules, fields, at) for rule in rules)


def is_entitled(
    policy: Policy, fields: Mapping[str, Value], at: Instant, claim: str
) -> bool | None:
    """Say whether any entitlement covers a claim now; None where that cannot be known yet."""
    found = [each.holds for each in entitlements(policy, fields, at, claim=claim)]
    if True in found:
        return True
    return None if None in found else False


def fee(price: int, permille: int) -> int:
    """Return a share of a price in minor units, rounded half up."""
    return (price * permille + 500) // 1000


def _entitled(
    policy: Policy, rule: EntitlementRule, rules: list[EntitlementRule],
    fields: Mapping[str, Value], at: Instant,
) -> Entitled:  # fmt: skip
    bought = _date(fields.get(rule.from_field))
    last_day = None
    if bought is not None and rule.lasts is not None:
        last_day = add_period(bought, rule.lasts, rounding=rule.round)
    holds, why, missing = _holds(policy, rule, rules, fields, bought, last_day, at)
    charged = rule.fee_when is None or rule.fee_when.test(fields) is True
    return Entitled(
        because=rule.because,
        name=rule.name,
        holds=holds,
        why=why,
        covers=rule.covers,
        last_day=last_day,
        ends_at=_end_of(last_day, policy.zone),
        fee_permille=rule.fee_permille if charged else 0,
        missing=missing,
    )


def _holds(
    policy: Policy, rule: EntitlementRule, rules: list[EntitlementRule],
    fields: Mapping[str, Value], bought: date | None, last_day: date | None, at: Instant,
) -> tuple[bool | None, str, tuple[str, ...]]:  # fmt: skip
    truth = rule.when.test(fields) if rule.when else True
    if truth is False:
        return False, "false", ()
    if any(_beats(other, rule, fields) for other in rules):
        return False, "exception", ()
    if bought is None or last_day is None or truth is None:
        needed = (rule.from_field, *(rule.when.reads if rule.when else ()))
        missing = tuple(field for field in dict.fromkeys(needed) if fields.get(field) is None)
        return None, "unknown", missing
    today = date_of(at, policy.zone)
    if today < bought:
        return False, "not_yet", ()
    return (True, "within", ()) if today <= last_day else (False, "over", ())


def _beats(other: EntitlementRule, rule: EntitlementRule, fields: Mapping[str, Value]) -> bool:
    if rule.because.clause not in other.exception_to:
        return False
    return other.when is None or other.when.test(fields) is True


def _end_of(last_day: date | None, zone: str) -> Instant | None:
    if last_day is None:
        return None
    return begins_at(date.fromordinal(last_day.toordinal() + 1), zone)


def _date(value: Value) -> date | None:
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else None
