"""What is owed, in the words of the desk that owes it: one place for every page."""

from functools import lru_cache

from kept.policy.titles import Titles, deed, titles
from kept.records.compiled import policy_by_hash
from kept.records.queries.views import DeskView


@lru_cache(maxsize=64)
def titles_of(policy_hash: str) -> Titles:
    """Return the titles of a stored policy; it never changes under its hash."""
    return titles(policy_by_hash(policy_hash))


def deed_of(name: str, desk: DeskView | None = None) -> str:
    """Return what must be done, as the desk's SOP says it."""
    return deed(name, titles_of(desk.policy_hash) if desk and desk.policy_hash else None)


def sentence(words: str) -> str:
    """Return words with a capital to begin with, the others as they are."""
    return words[:1].upper() + words[1:]
