"""Names of files that came by mail: shown to people, never used as a path."""

import re
import unicodedata

LONGEST = 150

_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_INVISIBLE = {"Cf", "Cc", "Cs", "Co", "Zl", "Zp"}


def shown_name(name: str, otherwise: str) -> str:
    """Return a name without folders, control or direction marks, and of bearable length."""
    last = re.split(r"[\\/]", name)[-1]
    visible = "".join(c for c in last if unicodedata.category(c) not in _INVISIBLE)
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", visible)).strip(" .")
    if not plain:
        return otherwise
    if len(plain) <= LONGEST:
        return plain
    stem, dot, ending = plain.rpartition(".")
    if dot and 0 < len(ending) <= 10:
        return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"
    return plain[:LONGEST]
