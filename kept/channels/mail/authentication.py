"""Whether the sender's domain vouches for From: Authentication-Results (RFC 8601) of our server.

A mail server writes its field above all that came with the mail. So only the topmost field
counts for a sender, and only where it bears the name of a server in the settings; the rest may
be the sender's own words and is left aside. A failure counts whoever tells it.
"""

import re
from collections.abc import Sequence

from kept.channels.mail.parsed import ParsedMail

UNNAMED = "-"
"""The setting's word for a server that writes its results without its name."""

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]+)", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?:header\.d|header\.i|smtp\.mailfrom|header\.from)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE
)


def vouched(mail: ParsedMail, servers: Sequence[str]) -> bool | None:
    """Return True when From is proved, False when it is refuted, None when nobody was asked."""
    if mail.many_from:
        return False
    verdicts = [_verdict(field, mail.author.address, servers) for field in mail.authentication]
    if False in verdicts:
        return False
    return True if True in verdicts[:1] else None


def _verdict(field: str, author: str, servers: Sequence[str]) -> bool | None:
    """Return what one field says of the author."""
    bare = _COMMENT.sub(" ", field)
    server, _, rest = bare.partition(";")
    name = next(iter(server.split()), "").lower()
    if "=" in name:
        name, rest = UNNAMED, bare
    is_ours = name in {each.lower() for each in servers}
    results: dict[str, set[str]] = {}
    aligned: set[str] = set()
    for clause in rest.split(";"):
        match = _RESULT.search(clause)
        if match is None:
            continue
        method, result = match[1].lower(), match[2].lower()
        results.setdefault(method, set()).add(result)
        if result == "pass" and _is_aligned(clause, author):
            aligned.add(method)
    if results.get("dmarc", set()) & {"fail", "permerror"}:
        return False
    if not is_ours:
        return None
    if "pass" in results.get("dmarc", set()) or aligned & {"dkim", "spf"}:
        return True
    asked = {result for found in results.values() for result in found}
    return False if asked & {"fail", "softfail", "permerror"} else None


def _is_aligned(clause: str, author: str) -> bool:
    """Tell whether a passed domain is the author's own (strict alignment)."""
    domain = author.rpartition("@")[2]
    named = [found.rpartition("@")[2].lower() for found in _DOMAIN.findall(clause)]
    return bool(domain) and domain in named[:1]
