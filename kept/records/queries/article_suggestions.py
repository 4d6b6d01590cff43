"""Articles that may help with a text: the rarer a shared word on the desk, the more it counts.

Each word of the text is looked up by itself (`article_word`) and only so many of its articles are
read, so that words that are everywhere cost no more than rare ones.
"""

from typing import Any

from django.db import connection

from kept.records.queries.articles import MEMBER
from kept.records.queries.views import View

SHOWN = 5
MOST_WORDS = 14
A_WORD = 80
"""So many articles of one word are read; a word that more have is no sign of anything."""


class SuggestedArticle(View, frozen=True, kw_only=True):
    """An article that shares words with what is being written."""

    id: int
    title: str
    audience: str
    kind: str
    begins: str
    desk: str


def for_ticket(agent: int, ticket: int, typed: str = "") -> tuple[SuggestedArticle, ...]:
    """Return articles of the ticket's desk for its own words, or for those being written."""
    return _found(
        f"""
        SELECT t.desk_id, left(t.subject, 300) AS title, left(CASE
          WHEN %(typed)s <> '' THEN %(typed)s ELSE COALESCE((
            SELECT left(m.text, 1500) FROM message m WHERE m.ticket_id = t.id
            AND m.direction = 'in' ORDER BY m.id LIMIT 1), '') END, 1500) AS body
        FROM ticket t WHERE t.id = %(ticket)s AND {MEMBER.format(desk="t.desk_id")}
        """,
        "TRUE", agent=agent, ticket=ticket, typed=typed.replace("\0", "")[:1500],
    )  # fmt: skip


def for_text(desk: str, typed: str) -> tuple[SuggestedArticle, ...]:
    """Return published public articles for what a customer is writing; open to everybody."""
    return _found(
        "SELECT d.id AS desk_id, left(%(typed)s, 200) AS title, %(typed)s AS body"
        " FROM desk d WHERE d.slug = %(desk)s",
        "w.is_public", desk=desk, typed=typed.replace("\0", "")[:1500],
    )  # fmt: skip


def _found(this: str, seen: str, **named: Any) -> tuple[SuggestedArticle, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            _SUGGESTED.format(this=this, seen=seen),
            {
                **named,
                "most": MOST_WORDS,
                "word": A_WORD,
                "shown": SHOWN,
            },
        )
        return tuple(
            SuggestedArticle(
                id=row[0], title=row[1], audience=row[2], kind=row[3], begins=row[4], desk=row[5]
            )
            for row in cursor.fetchall()
        )


# The lexemes of the text in every language that the desk writes in: those of the subject first,
# then the longer ones, which tell more.
_SUGGESTED = """
WITH RECURSIVE this AS MATERIALIZED ({this}), spoken AS (
  -- From one language to the next of its index, however many articles each has.
  SELECT (SELECT min(a.language) FROM article a
          WHERE a.desk_id = this.desk_id AND a.state = 'published') AS language FROM this
  UNION ALL
  SELECT (SELECT min(a.language) FROM article a WHERE a.desk_id = this.desk_id
          AND a.state = 'published' AND a.language > spoken.language)
  FROM spoken, this WHERE spoken.language IS NOT NULL
), word AS MATERIALIZED (
  SELECT lexeme, max(weight) AS weight FROM (
    SELECT u.lexeme, CASE WHEN 'A' = ANY(u.weights) THEN 2.0 ELSE 1.0 END AS weight
    FROM this, spoken, unnest(article_words(spoken.language, this.title, this.body)) AS u
    WHERE spoken.language IS NOT NULL
      AND length(u.lexeme) BETWEEN 3 AND 100 AND u.lexeme !~ '^[0-9.]+$'
  ) every GROUP BY lexeme ORDER BY max(weight) DESC, length(lexeme) DESC, lexeme LIMIT %(most)s
), found AS (
  SELECT hit.article_id AS id, word.weight, hit.in_title,
         count(*) OVER (PARTITION BY word.lexeme) AS articles
  FROM this, word, LATERAL (
    SELECT w.article_id, w.in_title FROM article_word w
    WHERE w.desk_id = this.desk_id AND w.lexeme = word.lexeme AND {seen}
    ORDER BY w.article_id DESC LIMIT %(word)s
  ) hit
), best AS (
  SELECT id, sum(weight * CASE WHEN in_title THEN 3.0 ELSE 1.0 END / (1 + ln(articles))) AS score
  FROM found GROUP BY id HAVING count(*) > 1 OR bool_or(in_title)
  ORDER BY score DESC, id DESC LIMIT %(shown)s
)
SELECT a.id, a.title, a.audience, a.kind, left(a.body, 3000), d.slug
FROM best JOIN article a ON a.id = best.id JOIN desk d ON d.id = a.desk_id
ORDER BY best.score DESC, a.id DESC
"""
