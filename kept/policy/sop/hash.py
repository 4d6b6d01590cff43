"""The canonical form of a policy and its sha256 (SOP language, section 7).

Rules, declarations and the words of clauses count; the lines they stand in, blank lines and test
blocks do not, nor what holds its default. Calendars count as declared: what zone data made of
them is a version of its own.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import msgspec

from kept.policy.calendars import Calendar
from kept.policy.rules import Condition, Policy
from kept.policy.words import Because

LEFT_OUT = frozenset(
    {"line", "hash", "tests", "earlier", "tzdata", "test", "tree", "order", "fact", "facts"}
)


def canonical(policy: Policy) -> bytes:
    """Return the policy as JSON with sorted keys and nothing that does not bind."""
    return msgspec.json.encode(_plain(policy), order="sorted")


def policy_hash(policy: Policy) -> str:
    """Return the sha256 of the canonical form."""
    return hashlib.sha256(canonical(policy)).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Because):
        return [value.clause, value.rule]
    if isinstance(value, Condition):
        return [value.source, _plain(value.tree)]
    if isinstance(value, Calendar):
        return [value.zone, value.source]
    if isinstance(value, msgspec.Struct):
        kept = {
            name: _plain(held)
            for name, default in _binding(type(value))
            if (held := getattr(value, name)) != default
        }
        tag = value.__struct_config__.tag
        return kept | {"kind": tag} if tag is not None else kept
    return value


@cache
def _binding(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Return the fields that bind, with their defaults.

    What holds its default is left out, so that a field which a later version of the program adds
    gives no stored policy another hash. For the same reason a default never changes.
    """
    return tuple(
        (field.name, _default(field))
        for field in msgspec.structs.fields(kind)
        if field.name not in LEFT_OUT
    )


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default
