"""MIME structure: the octets of a mail as a tree of parts, in linear time and within limits.

Only a header beyond all measure makes a mail unreadable; too deep or too many parts are left
whole, as one opaque part, and told as a problem.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kept.channels.mail.headers import lenient_base64, parameters

DEEPEST = 20
MOST_PARTS = 400
LONGEST_HEADER = 1_000_000
MOST_FIELDS = 2_000

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|$)")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_AFTER_MARK = re.compile(rb"(--)?[ \t]*(?:\r\n|\r|\n|$)")
_TOKEN = re.compile(rb"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")


class Unreadable(Exception):
    """The octets cannot be read as a mail within the limits; the reason is fit to show."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its header fields in order (names lower-case, values unfolded), its octets."""

    fields: tuple[tuple[str, bytes], ...]
    octets: bytes
    content_type: str
    type_parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    parts: tuple["Part", ...] = ()

    def first(self, name: str) -> bytes:
        """Return the first value of a field, or nothing."""
        return next((value for key, value in self.fields if key == name), b"")

    def every(self, name: str) -> list[bytes]:
        """Return all values of a field, top first."""
        return [value for key, value in self.fields if key == name]

    def content(self) -> bytes:
        """Return the octets with the transfer encoding undone, as far as it can be."""
        encoding = self.first("content-transfer-encoding").strip().lower()
        if encoding == b"base64":
            return lenient_base64(self.octets)
        if encoding == b"quoted-printable":
            # Servers on the way may pad lines; without this a padded soft break is none.
            lines = self.octets.splitlines(keepends=True)
            return binascii.a2b_qp(b"".join(map(_unpadded, lines)))
        if encoding in (b"x-uuencode", b"uuencode", b"x-uue"):
            return _uudecode(self.octets)
        return self.octets

    def walk(self) -> Iterator["Part"]:
        """Give this part and all below, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()


class Tree:
    """Reads one mail; counts its parts; keeps what had to be left as it was."""

    def __init__(self) -> None:
        self.count = 0
        self.problems: list[str] = []

    def read(self, raw: bytes, *, depth: int = 0, default_type: str = "text/plain") -> Part:
        """Return the part that `raw` is, with all parts below it."""
        self.count += 1
        fields, body = split_header(raw)
        content_type, type_parameters = _type_of(fields, default_type)
        value = next((v for k, v in fields if k == "content-disposition"), b"")
        disposition, disposition_parameters = parameters(value) if value else ("", {})
        part_list: tuple[Part, ...] = ()
        boundary = type_parameters.get("boundary", "")
        if content_type.startswith("multipart/") and boundary:
            part_list = self._below(body, boundary, content_type, depth)
        return Part(
            fields=fields,
            octets=b"" if part_list else body,
            content_type=content_type,
            type_parameters=type_parameters,
            disposition=disposition,
            disposition_parameters=disposition_parameters,
            parts=part_list,
        )

    def _below(
        self, body: bytes, boundary: str, content_type: str, depth: int
    ) -> tuple[Part, ...]:
        if depth >= DEEPEST:
            self._tell("some parts lie too deep and were left as they came")
            return ()
        default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        found: list[Part] = []
        for piece in _pieces(body, boundary):
            if self.count >= MOST_PARTS:
                self._tell("the message has too many parts; the rest was left as it came")
                break
            found.append(self.read(piece, depth=depth + 1, default_type=default))
        return tuple(found)

    def _tell(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _type_of(fields: tuple[tuple[str, bytes], ...], default: str) -> tuple[str, dict[str, str]]:
    value = next((v for k, v in fields if k == "content-type"), b"")
    if not value:
        return default, {}
    name, found = parameters(value)
    if _TOKEN.fullmatch(name.encode("latin-1", "replace")):
        return name, found
    return "text/plain" if name.startswith("text") else "application/octet-stream", found


def split_header(raw: bytes) -> tuple[tuple[tuple[str, bytes], ...], bytes]:
    """Return the header fields, unfolded, and the octets after them."""
    fields: list[tuple[str, bytes]] = []
    pieces: list[bytes] = []
    place = 0
    while place < len(raw):
        match = _LINE.match(raw, place)
        end = match.end() if match else len(raw)
        line = raw[place:end].rstrip(b"\r\n")
        if end > LONGEST_HEADER or len(fields) > MOST_FIELDS:
            raise Unreadable("The header of the message is longer than any mail needs.")
        if not line:
            return _finished(fields, pieces), raw[end:]
        if line[:1] in b" \t" and pieces:
            pieces.append(b" " + line.strip())
        elif named := _FIELD.match(line):
            _finish(fields, pieces)
            pieces = [named[1].lower(), named[2].strip()]
        elif fields or pieces or not line.startswith((b"From ", b">From ")):
            return _finished(fields, pieces), raw[place:]
        place = end
    return _finished(fields, pieces), b""


def _finish(fields: list[tuple[str, bytes]], pieces: list[bytes]) -> None:
    if pieces:
        fields.append((pieces[0].decode("ascii"), b"".join(pieces[1:]).strip()))


def _finished(
    fields: list[tuple[str, bytes]], pieces: list[bytes]
) -> tuple[tuple[str, bytes], ...]:
    _finish(fields, pieces)
    return tuple(fields)


def _pieces(body: bytes, boundary: str) -> Iterator[bytes]:
    """Give the octets between the boundary lines; an unclosed last part counts too."""
    start: int | None = None
    for opens, match in _boundary_lines(body, b"--" + boundary.encode("utf-8", "replace")):
        if start is not None:
            yield body[start:opens]
        if match[1]:
            return
        start = match.end()
    if start is not None and start < len(body):
        yield body[start:]


def _boundary_lines(body: bytes, mark: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Give each line that is the boundary: where the break before it begins, and its end."""
    place = body.find(mark)
    while place >= 0:
        match = _AFTER_MARK.match(body, place + len(mark))
        if match and (place == 0 or body[place - 1] in b"\r\n"):
            before = body[max(0, place - 2) : place]
            width = 2 if before == b"\r\n" else len(before[-1:])
            yield place - width, match
        place = body.find(mark, place + len(mark))


def _unpadded(line: bytes) -> bytes:
    words = line.rstrip()
    return words + line[len(line.rstrip(b"\r\n")) :] if words != line else line


def _uudecode(octets: bytes) -> bytes:
    decoded = bytearray()
    begun = False
    for line in octets.splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
        elif line.strip() in (b"end", b"`", b""):
            break
        else:
            try:
                decoded += binascii.a2b_uu(line)
            except binascii.Error:
                continue
    return bytes(decoded)
