"""Comparing what `kept sop show` prints with a key written by hand from the source document.

Everything in the key must be told, in its order; a figure that the key leaves open must not be
made up; what is told beyond the key is not looked at.
"""

from collections.abc import Iterator
from typing import Any


def differences(key: Any, told: Any, where: str = "") -> Iterator[str]:
    """Yield what is told otherwise than the key has it."""
    if isinstance(key, dict):
        if not isinstance(told, dict):
            yield f"{where}: expected a mapping, told {told!r}"
            return
        for name, value in key.items():
            yield from differences(value, told.get(name), f"{where}.{name}" if where else name)
    elif isinstance(key, list):
        yield from _list_differences(key, told, where)
    elif key is None:
        if told is not None:
            yield f"{where}: the document states none, told {told!r}"
    elif key != told:
        yield f"{where}: expected {key!r}, told {told!r}"


def _list_differences(key: list[Any], told: Any, where: str) -> Iterator[str]:
    if not isinstance(told, list):
        yield f"{where}: expected a list, told {told!r}"
        return
    for place, value in enumerate(key):
        if place < len(told):
            yield from differences(value, told[place], f"{where}[{place}]")
        else:
            yield f"{where}[{place}]: {value!r} is not told"
    for extra in told[len(key) :]:
        yield f"{where}: told beyond the key: {extra!r}"
