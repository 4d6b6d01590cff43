"""Take personal text out of a fact before it is judged: what stays is what the SOP heard.

The policy judges exactly what the journal holds, so replaying the journal decides the same even
after every text was erased.
"""

import msgspec

from kept.policy import Policy, wire
from kept.policy.facts import Fact
from kept.policy.words import Value

FREE_TYPES = frozenset({"text", "long"})
FREE_TEXT = "given"
"""What a fact says of a free text: that there is one."""


def heard(policy: Policy, fact: Fact) -> Fact:
    """Return the fact without personal text; phrases of the SOP found in it are kept."""
    fields = {key: _erasable(policy, key, value) for key, value in fact.fields.items()}
    if fields != fact.fields:
        fact = msgspec.structs.replace(fact, fields=fields)
    return wire.for_journal(policy, fact)


def _erasable(policy: Policy, key: str, value: Value) -> Value:
    declared = policy.fields.get(key)
    if declared is not None and declared.type in FREE_TYPES and isinstance(value, str):
        return FREE_TEXT
    return value
