"""The filter language: what an address, a saved view, the API and the search box all speak.

A filter is a handful of named terms. What a name may be is listed here; anything else is a
problem in words, never a fault and never SQL. Times may be relative, so that a saved view stays
true: `due_before=+4h`, `updated_before=-7d`, `opened_after=today`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from kept.records.queries.views import QueueFilter

VIEWS = (
    "mine", "all", "unowned", "at_risk", "missed", "waiting", "following", "mentions", "snoozed",
    "resolved", "closed",
)  # fmt: skip
ORDERS = ("due", "opened", "updated")
WORDS = ("desk", "level", "severity", "team", "status", "channel", "type", "topic", "tag")
"""Terms that hold one word of the desk or several, with commas between."""
MOMENTS = (
    "due_before", "due_after", "opened_before", "opened_after", "updated_before", "updated_after",
)  # fmt: skip
STANDINGS = ("open", "followed", "snoozed", "mentioned", "unread", "missed", "at_risk")
STATUSES = (
    "new", "open", "waiting", "resolved", "closed", "closed_unconfirmed", "merged", "spam", "any",
)  # fmt: skip
WAITS = ("customer", "third_party", "nobody")
NAMES = (
    *WORDS, "owner", "customer", "waiting", "missed", "is", *MOMENTS, "order", "words",
)  # fmt: skip
MOST_VALUES = 10
LONGEST_VALUE = 60
LONGEST_WORDS = 200
_RELATIVE = re.compile(r"([+-]?)([0-9]{1,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WORD = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_TERM = re.compile(r'([a-z][a-z_-]{1,15}):("[^"]*"|[^\s"]+)')
ALIASES = {
    "before": "opened_before", "after": "opened_after", "due-before": "due_before",
    "due-after": "due_after", "updated-before": "updated_before",
    "updated-after": "updated_after", "state": "status",
}  # fmt: skip


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A filter as it was understood, and a sentence for each term that was not."""

    filter: QueueFilter
    problems: tuple[str, ...] = ()


def read_filter(given: Mapping[str, str], *, view: str = "") -> Asked:
    """Return the filter that named terms ask for; what is not understood is left out and told."""
    terms: dict[str, str] = {}
    problems: list[str] = []
    for name in NAMES:
        told = given.get(name, "").replace("\x00", "").strip()
        if not told:
            continue
        problem = _problem(name, told)
        if problem:
            problems.append(problem)
        else:
            terms[name] = told
    wanted = given.get("view", "") or view
    if wanted and wanted not in VIEWS:
        problems.append(f"There is no view named {_shown(wanted)}.")
        wanted = ""
    if not wanted:
        wanted = "all" if terms else "mine"
    return Asked(filter=QueueFilter(view=wanted, **_attributes(terms)), problems=tuple(problems))


def read_text(written: str) -> tuple[dict[str, str], str]:
    """Return the terms in a line such as `severity:P1 is:open printer`, and its other words."""
    terms: dict[str, str] = {}

    def take(found: re.Match[str]) -> str:
        name = ALIASES.get(found[1], found[1])
        if name not in NAMES and name not in ("view", "from"):
            return found[0]
        value = found[2].strip('"')
        terms[name] = f"{terms[name]},{value}" if name in terms and name in WORDS else value
        return " "

    rest = _TERM.sub(take, written.replace("\x00", " "))
    return terms, " ".join(rest.split())


def terms_of(wanted: QueueFilter) -> dict[str, str]:
    """Return the terms of a filter as an address writes them, the view left out."""
    found = {}
    for name in NAMES:
        value = getattr(wanted, _attribute(name))
        if value and not (name == "order" and value == "due"):
            found[name] = str(value)
    return found


def values_of(told: str) -> list[str]:
    """Return the words of a term that may hold several."""
    return [one.strip() for one in told.split(",") if one.strip()]


def moment_of(told: str, *, at: datetime, zone: str = "UTC") -> datetime:
    """Return the instant a term means now; `told` has passed `read_filter`."""
    local = at.astimezone(ZoneInfo(zone))
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match told:
        case "now":
            return at
        case "today":
            return today.astimezone(UTC)
        case "tomorrow":
            return (today.replace(tzinfo=None) + timedelta(days=1)).replace(
                tzinfo=local.tzinfo
            ).astimezone(UTC)  # fmt: skip
    relative = _RELATIVE.fullmatch(told)
    if relative:
        span = timedelta(**{_UNITS[relative[3]]: int(relative[2])})
        return at - span if relative[1] == "-" else at + span
    found = datetime.fromisoformat(told)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _problem(name: str, told: str) -> str:
    """Return what is wrong with one term, empty where nothing is."""
    if name == "words":
        return "" if len(told) <= LONGEST_WORDS else "The words to look for are too many."
    choices = {"is": STANDINGS, "waiting": WAITS, "order": ORDERS, "status": STATUSES}.get(name)
    if choices is not None:
        known = all(one in choices for one in values_of(told)) and bool(values_of(told))
        single = name in ("waiting", "order") and "," in told
        return "" if known and not single else f"{name} is one of: {', '.join(choices)}."
    if name in WORDS:
        values = values_of(told)
        fits = 0 < len(values) <= MOST_VALUES and all(_WORD.fullmatch(one) for one in values)
        return "" if fits else f"{name} needs at most {MOST_VALUES} short words."
    if name in MOMENTS:
        return "" if _is_moment(told) else f"{name} needs a day, an instant or a span like +4h."
    if name == "owner":
        return (
            "" if told in ("me", "none") or _is_number(told) else "owner is me, none or a number."
        )
    if name == "customer":
        return "" if _is_number(told) else "customer is a number."
    return "" if _WORD.fullmatch(told) or len(told) <= 200 else f"{name} is too long."


def _is_moment(told: str) -> bool:
    if told in ("now", "today", "tomorrow") or _RELATIVE.fullmatch(told):
        return True
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return False
    return 1971 <= found.year <= 2199


def _is_number(told: str) -> bool:
    return told.isascii() and told.isdigit() and len(told) < 18


def _attributes(terms: Mapping[str, str]) -> dict[str, str]:
    return {_attribute(name): value for name, value in terms.items()}


def _attribute(name: str) -> str:
    return "standing" if name == "is" else name


def _shown(told: str) -> str:
    return _first(told.split(), "that")[:40]


def _first(words: Iterable[str], otherwise: str) -> str:
    return next(iter(words), otherwise)
