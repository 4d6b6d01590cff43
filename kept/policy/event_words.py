"""What is wrong with an event, in the words of whoever wrote it.

Readers of values raise as Python does; here their sentences become ours.
"""

from __future__ import annotations

import re

import msgspec

MISSING = re.compile(r"missing required field `(\w+)`")
CLASH = re.compile(r"Expected `([^`]+)`, got `([^`]+)`(?: - at `\$\.?(?:by\.)?([^`]*)`)?")
KINDS = {
    "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "null": "null", "array": "a list", "object": "a mapping",
}  # fmt: skip


def told(problem: Exception) -> str:
    """Return a sentence about a value that could not be read."""
    said = str(problem)
    if isinstance(problem, msgspec.ValidationError):
        if missing := MISSING.search(said):
            return f"`{missing[1]}` is missing"
        if clash := CLASH.match(said):
            wanted = [KINDS.get(one, one) for one in clash[1].split(" | ") if one != "null"]
            key = clash[3] or "the event"
            return f"`{key}` takes {' or '.join(wanted)}, not {KINDS.get(clash[2], clash[2])}"
    if isinstance(problem, KeyError):
        return f"`{said.strip(chr(39))}` is missing"
    if isinstance(problem, ArithmeticError | TypeError | AttributeError):
        return "a value that cannot be read"
    return said
