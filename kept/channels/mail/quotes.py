"""Quotes: what is new in a reply, and what only repeats the mail before. Nothing is thrown away.

`fold` cuts the text in two; joined again they are the whole. Each line is looked at a constant
number of times, whatever it holds.
"""

import re

import msgspec

LONGEST_TEXT = 1_000_000
_WIDEST_LINE = 300

_ATTRIBUTION_START = re.compile(
    r"(On|Am|Le|El|Em|Il|Op|Den|Dnia|W dniu|Dne|No dia|Pe|Tarihinde|В|\d{1,4}[./年-]\d)", re.I
)
_ATTRIBUTION_END = re.compile(
    r"(wrote|schrieb.*|a écrit|escribió|escreveu|ha scritto|schreef.*|skrev.*|napisał.*|napsal.*"
    r"|пише.*|пишет|писал.*|написал.*|yazdı|a scris|:?\s*のメール|さんは書きました)\s*:\s*$",
    re.I,
)
_DIVIDER = re.compile(
    r"\s*(-{2,}\s*(original message|original-nachricht|ursprüngliche nachricht|message d'origine"
    r"|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht"
    r"|исходное сообщение|元のメッセージ|original appointment)\s*-{2,}|_{20,})\s*",
    re.I,
)
_HEADER_LINE = re.compile(
    r"\s*\*?(from|von|de|da|van|fra|från|от кого|от|差出人|od)\s*:\*?\s*\S", re.I
)
_HEADER_NEXT = re.compile(
    r"\s*\*?(sent|gesendet|envoyé|enviado( el)?|inviato|verzonden|sendt|skickat|отправлено|дата"
    r"|送信日時|date|datum|to|an|à|para|a|aan|til|till|кому|宛先|subject|betreff|objet|asunto|cc"
    r"|assunto|oggetto|onderwerp|emne|ämne|тема|件名|wysłano|do|temat)\s*:",
    re.I,
)
_FORWARD = re.compile(
    r"\s*(-{2,}\s*forwarded message|begin forwarded message|-{2,}\s*weitergeleitete nachricht"
    r"|-{2,}\s*message transféré|-{2,}\s*пересылаемое сообщение)",
    re.I,
)
_SENT_FROM = re.compile(
    r"\s*(sent from my |sent via |get outlook for |sent from (yahoo |outlook|mail for )"
    r"|von meinem .{1,30} gesendet|envoyé de mon |enviado desde mi |отправлено с )",
    re.I,
)


class Folded(msgspec.Struct, frozen=True):
    """The words that are new, and all that follows them: quotation and signature."""

    fresh: str
    quoted: str


def fold(text: str) -> Folded:
    """Split a mail's text where its new part ends.

    Answers written between quoted lines stay in view, and so does everything when nothing
    else would: a forwarded mail is the message itself.
    """
    lines = text.split("\n")
    cut = min(_quotation(lines), _signature(lines))
    fresh = "\n".join(lines[:cut]).rstrip()
    if not fresh.strip():
        return Folded(text.strip("\n"), "")
    return Folded(fresh, "\n".join(lines[cut:]).strip("\n"))


def _quotation(lines: list[str]) -> int:
    """Return where a divider, a quoted header or the closing run of quoted lines begins."""
    for place, line in enumerate(lines):
        shown = line[:_WIDEST_LINE]
        if _FORWARD.match(shown):
            return len(lines)
        if _DIVIDER.fullmatch(shown) and _header_follows(lines, place + 1):
            return place
        if _HEADER_LINE.match(shown) and _is_header_block(lines, place):
            return place
    return _trailing_quotes(lines)


def _header_follows(lines: list[str], place: int) -> bool:
    near = [line[:_WIDEST_LINE] for line in lines[place : place + 4] if line.strip()]
    return any(_HEADER_LINE.match(line) for line in near[:2])


def _is_header_block(lines: list[str], place: int) -> bool:
    near = [line[:_WIDEST_LINE] for line in lines[place + 1 : place + 6]]
    return sum(1 for line in near if _HEADER_NEXT.match(line)) >= 2


def _is_attribution(lines: list[str], place: int) -> bool:
    """Tell whether `On <date>, <name> wrote:` starts here, on up to three lines."""
    if not _ATTRIBUTION_START.match(lines[place][:_WIDEST_LINE].lstrip()):
        return False
    joined = ""
    for line in lines[place : place + 3]:
        if not line.strip() or line.startswith(">"):
            return False
        joined += " " + line[:_WIDEST_LINE].strip()
        if _ATTRIBUTION_END.search(joined[-80:]):
            return any(letter.isdigit() for letter in joined) or "@" in joined
    return False


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
    if start == end:
        return len(lines)
    return _before_attribution(lines, start)


def _before_attribution(lines: list[str], start: int) -> int:
    for place in range(max(0, start - 4), start):
        if _is_attribution(lines, place):
            return place
    return start


def _signature(lines: list[str]) -> int:
    """Return where the signature begins: `-- `, or a telephone's own line at the end."""
    for place in range(len(lines) - 1, max(-1, len(lines) - 41), -1):
        if lines[place] in ("-- ", "--"):
            return place
    for place in range(len(lines) - 1, max(-1, len(lines) - 6), -1):
        if _SENT_FROM.match(lines[place][:_WIDEST_LINE]):
            return place
    return len(lines)
