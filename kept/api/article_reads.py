"""Reads of a desk's knowledge: its articles by words, and one of them as it was published."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from kept.api import asked, told
from kept.api.calls import Call, Route
from kept.records.queries.article import article
from kept.records.queries.articles import ArticleFilter, articles
from kept.records.queries.desks import desk_of
from kept.services.errors import NotFound


class ArticleQuery(asked.Asked, frozen=True, kw_only=True):
    """Published articles of a desk. `cursor` is how many were read before."""

    desk: asked.Word
    q: Annotated[str, Meta(max_length=200)] = ""
    kind: Literal["", "solution", "procedure", "practice", "training", "policy"] = ""
    clause: Annotated[str, Meta(max_length=200)] = ""
    cursor: Annotated[int, Meta(ge=0, le=10_000)] = 0
    limit: asked.Limit = 50


class ArticleRow(told.Told, frozen=True, kw_only=True):
    """An article in a list; `changed_clauses` read otherwise since it was last looked through."""

    id: int
    title: str
    kind: str
    audience: str
    language: str
    owner: str | None
    clauses: tuple[str, ...]
    changed_clauses: tuple[str, ...]
    tags: tuple[str, ...]
    changed_at: datetime
    review_due_at: datetime | None
    useful: int
    not_useful: int
    solved: int


class Articles(told.Told, frozen=True, kw_only=True):
    """The best hits, or the newest first; `next_cursor` is null on the last page."""

    articles: tuple[ArticleRow, ...]
    next_cursor: int | None


class ArticleTold(ArticleRow, frozen=True, kw_only=True):
    """One article as its desk reads it. `body` is Markdown; `reads` counts both doors."""

    desk: str
    state: str
    version: int
    body: str
    reads: int


def _list(call: Call) -> Articles:
    query: ArticleQuery = call.query
    desk = desk_of(call.holder.agent, query.desk)
    if desk is None:
        raise NotFound("There is no such desk.")
    wanted = ArticleFilter(words=query.q, kind=query.kind, clause=query.clause)
    page = articles(
        call.holder.agent, desk.id, wanted, at=call.at, after=query.cursor, limit=query.limit
    )
    rows = tuple(
        ArticleRow(
            id=one.id, title="".join(part for part, _ in one.title), kind=one.kind,
            audience=one.audience, language=one.language, owner=one.owner, clauses=one.clauses,
            changed_clauses=one.changed_clauses, tags=one.tags, changed_at=one.changed_at,
            review_due_at=one.review_due_at, useful=one.useful, not_useful=one.not_useful,
            solved=one.solved,
        )
        for one in page.lines
    )  # fmt: skip
    return Articles(articles=rows, next_cursor=query.cursor + len(rows) if page.has_more else None)


def _one(call: Call) -> ArticleTold:
    view = article(call.holder.agent, call.number)
    if view is None:
        raise NotFound("There is no such article.")
    text = view.text
    return ArticleTold(
        id=view.id, desk=view.desk, state=view.state, version=view.version, title=text.title,
        body=text.body, kind=text.kind, audience=text.audience, language=text.language,
        owner=view.owner, clauses=text.clauses, changed_clauses=view.changed_clauses,
        tags=text.tags, changed_at=view.changed_at, review_due_at=view.review_due_at,
        useful=view.useful, not_useful=view.not_useful, solved=view.solved,
        reads=view.reads + view.public_reads,
    )  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/articles", name="list_articles", scope="read", tag="knowledge",
          says="The articles of a desk, by the words in them.", run=_list, query=ArticleQuery,
          answer=Articles),
    Route(method="GET", path="/articles/{number}", name="get_article", scope="read",
          tag="knowledge", says="One article.", run=_one, answer=ArticleTold),
)  # fmt: skip
