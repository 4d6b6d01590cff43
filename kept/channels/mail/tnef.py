"""winmail.dat: Outlook's own packing, opened within limits. What cannot be opened stays a file."""

import struct

import msgspec
from tnefparse import TNEF  # type: ignore[import-untyped]  # it ships no types

from kept.channels.mail.charsets import decode

LARGEST = 30_000_000
MOST_FILES = 50
MOST_RECORDS = 2_000
DAMAGED = (ValueError, LookupError, TypeError, AttributeError, struct.error, OverflowError,
           AssertionError, RecursionError, NameError)  # fmt: skip
"""What the library raises on damaged files; it promises no error of its own."""

_HEAD, _AROUND = 6, 11


class Unpacked(msgspec.Struct, frozen=True):
    """The words and the files of a winmail.dat."""

    text: str
    html: str
    files: tuple[tuple[str, bytes], ...]


def unpack(octets: bytes) -> Unpacked | None:
    """Return what a winmail.dat holds, or None where it cannot be read."""
    if len(octets) > LARGEST or not _is_whole(octets):
        return None
    try:
        opened = TNEF(octets, do_checksum=False)
        files = tuple(
            (str(found.long_filename() or found.name or ""), bytes(found.data or b""))
            for found in opened.attachments[:MOST_FILES]
        )
        text, html = _text(opened.body), _text(opened.htmlbody)
    except DAMAGED:
        return None
    return Unpacked(text, html, files) if text or html or files else None


def _is_whole(octets: bytes) -> bool:
    """Tell whether the records, by their lengths, fill the file and are not too many."""
    count, place = 0, _HEAD
    while place + _AROUND <= len(octets) and count <= MOST_RECORDS:
        place += int.from_bytes(octets[place + 5 : place + 9], "little") + _AROUND
        count += 1
    return place <= len(octets) < place + _AROUND


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return decode(value.rstrip(b"\0"), None)
    return str(value or "")
