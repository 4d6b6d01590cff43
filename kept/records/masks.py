"""Masks: how a covered particular is written, so that it can be recognised and not used.

Whoever reads past a mask is decided by kept/policy/rights; here are only the forms.
"""

import re

DOTS = "•••"
_MAIL = re.compile(r"([^\s<>@\"',;]{1,64})@([^\s<>@\"',;]{1,255})")
_NUMBER = re.compile(r"\+?\d[\d ()./-]{5,}\d")


def masked(value: str) -> str:
    """Return a value covered: of an address the domain stays, of a number its last two digits."""
    if _MAIL.fullmatch(value.strip()) or _NUMBER.fullmatch(value.strip()):
        return hidden(value)
    return DOTS if value else ""


def hidden(text: str) -> str:
    """Return a text with every address and telephone number in it covered."""
    return _NUMBER.sub(lambda found: f"{DOTS} {found[0][-2:]}", _MAIL.sub(_mail, text))


def _mail(found: re.Match[str]) -> str:
    return f"{found[1][0]}{DOTS}@{found[2]}"
