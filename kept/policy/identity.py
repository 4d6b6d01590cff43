"""Identity: how an SOP lets a customer be checked, and what it wants beside.

The document names the methods where it guards the event `verified`. An account that it keeps
covered may ask for a step beside the first check: that is the second factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kept.policy.rights import account_gate
from kept.policy.rules import GateRule, Policy, ReactionRule, StepRule
from kept.policy.vocabulary import known_words, words_in
from kept.policy.words import Frozen, Value

FAILED = "verification_failed"


class WayKind(StrEnum):
    """What the desk can do to check who somebody is."""

    EMAIL_CODE = "email_code"
    CALL_BACK = "call_back"
    PIN = "pin"
    AUTHENTICATOR = "authenticator"


_SIGNS = (
    (WayKind.AUTHENTICATOR, ("two-factor", "two factor", "authenticator", "totp", "2fa")),
    (WayKind.PIN, ("pin", "passphrase")),
    (WayKind.CALL_BACK, ("phone", "call", "telephone")),
    (WayKind.EMAIL_CODE, ("email", "e-mail", "mail", "code")),
)
_OURS = {
    WayKind.EMAIL_CODE: "email address",
    WayKind.CALL_BACK: "phone number",
    WayKind.PIN: "account PIN",
    WayKind.AUTHENTICATOR: "two-factor",
}


class Way(Frozen, frozen=True, kw_only=True):
    """One way to check an identity; `word` is what the fact calls it."""

    kind: WayKind
    word: str


def ways(policy: Policy) -> tuple[Way, ...]:
    """Return the ways that the document allows; ours where it names none."""
    words = known_words(policy, "method")
    named = [(kind_of(word), word) for word in words]
    found: dict[WayKind, str] = {}
    for kind, word in named:
        if kind is not None:
            found.setdefault(kind, word)
    return tuple(Way(kind=kind, word=word) for kind, word in (found or _OURS).items())


def kind_of(word: str) -> WayKind | None:
    """Return which check a method's word means, None for one only people can judge."""
    told = word.lower()
    return next((kind for kind, signs in _SIGNS if any(_has(told, sign) for sign in signs)), None)


def method_clause(policy: Policy) -> str:
    """Return the clause that asks how an identity was checked, empty where none does."""
    gates = (r for r in policy.rules if isinstance(r, GateRule) and r.name == "verified")
    return next((gate.because.clause for gate in gates), "")


def second_step(policy: Policy, facts: Mapping[str, Value]) -> str:
    """Return the step that the account waits for beside the first check, empty for none."""
    gate = account_gate(policy, facts)
    if gate is None or gate.needs is None or not is_known(facts):
        return ""
    done = facts.get("steps_done") or ()
    assert isinstance(done, tuple | list)
    steps = {rule.name for rule in policy.rules if isinstance(rule, StepRule)}
    wanted = (name for name in words_in(gate.needs, "steps_done") if name in steps)
    return next((name for name in wanted if name not in done), "")


def is_known(facts: Mapping[str, Value]) -> bool:
    """Say whether the customer passed a check on this ticket."""
    return facts.get("verified") is True


def reacts_to_failure(policy: Policy) -> bool:
    """Say whether the document answers a failed check by a reaction to an event of its own."""
    return any(isinstance(rule, ReactionRule) and FAILED in rule.on for rule in policy.rules)


def _has(told: str, sign: str) -> bool:
    return (
        sign in told.replace("-", " ").split()
        or (" " in sign and sign in told)
        or ("-" in sign and sign in told)
    )
