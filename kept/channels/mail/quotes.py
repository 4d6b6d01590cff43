"""Quotes: what is new in a reply, and what only repeats the mail before. Nothing is thrown away.

`fold` parts the lines of a text in two; each line is in one of them. Each line is looked at a
constant number of times, whatever it holds. Words of mail programs are in `quote_words`.
"""

import re

import msgspec

from kept.channels.mail.quote_words import (
    DIVIDER,
    FORWARD,
    FORWARDED_SUBJECT,
    FROM_LABEL,
    OTHER_LABEL,
    SENT_FROM,
)

LONGEST_TEXT = 1_000_000
_WIDEST_LINE = 300
_SHORT_QUOTE = 3
"""So many quoted lines above an answer are its context and stay in view."""

_ADDRESS = re.compile(r"[^\s<>]@[^\s<>]")
_NAMES_A_TIME = re.compile(r"\d{4}|\d{1,2}[:.٫]\d{2}|\d.*@|@.*\d")
_ATTRIBUTION_END = re.compile(r"[:：]\s*\Z")
_PGP_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"


class Folded(msgspec.Struct, frozen=True):
    """The words that are new, and all that follows them: quotation and signature."""

    fresh: str
    quoted: str


def fold(text: str, *, subject: str = "") -> Folded:
    """Part a mail's text into what is new and what is quotation or signature.

    Answers written between quoted lines stay in view, and so does everything when nothing
    else would: a forwarded mail is the message itself.
    """
    lines = text.split("\n")
    cut = _quotation(lines, is_forward=bool(FORWARDED_SUBJECT.match(subject)))
    if cut is None:
        return Folded(text.strip("\n"), "")
    cut = _signature(lines[:cut])
    start = _leading_quotes(lines, cut)
    fresh = "\n".join(lines[start:cut]).rstrip()
    if not fresh.strip():
        return Folded(text.strip("\n"), "")
    quoted = "\n".join([*lines[:start], *lines[cut:]])
    return Folded(fresh.lstrip("\n") if start else fresh, quoted.strip("\n"))


def _quotation(lines: list[str], *, is_forward: bool) -> int | None:
    """Return where a divider, a quoted header or the closing run of quoted lines begins.

    None means that the mail is a forwarded one.
    """
    for place, line in enumerate(lines):
        shown = line[:_WIDEST_LINE]
        if FORWARD.match(shown):
            return None
        is_header = _is_header_block(lines, place)
        if is_header or (DIVIDER.fullmatch(shown) and _header_follows(lines, place + 1)):
            return None if is_forward else place
        if _is_bare_attribution(lines, place):
            return place
    return _trailing_quotes(lines)


def _header_follows(lines: list[str], place: int) -> bool:
    near = [other for other in range(place, place + 4) if lines[other : other + 1] != [""]]
    return any(_is_header_block(lines, other) for other in near[:2])


def _is_header_block(lines: list[str], place: int) -> bool:
    """Tell whether a quoted header begins here: From or Sent, and at least two more fields."""
    near = [line[:_WIDEST_LINE] for line in lines[place : place + 6]]
    if not near or not (FROM_LABEL.match(near[0]) or OTHER_LABEL.match(near[0])):
        return False
    others = sum(1 for line in near if OTHER_LABEL.match(line))
    return others >= 2 and any(FROM_LABEL.match(line) for line in near)


def _attribution(lines: list[str], end: int) -> int:
    """Return where `On <date>, <name> wrote:` above line `end` begins, or `end`.

    Every language writes a date and a name or an address and ends in a colon.
    """
    while end and not lines[end - 1].strip():
        end -= 1
    if not end or not _ATTRIBUTION_END.search(lines[end - 1][-80:]):
        return end
    joined = ""
    for place in range(end - 1, max(-1, end - 4), -1):
        line = lines[place][:_WIDEST_LINE]
        if not line.strip() or line.startswith(">"):
            break
        joined = line + joined
        if _NAMES_A_TIME.search(joined) and _begins_attribution(lines, place):
            return place
    return end


def _begins_attribution(lines: list[str], place: int) -> bool:
    """Tell whether the line above is a blank, a quoted or the text's first one."""
    return place == 0 or not lines[place - 1].strip() or lines[place - 1].startswith(">")


def _is_bare_attribution(lines: list[str], place: int) -> bool:
    """Tell of an attribution, indented and with an address, whose quotation bears no marks."""
    line = lines[place][:_WIDEST_LINE]
    if not line.startswith("    ") or not _ATTRIBUTION_END.search(line):
        return False
    has_digit = any(letter.isdigit() for letter in line)
    return has_digit and bool(_ADDRESS.search(line)) and not lines[place - 1].strip()


def _trailing_quotes(lines: list[str]) -> int:
    """Return where the run of quoted and blank lines that closes the text begins."""
    end = _signature(lines)
    start = end
    for place in range(end - 1, -1, -1):
        line = lines[place]
        if line.startswith(">"):
            start = place
        elif line.strip():
            break
    return len(lines) if start == end else _attribution(lines, start)


def _leading_quotes(lines: list[str], cut: int) -> int:
    """Return where the answer begins below one quotation that opens the text, else 0."""
    quoted = [place for place in range(cut) if lines[place].startswith(">")]
    if not quoted or any(lines[place].strip() for place in range(_attribution(lines, quoted[0]))):
        return 0
    run = lines[quoted[0] : quoted[-1] + 1]
    has_gaps = any(line.strip() and not line.startswith(">") for line in run)
    has_name = any(lines[place].strip() for place in range(quoted[0]))
    if has_gaps or (not has_name and len(quoted) <= _SHORT_QUOTE):
        return 0
    return quoted[-1] + 1


def _signature(lines: list[str]) -> int:
    """Return where the signature begins: `-- `, or a telephone's own line at the end."""
    for place in range(len(lines) - 1, max(-1, len(lines) - 41), -1):
        if lines[place] in ("-- ", "--") or lines[place].startswith(_PGP_SIGNATURE):
            return place
    for place in range(len(lines) - 1, max(-1, len(lines) - 6), -1):
        if SENT_FROM.match(lines[place][:_WIDEST_LINE]):
            return place
    return len(lines)
