"""Take personal text out of a fact before it is judged: what stays is what the SOP heard.

The policy judges exactly what the journal holds, so replaying the journal decides the same even
after every text was erased.
"""

from functools import lru_cache

import msgspec

from kept.policy import Policy
from kept.policy.conditions import phrases_in, phrases_of
from kept.policy.facts import CustomerReplied, Fact, TicketCreated
from kept.policy.words import Value
from kept.records.compiled import policy_by_hash

TYPED = frozenset({"bool", "yes_no", "count", "number", "money", "date", "time", "choice", "list",
                   "score"})  # fmt: skip
FREE_TEXT = "given"
"""What a fact says of a free text: that there is one."""


def heard(policy: Policy, fact: Fact) -> Fact:
    """Return the fact without personal text; phrases of the SOP found in it are kept."""
    changes: dict[str, object] = {}
    if isinstance(fact, TicketCreated | CustomerReplied) and fact.phrases is None:
        changes |= {"phrases": phrases_in(fact.text, _listened(policy.hash)), "text": ""}
    fields = {key: _erasable(policy, key, value) for key, value in fact.fields.items()}
    if fields != fact.fields:
        changes["fields"] = fields
    return msgspec.structs.replace(fact, **changes) if changes else fact


@lru_cache(maxsize=64)
def _listened(policy_hash: str) -> frozenset[str]:
    """Return every phrase that some rule of the policy listens for."""
    found: set[str] = set()
    for rule in policy_by_hash(policy_hash).rules:
        for name in ("when", "unless", "needs", "fee_when"):
            found |= phrases_of(getattr(rule, name, None))
    return frozenset(found)


def _erasable(policy: Policy, key: str, value: Value) -> Value:
    declared = policy.fields.get(key)
    if declared is not None and declared.type not in TYPED and isinstance(value, str):
        return FREE_TEXT
    return value
