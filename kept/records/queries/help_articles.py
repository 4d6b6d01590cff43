"""What everybody may read: published, public articles of a desk. Nobody is asked who they are."""

from datetime import datetime
from typing import Any

from django.db import connection

from kept.records.queries.articles import (
    BEGIN,
    END,
    HITS,
    IN_ITS_LANGUAGE,
    PLAIN,
    QUERY,
    Marked,
    marked,
)
from kept.records.queries.views import View

PAGE = 50


class HelpDesk(View, frozen=True, kw_only=True):
    id: int
    slug: str
    name: str


class HelpLine(View, frozen=True, kw_only=True):
    id: int
    title: Marked
    extract: Marked


class HelpArticle(View, frozen=True, kw_only=True):
    id: int
    title: str
    body: str
    language: str
    changed_at: datetime
    desk: HelpDesk


def help_desk(slug: str) -> HelpDesk | None:
    """Return a desk that has something to read for everybody, else None."""
    rows = _rows(
        """
        SELECT d.id, d.slug, d.name FROM desk d WHERE d.slug = %(desk)s
          AND EXISTS (SELECT 1 FROM article a WHERE a.desk_id = d.id AND a.state = 'published'
                      AND a.audience = 'public')
        """,
        desk=slug,
    )
    return HelpDesk(id=rows[0][0], slug=rows[0][1], name=rows[0][2]) if rows else None


def help_article(slug: str, number: int) -> HelpArticle | None:
    """Return an article as everybody reads it, None unless it is published and public."""
    rows = _rows(
        """
        SELECT a.id, a.title, a.body, a.language, a.changed_at, d.id, d.slug, d.name
        FROM article a JOIN desk d ON d.id = a.desk_id
        WHERE a.id = %(article)s AND d.slug = %(desk)s AND a.state = 'published'
          AND a.audience = 'public'
        """,
        article=number, desk=slug,
    )  # fmt: skip
    if not rows:
        return None
    row = rows[0]
    return HelpArticle(
        id=row[0],
        title=row[1],
        body=row[2],
        language=row[3],
        changed_at=row[4],
        desk=HelpDesk(id=row[5], slug=row[6], name=row[7]),
    )


def help_articles(desk: HelpDesk, words: str = "") -> tuple[HelpLine, ...]:
    """Return a desk's public articles that hold the words, else all by title."""
    statement = _FOUND if words.strip() else _ALL
    return tuple(
        HelpLine(id=row[0], title=marked(row[1]), extract=marked(row[2]))
        for row in _rows(statement, desk=desk.id, words=words.strip()[:400], hits=HITS, limit=PAGE)
    )


def help_picture(slug: str, number: int, token: str) -> tuple[str, bytes] | None:
    """Return a picture that a public article shows; another's, or an unused one, is not there."""
    rows = _rows(
        """
        SELECT p.content_type, p.body FROM article_picture p JOIN article a ON a.id = p.article_id
        JOIN desk d ON d.id = a.desk_id
        WHERE p.token = %(token)s AND a.id = %(article)s AND d.slug = %(desk)s
          AND a.state = 'published' AND a.audience = 'public'
          AND strpos(a.body, 'picture:' || p.token) > 0
        """,
        token=token[:60], article=number, desk=slug,
    )  # fmt: skip
    return (rows[0][0], bytes(rows[0][1])) if rows else None


_ALL = """
SELECT a.id, a.title, '' FROM article a WHERE a.desk_id = %(desk)s AND a.state = 'published'
  AND a.audience = 'public' ORDER BY plain_words(a.title), a.id LIMIT %(limit)s
"""
_MARKS = f"StartSel={BEGIN}, StopSel={END}"
_FOUND = f"""
WITH q AS MATERIALIZED (SELECT {QUERY} AS words, {PLAIN} AS plain), hit AS (
  SELECT a.id, ts_rank(a.words, q.words, 1)
         + 0.3 * COALESCE(word_similarity(q.plain, plain_words(a.title)), 0) AS rank
  FROM article a, q
  WHERE a.desk_id = %(desk)s AND a.state = 'published' AND a.audience = 'public'
    AND (({IN_ITS_LANGUAGE}) OR q.plain <%% plain_words(a.title))
  ORDER BY a.id DESC LIMIT %(hits)s
)
SELECT a.id,
  ts_headline(words_of_language(a.language), a.title, q.words, '{_MARKS}, HighlightAll=true'),
  ts_headline(words_of_language(a.language), left(a.body, 20000), q.words,
              '{_MARKS}, MaxFragments=2, MaxWords=24, MinWords=8')
FROM hit JOIN article a ON a.id = hit.id, q ORDER BY hit.rank DESC, a.id DESC LIMIT %(limit)s
"""


def _rows(statement: str, **named: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return list(cursor.fetchall())
