"""The desk's articles: listed, searched by words, by the clause they explain.

A search finds words in the article's own language and titles with a slip in them; only the
desk's members find anything that is not published and public. Expressions must stay those of the
indexes.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from kept.policy.sop.diff import diff
from kept.records.compiled import policy_by_hash
from kept.records.queries.views import View

PAGE = 40
HITS = 400
"""So many hits of one kind are ranked, the newest; a word that is everywhere tells nothing."""
MOST_OF_A_CLAUSE = 5
SLIP = 0.5
"""How alike words and a title must be: one letter wrong in a word of nine still is."""
BEGIN, END = "\x02", "\x03"
CONFIGURATIONS = (
    "kept_words", "kept_stems", "words_es", "words_fr", "words_de", "words_it", "words_pt",
    "words_nl", "words_hi",
)  # fmt: skip
"""The search configurations of the migration."""
QUERY = " || ".join(f"websearch_to_tsquery('{one}', %(words)s)" for one in CONFIGURATIONS)
IN_ITS_LANGUAGE = (
    "a.words @@ q.words"
    " AND a.words @@ websearch_to_tsquery(words_of_language(a.language), %(words)s)"
)
"""By the index in any language, then in the article's own: a word left out is left out there."""
PLAIN = """CASE WHEN %(words)s ~ '(^|\\s)-|"' THEN NULL ELSE plain_words(%(words)s) END"""
"""What titles are likened to; nothing where the words say exactly what is wanted."""
MEMBER = """EXISTS (SELECT 1 FROM membership s JOIN agent me ON me.id = s.agent_id
  WHERE s.desk_id = {desk} AND s.agent_id = %(agent)s AND s.ended_at IS NULL AND me.is_active)"""

Marked = tuple[tuple[str, bool], ...]
"""Pieces of a text, and whether each is one of the words that were looked for."""


class ArticleFilter(View, frozen=True, kw_only=True):
    """What a list of articles asks for. `show` is current, drafts, overdue, check or retired."""

    words: str = ""
    kind: str = ""
    clause: str = ""
    owner: int | None = None
    tag: str = ""
    show: str = "current"


class ArticleLine(View, frozen=True, kw_only=True):
    """An article in a list."""

    id: int
    desk: str
    title: Marked
    extract: Marked
    kind: str
    audience: str
    language: str
    state: str
    is_changing: bool
    """Whether a draft waits beside the text that is shown."""
    owner: str | None
    owner_id: int | None
    review_due_at: datetime | None
    changed_at: datetime
    clauses: tuple[str, ...]
    changed_clauses: tuple[str, ...]
    """Clauses that read otherwise since the article was last held against the handbook."""
    tags: tuple[str, ...]
    useful: int
    not_useful: int
    solved: int


class ArticlePage(View, frozen=True, kw_only=True):
    lines: tuple[ArticleLine, ...]
    has_more: bool


def articles(
    agent: int,
    desk: int,
    wanted: ArticleFilter,
    *,
    at: datetime,
    after: int = 0,
    limit: int = PAGE,
) -> ArticlePage:
    """Return one page of a desk's articles, the best hits or the newest first; `after` is how
    many were shown before.
    """
    words = wanted.words.strip()[:400]
    named: dict[str, Any] = {
        "agent": agent, "desk": desk, "words": words, "kind": wanted.kind, "tag": wanted.tag,
        "clause": wanted.clause, "owner": wanted.owner, "at": at, "hits": HITS,
        "after": after, "limit": limit + 1,
        "stale": _stale(desk) if wanted.show == "check" else [],
    }  # fmt: skip
    shows = SHOWS.get(wanted.show, SHOWS["current"])
    statement = (_FOUND if words else _LISTED).format(shows=shows)
    with transaction.atomic(), connection.cursor() as cursor:
        if words:
            cursor.execute(
                "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(SLIP)]
            )
        cursor.execute(statement, named)
        rows = cursor.fetchall()
    lines = tuple(_line(row) for row in rows[:limit])
    return ArticlePage(lines=lines, has_more=len(rows) > limit)


def changed_clauses(clauses: list[str], then: str, now: str) -> tuple[str, ...]:
    """Return those of an article's clauses that read otherwise under another version."""
    if not clauses or not now or then == now:
        return ()
    changed = _changed(then, now)
    return tuple(one for one in clauses if one in changed)


_CHANGED: dict[tuple[str, str], frozenset[str]] = {}


def _changed(then: str, now: str) -> frozenset[str]:
    """Return the clauses that differ between two versions; each pair is compared once."""
    if (then, now) not in _CHANGED:
        if len(_CHANGED) > 200:
            _CHANGED.clear()
        old, new = policy_by_hash(then), policy_by_hash(now)
        differ = {one.clause for one in diff(old, new)}
        differ |= {
            name for name, clause in old.clauses.items()
            if name not in new.clauses or new.clauses[name].text != clause.text
        }  # fmt: skip
        _CHANGED[then, now] = frozenset(differ)
    return _CHANGED[then, now]


def _stale(desk: int) -> list[int]:
    """Return the published articles whose clauses have changed since."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT a.id, a.clauses, a.policy_hash, {_NOW} FROM article a"
            " WHERE a.desk_id = %s AND a.state = 'published' AND a.clauses <> '{}'"
            f" AND a.policy_hash <> {_NOW} LIMIT 5000",
            [desk],
        )
        return [row[0] for row in cursor.fetchall() if changed_clauses(*row[1:])]


class ClauseArticle(View, frozen=True, kw_only=True):
    id: int
    title: str
    kind: str


def by_clause(agent: int, desk: int) -> dict[str, tuple[ClauseArticle, ...]]:
    """Return the published articles that explain each clause of a desk's handbook."""
    found: dict[str, tuple[ClauseArticle, ...]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT clause, a.id, a.title, a.kind FROM article a, unnest(a.clauses) AS clause
            WHERE a.desk_id = %(desk)s AND a.state = 'published' AND a.clauses <> '{{}}'
              AND {MEMBER.format(desk="a.desk_id")}
            ORDER BY a.changed_at DESC LIMIT 3000
            """,
            {"agent": agent, "desk": desk},
        )
        for clause, number, title, kind in cursor.fetchall():
            here = found.get(clause, ())
            if len(here) < MOST_OF_A_CLAUSE:
                found[clause] = (*here, ClauseArticle(id=number, title=title, kind=kind))
    return found


class ArticleCounts(View, frozen=True, kw_only=True):
    """How many articles of a desk stand how, and how many of one's own are to be reviewed."""

    current: int
    drafts: int
    overdue: int
    retired: int
    mine: int


def counts(agent: int, desk: int, *, at: datetime) -> ArticleCounts:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE a.state = 'published'),
                   count(*) FILTER (WHERE a.state <> 'retired' AND d.article_id IS NOT NULL),
                   count(*) FILTER (WHERE a.state = 'published' AND a.review_due_at <= %(at)s),
                   count(*) FILTER (WHERE a.state = 'retired'),
                   count(*) FILTER (WHERE a.state = 'published' AND a.review_due_at <= %(at)s
                                      AND a.owner_id = %(agent)s)
            FROM article a LEFT JOIN article_draft d ON d.article_id = a.id
            WHERE a.desk_id = %(desk)s AND {MEMBER.format(desk="a.desk_id")}
            """,
            {"agent": agent, "desk": desk, "at": at},
        )
        row = cursor.fetchone()
    return ArticleCounts(
        current=row[0], drafts=row[1], overdue=row[2], retired=row[3], mine=row[4]
    )


def marked(text: str) -> Marked:
    """Return a text in pieces at the marks that PostgreSQL put around what was found."""
    pieces: list[tuple[str, bool]] = []
    for number, part in enumerate(text.split(BEGIN)):
        hit, end, rest = part.partition(END)
        if number and end:
            pieces += [(hit, True), (rest, False)]
        else:
            pieces.append((part, False))
    return tuple((piece.replace(END, ""), hit) for piece, hit in pieces if piece)


def _line(row: tuple[Any, ...]) -> ArticleLine:
    return ArticleLine(
        id=row[0], desk=row[1], title=marked(row[2]), extract=marked(row[3] or ""), kind=row[4],
        audience=row[5], language=row[6], state=row[7], is_changing=row[8], owner=row[9],
        owner_id=row[10], review_due_at=row[11], changed_at=row[12], clauses=tuple(row[13]),
        changed_clauses=changed_clauses(row[13], row[14], row[15]), tags=tuple(row[16]),
        useful=row[17], not_useful=row[18], solved=row[19],
    )  # fmt: skip


_NOW = """COALESCE((SELECT p.hash FROM policy_version p WHERE p.desk_id = a.desk_id
  AND p.state = 'active'), '')"""
SHOWS = {
    "current": "a.state = 'published'",
    "drafts": "a.state <> 'retired' AND EXISTS"
    " (SELECT 1 FROM article_draft d WHERE d.article_id = a.id)",
    "overdue": "a.state = 'published' AND a.review_due_at <= %(at)s",
    "check": "a.state = 'published' AND a.id = ANY(%(stale)s)",
    "retired": "a.state = 'retired'",
    "all": "a.state <> 'retired'",
}
_FITS = f"""a.desk_id = %(desk)s AND {{shows}}
  AND {MEMBER.format(desk="a.desk_id")}
  AND (%(kind)s = '' OR a.kind = %(kind)s)
  AND (%(clause)s = '' OR a.clauses @> ARRAY[%(clause)s]::varchar[])
  AND (%(tag)s = '' OR %(tag)s = ANY(a.tags))
  AND (%(owner)s::bigint IS NULL OR a.owner_id = %(owner)s::bigint)"""
_MARKS = f"StartSel={BEGIN}, StopSel={END}"
_COLUMNS = f"""
SELECT a.id, desk.slug, {{title}}, {{extract}}, a.kind, a.audience, a.language, a.state,
       EXISTS (SELECT 1 FROM article_draft d WHERE d.article_id = a.id),
       o.name, a.owner_id, a.review_due_at, a.changed_at, a.clauses, a.policy_hash, {_NOW},
       a.tags,
       (SELECT count(*) FROM article_vote v WHERE v.article_id = a.id AND v.is_useful),
       (SELECT count(*) FROM article_vote v WHERE v.article_id = a.id AND NOT v.is_useful),
       (SELECT count(*) FROM article_use u WHERE u.article_id = a.id AND u.ended_at IS NULL)
FROM page JOIN article a ON a.id = page.id JOIN desk ON desk.id = a.desk_id
LEFT JOIN agent o ON o.id = a.owner_id
"""
_LISTED = (
    f"""WITH page AS (
  SELECT a.id FROM article a WHERE {_FITS}
  ORDER BY a.changed_at DESC, a.id DESC OFFSET %(after)s LIMIT %(limit)s
)"""
    + _COLUMNS.format(title="a.title", extract="''")
    + "ORDER BY a.changed_at DESC, a.id DESC"
)
_FOUND = (
    f"""WITH q AS MATERIALIZED (
  SELECT {QUERY} AS words, {PLAIN} AS plain
), hit AS (
  (SELECT id, ts_rank(found.words, q.words, 1) AS rank FROM q, LATERAL (
     SELECT a.id, a.words FROM article a WHERE {IN_ITS_LANGUAGE} AND {_FITS}
     ORDER BY a.id DESC LIMIT %(hits)s) found)
  UNION ALL
  (SELECT a.id, 0.3 * word_similarity(q.plain, plain_words(a.title)) FROM article a, q
   WHERE q.plain <%% plain_words(a.title) AND {_FITS} ORDER BY a.id DESC LIMIT %(hits)s)
), page AS (
  SELECT id, sum(rank) AS rank FROM hit GROUP BY id
  ORDER BY rank DESC, id DESC OFFSET %(after)s LIMIT %(limit)s
)"""
    + _COLUMNS.format(
        title=f"ts_headline(words_of_language(a.language), a.title, q.words,"
        f" '{_MARKS}, HighlightAll=true')",
        extract=f"ts_headline(words_of_language(a.language), left(a.body, 20000), q.words,"
        f" '{_MARKS}, MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=\" … \"')",
    )
    + ", q ORDER BY page.rank DESC, a.id DESC"
)
