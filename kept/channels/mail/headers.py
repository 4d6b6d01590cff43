"""Headers: what the octets of a mail's header fields mean. Linear in their length, never raises.

Structure is read before encoded words are decoded, so that no decoded text can become an
address, a separator or another field.
"""

import base64
import binascii
import re

import msgspec

from kept.channels.mail.charsets import clean, decode, one_line

LONGEST_VALUE = 65_536
MOST_ADDRESSES = 500

_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,8000})\?=")
_WORD_TEXT = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]{0,8000}\?=")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@<>()\[\],;:\"\\/]{1,253}")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")
_HEX = re.compile(rb"%([0-9A-Fa-f]{2})")


class Mailbox(msgspec.Struct, frozen=True):
    """One name and address. The address is lower-case and plain, or empty when it is none.

    `exact` keeps the letters as they came: a reply token differs from its upper-cased copy.
    """

    name: str = ""
    address: str = ""
    exact: str = ""


def words(octets: bytes, charset: str = "") -> str:
    """Decode one header value with its encoded words (RFC 2047) to one clean line.

    `charset` is the mail's own, for octets that stand in the header without any.
    """
    octets = octets[:LONGEST_VALUE]
    pieces: list[tuple[str | None, bytes]] = []
    place = 0
    for match in _WORD.finditer(octets):
        between = octets[place : match.start()]
        follows_word = bool(pieces) and pieces[-1][0] is not None
        if between and not (follows_word and not between.strip()):
            pieces.append((None, between))
        named = match[1].split(b"*")[0].decode("ascii", "replace").lower()
        _add(pieces, named, _word_octets(match[2], match[3]))
        place = match.end()
    pieces.append((None, octets[place:]))
    return one_line(
        "".join(
            _unnamed(part, charset) if named is None else decode(part, named)
            for named, part in pieces
        )
    )


def _unnamed(octets: bytes, charset: str) -> str:
    """Decode octets that name no charset: UTF-8 where they are, else the mail's own."""
    try:
        return octets.decode("utf-8") if b"\x1b" not in octets else decode(octets, None)
    except UnicodeDecodeError:
        return decode(octets, charset or None)


def _add(pieces: list[tuple[str | None, bytes]], charset: str, octets: bytes) -> None:
    """Join words of one charset: many programs cut a character between two words."""
    if pieces and pieces[-1][0] == charset:
        pieces[-1] = (charset, pieces[-1][1] + octets)
    else:
        pieces.append((charset, octets))


def _word_octets(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"qQ":
        return binascii.a2b_qp(text.replace(b"_", b" "), header=False)
    return lenient_base64(text)


def lenient_base64(text: bytes) -> bytes:
    """Decode base64; of broken base64 what can be decoded, the longest whole groups."""
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        return _salvaged(text)


def _salvaged(text: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", text)
    whole = len(letters) - (len(letters) % 4 == 1)
    return base64.b64decode(letters[:whole] + b"=" * (-whole % 4))


def parameters(octets: bytes) -> tuple[str, dict[str, str]]:
    """Return the value and the parameters of a Content-Type or -Disposition (RFC 2231 too)."""
    head, *rest = _split_outside_quotes(octets[:LONGEST_VALUE], b";")
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for segment in rest[:200]:
        name, equals, value = segment.partition(b"=")
        key = name.strip().lower().decode("ascii", "replace")
        if not equals or not key:
            continue
        base, number, starred = _rfc2231_name(key)
        if number is None and not starred:
            plain.setdefault(base, words(_unquoted(value)))
        else:
            extended.setdefault(base, {}).setdefault(number or 0, (starred, _unquoted(value)))
    for base, segments in extended.items():
        plain[base] = _joined(segments)
    return one_line(clean(head.decode("latin-1"))).lower(), plain


def _rfc2231_name(key: str) -> tuple[str, int | None, bool]:
    base, *marks = key.split("*")
    numbers = [int(mark) for mark in marks if mark.isascii() and mark.isdigit() and len(mark) < 4]
    return base, (numbers[0] if numbers else None), key.endswith("*")


def _joined(segments: dict[int, tuple[bool, bytes]]) -> str:
    charset, octets = "utf-8", b""
    for place, number in enumerate(sorted(segments)):
        starred, value = segments[number]
        if starred:
            if place == 0 and value.count(b"'") >= 2:
                named, _, value = value.split(b"'", 2)
                charset = named.decode("ascii", "replace") or charset
            value = _HEX.sub(lambda match: bytes([int(match[1], 16)]), value)
        octets += value
    return one_line(decode(octets, charset))


def _split_outside_quotes(octets: bytes, separator: bytes) -> list[bytes]:
    pieces: list[bytes] = []
    start, quoted, skip = 0, False, False
    for place, letter in enumerate(octets):
        if skip:
            skip = False
        elif letter == 0x5C and quoted:
            skip = True
        elif letter == 0x22:
            quoted = not quoted
        elif letter == separator[0] and not quoted:
            pieces.append(octets[start:place])
            start = place + 1
    pieces.append(octets[start:])
    return pieces


def _unquoted(value: bytes) -> bytes:
    value = value.strip()
    if value.startswith(b'"'):
        value = value[1:].removesuffix(b'"')
        return re.sub(rb"\\(.)", rb"\1", value)
    return value


def message_ids(octets: bytes) -> tuple[str, ...]:
    """Return the ids in a Message-ID, In-Reply-To or References field, without brackets."""
    text = one_line(octets[:LONGEST_VALUE].decode("utf-8", "replace"))
    found = tuple(dict.fromkeys(_MESSAGE_ID.findall(text)))
    if found or "@" not in text or " " in text:
        return found
    return (text.strip("<>"),)


def mailboxes(octets: bytes, charset: str = "") -> tuple[Mailbox, ...]:
    """Return the mailboxes of an address field; what is no plain address has none."""
    found: list[Mailbox] = []
    for phrase, angle in _address_pieces(octets[:LONGEST_VALUE].decode("latin-1")):
        name = _phrase_text(phrase, charset) if angle is not None else ""
        given = (angle if angle is not None else phrase).strip()
        given = given.encode("latin-1").decode("utf-8", "replace")
        address = plain_address(given)
        if address or name or angle:
            found.append(Mailbox(name, address, given if address else ""))
        if len(found) >= MOST_ADDRESSES:
            break
    return tuple(found)


def plain_address(text: str) -> str:
    """Return the lower-case address that `text` is as a whole, or nothing."""
    text = text.strip().lower()
    if len(text) > 320 or not _ADDRESS.fullmatch(text) or one_line(text) != text:
        return ""
    local, _, domain = text.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        return ""
    if ".." in domain or domain.startswith(".") or "\ufffd" in local:
        return ""
    return f"{local}@{domain.rstrip('.')}"


def _phrase_text(phrase: str, charset: str) -> str:
    text = phrase.strip()
    if text.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:].removesuffix('"'))
    return words(text.encode("latin-1", "replace"), charset)[:200]


class _Pieces:
    """The state of reading one address field, letter by letter."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str | None]] = []
        self.phrase: list[str] = []
        self.angle: list[str] | None = None
        self.in_angle = self.quoted = False
        self.depth = 0

    def flush(self) -> None:
        phrase = "".join(self.phrase)
        if phrase.strip() or self.angle is not None:
            self.found.append((phrase, None if self.angle is None else "".join(self.angle)))
        self.phrase, self.angle, self.in_angle = [], None, False

    def take(self, letter: str) -> None:
        if self.in_angle and self.angle is not None:
            self.angle.append(letter)
        else:
            self.phrase.append(letter)


def _address_pieces(text: str) -> list[tuple[str, str | None]]:
    """Split an address field into (phrase, what stood in angle brackets)."""
    state, skip, word_end = _Pieces(), False, 0
    for place, letter in enumerate(text):
        if place < word_end or (word_end := _word_end(text, place, state)):
            state.take(letter)
        elif skip or (state.quoted and letter not in '"\\'):
            skip = False
            if not state.depth:
                state.take(letter)
        elif letter == "\\":
            skip = True
            if not state.depth:
                state.take(letter)
        elif letter == "(" or (letter == ")" and state.depth):
            state.depth += 1 if letter == "(" else -1
        elif not state.depth:
            _structural(state, letter)
    state.flush()
    return state.found


def _word_end(text: str, place: int, state: _Pieces) -> int:
    """Return where the encoded word that begins here ends: its commas and colons are words."""
    if text[place] != "=" or state.depth or state.quoted or state.in_angle:
        return 0
    match = _WORD_TEXT.match(text, place)
    return match.end() if match else 0


def _structural(state: _Pieces, letter: str) -> None:
    if letter == '"':
        state.quoted = not state.quoted
        state.take(letter)
    elif letter == "<" and not state.in_angle:
        state.in_angle, state.angle = True, [] if state.angle is None else [*state.angle, "<"]
    elif letter == ">" and state.in_angle:
        state.in_angle = False
    elif letter in ",;" and not state.in_angle:
        state.flush()
    elif letter == ":" and not state.in_angle:
        state.phrase = []
    else:
        state.take(letter)
