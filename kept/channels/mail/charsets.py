"""Charsets: bytes of any declared, wrong or unknown charset become clean text, always.

A wrong label must never lose a message: what cannot be decoded is shown with replacement marks.
"""

import codecs
import re

ALIASES = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "windows-874": "cp874",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-user-defined": "windows-1252",
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "ansi_x3.4-1968": "windows-1252",
}
"""What mail programs mean by these names, where the letter of the name loses characters."""

NOT_FOR_TEXT = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs"}
OFTEN_MISLABELLED = {"windows-1252", "cp1252"}
JAPANESE_TRIES = ("iso2022_jp", "iso2022_jp_2004", "iso2022_jp_ext")

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+")


def decode(octets: bytes, charset: str | None) -> str:
    """Return the text that `octets` most probably mean; never raise."""
    name = (charset or "").strip().strip("\"'").lower()
    if _looks_japanese(octets, name):
        return clean(_first_that_fits(octets, JAPANESE_TRIES, "iso2022_jp_ext"))
    codec = _codec(ALIASES.get(name, name))
    if codec is None or codec in OFTEN_MISLABELLED:
        return clean(_first_that_fits(octets, ("utf-8",), "windows-1252"))
    if codec == "utf-8":
        return clean(_first_that_fits(octets.removeprefix(codecs.BOM_UTF8), ("utf-8",), "utf-8"))
    return clean(_first_that_fits(octets, (codec, "utf-8"), codec))


def clean(text: str) -> str:
    """Return text that PostgreSQL takes: no NUL, no lone surrogates, newlines as \\n."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub(_visible, text)


def one_line(text: str) -> str:
    """Return `text` as one line without control characters: fit for a header or a list."""
    return _BREAKS.sub(" ", text).strip()


def _visible(match: re.Match[str]) -> str:
    return "\ufffd" if match.group() >= "\ud800" else ""


def _looks_japanese(octets: bytes, name: str) -> bool:
    if name.startswith("iso-2022-jp"):
        return True
    return name in ("", "us-ascii") and (b"\x1b$B" in octets or b"\x1b$@" in octets)


def _codec(name: str) -> str | None:
    """Return the name of a codec that makes text of bytes, or None for any other."""
    if not name or name in NOT_FOR_TEXT or not name.isascii() or len(name) > 40:
        return None
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except (LookupError, ValueError):
        return None
    return None if found.name in NOT_FOR_TEXT else found.name


def _first_that_fits(octets: bytes, names: tuple[str, ...], otherwise: str) -> str:
    for name in names:
        try:
            return octets.decode(name)
        except (UnicodeError, LookupError):
            continue
    return octets.decode(otherwise, "replace")
