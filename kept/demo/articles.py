"""What the demo's desks wrote down: articles by those who work there, published by a lead."""

from datetime import datetime
from importlib import resources

import msgspec

from kept.demo.stories import duration
from kept.records.queries import demo as queries
from kept.services import article_use, articles, solving
from kept.services.article_wording import Wording


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One article; `ago` is when it was published, `draft` that it was not."""

    title: str
    body: str
    ago: str
    kind: str = "solution"
    audience: str = "internal"
    by: str = "amira"
    clauses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    review_days: int = 180
    draft: bool = False
    solved: tuple[str, ...] = ()
    """Subjects of tickets that it solved."""
    votes: dict[str, str] = {}
    """Person -> `useful` or `not`, and a word why."""


class Book(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    articles: tuple[Told, ...]
    missed: dict[str, int] = {}
    """Words that were looked for in vain, and how often."""


def write_down(desk: str, ids: dict[str, int], *, now: datetime) -> int:
    """Write a desk's articles; return how many there are."""
    text = resources.files("kept.demo").joinpath("articles", f"{desk}.yaml").read_bytes()
    book = msgspec.yaml.decode(text, type=Book)
    for told in book.articles:
        _write(desk, told, ids, now)
    number = queries.desk_number(desk)
    for words, times in book.missed.items():
        for _ in range(times):
            article_use.note_miss(number, words, at=now)
    return len(book.articles)


def _write(desk: str, told: Told, ids: dict[str, int], now: datetime) -> None:
    by, at = ids[told.by], now - duration(told.ago)
    wording = Wording(
        title=told.title, body=told.body, kind=told.kind, audience=told.audience, tags=told.tags,
        clauses=told.clauses, review_days=told.review_days, owner=by,
    )  # fmt: skip
    number = articles.write(wording, by=by, at=at, desk=desk)
    if told.draft:
        articles.submit(number, by=by, at=at)
        return
    articles.publish(number, by=ids["bo"], at=at)
    for subject in told.solved:
        ticket = queries.ticket_about(desk, subject)
        if ticket is not None:
            solving.solved_by(ticket, number, by=by, at=now)
    for person, word in told.votes.items():
        vote, _, why = word.partition(" ")
        article_use.vote(number, by=ids[person], at=now, is_useful=vote == "useful", why=why)
