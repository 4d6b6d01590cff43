"""What somebody writes of an article, checked before it is kept.

A Markdown reader takes a time that grows with the square of some marks; a text with thousands
of them is no article.
"""

from typing import Any

from kept.policy import Policy
from kept.policy.words import Frozen
from kept.services.errors import NotValid
from kept.services.tagging import tag_word
from kept.services.texts import clean, one_line

KINDS = ("solution", "procedure", "practice", "training", "policy")
AUDIENCES = ("internal", "public")
LANGUAGES = ("en", "hi", "kn", "es", "fr", "de", "it", "pt", "nl", "other")
LONGEST = 40_000
LONGEST_TITLE = 200
MOST_MARKS = 3000
MARKS = "[]*_`~<&\\"
MOST_TAGS = 12
MOST_CLAUSES = 20
MOST_WORDS_WHY = 500
LONGEST_REVIEW_DAYS = 1095


class Wording(Frozen, frozen=True, kw_only=True):
    """An article as a form tells it. `owner` None leaves it as it is."""

    title: str
    body: str = ""
    kind: str = "solution"
    audience: str = "internal"
    language: str = "en"
    tags: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    owner: int | None = None
    review_days: int = 180


def checked(policy: Policy, wording: Wording) -> dict[str, Any]:
    """Return the columns of a text; raise NotValid with all that is wrong."""
    title = one_line(wording.title, 1000)
    body = clean(wording.body).replace("\r\n", "\n").strip()
    clauses = tuple(dict.fromkeys(_clause(policy, one) for one in wording.clauses if one.strip()))
    tags = tuple(dict.fromkeys(tag_word(one) for one in wording.tags if one.strip()))
    wrong = [*_too_much(title, body), *_unknown_words(wording)]
    unknown = [one for one in clauses if one not in policy.clauses]
    if unknown:
        wrong.append(f"the handbook has no clause {', '.join(unknown)}")
    if len(tags) > MOST_TAGS or len(clauses) > MOST_CLAUSES:
        wrong.append(f"at most {MOST_TAGS} tags and {MOST_CLAUSES} clauses")
    if wrong:
        raise NotValid(f"Not saved: {'; '.join(wrong)}.")
    return {
        "title": title, "body": body, "kind": wording.kind, "audience": wording.audience,
        "language": wording.language, "tags": list(tags), "clauses": list(clauses),
    }  # fmt: skip


def _too_much(title: str, body: str) -> list[str]:
    wrong = []
    if not title:
        wrong.append("the title is missing")
    elif len(title) > LONGEST_TITLE:
        wrong.append(f"a title has at most {LONGEST_TITLE} characters")
    if not body:
        wrong.append("the text is missing")
    elif len(body) > LONGEST:
        wrong.append(f"a text has at most {LONGEST:,} characters; make two articles of it")
    elif any(body.count(mark) > MOST_MARKS for mark in MARKS):
        wrong.append("the text has thousands of the same mark")
    return wrong


def _unknown_words(wording: Wording) -> list[str]:
    wrong = []
    for told, known, what in (
        (wording.kind, KINDS, "kind"),
        (wording.audience, AUDIENCES, "audience"),
        (wording.language, LANGUAGES, "language"),
    ):
        if told not in known:
            wrong.append(f"the {what} is one of {', '.join(known)}")
    if not 0 <= wording.review_days <= LONGEST_REVIEW_DAYS:
        wrong.append(f"a review comes after 1 to {LONGEST_REVIEW_DAYS} days, 0 is never")
    return wrong


def _clause(policy: Policy, told: str) -> str:
    """Return a clause's whole id; people leave the SOP's own name out."""
    word = told.strip()[:200]
    whole = f"{policy.sop}.{word}"
    return whole if word not in policy.clauses and whole in policy.clauses else word
