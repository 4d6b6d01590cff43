"""One article: as it reads, its draft, its versions, what it solved; and its pictures."""

from datetime import datetime
from typing import Any

from django.db import connection

from kept.records.queries.articles import MEMBER, changed_clauses
from kept.records.queries.views import DeskView, View

MOST_VERSIONS = 200
MOST_USES = 50
MOST_WHYS = 50


class TextView(View, frozen=True, kw_only=True):
    """A text of an article, whichever: shown, drafted, published once."""

    title: str
    body: str
    kind: str
    audience: str
    language: str
    tags: tuple[str, ...]
    clauses: tuple[str, ...]


class DraftView(View, frozen=True, kw_only=True):
    text: TextView
    revision: int
    written_by: str
    written_by_id: int
    written_at: datetime
    submitted_at: datetime | None
    sent_back: str


class VersionView(View, frozen=True, kw_only=True):
    number: int
    written_by: str
    published_by: str
    published_at: datetime
    note: str
    text: TextView


class UseView(View, frozen=True, kw_only=True):
    ticket: int
    subject: str
    by: str
    at: datetime


class VoteView(View, frozen=True, kw_only=True):
    who: str
    is_useful: bool
    why: str
    at: datetime


class PictureView(View, frozen=True, kw_only=True):
    token: str
    filename: str
    size: int


class ArticleView(View, frozen=True, kw_only=True):
    """Everything an article's page shows."""

    id: int
    desk_id: int
    desk: str
    state: str
    version: int
    text: TextView
    owner: str | None
    owner_id: int | None
    review_days: int
    reviewed_at: datetime | None
    review_due_at: datetime | None
    changed_at: datetime
    made_by: str
    policy_hash: str
    changed_clauses: tuple[str, ...]
    useful: int
    not_useful: int
    my_vote: bool | None
    my_why: str
    solved: int
    reads: int
    public_reads: int


def article(agent: int, number: int) -> ArticleView | None:
    """Return an article for a member of its desk, else None."""
    rows = _rows(_ARTICLE, agent=agent, article=number)
    if not rows:
        return None
    row = rows[0]
    return ArticleView(
        id=row[0], desk_id=row[1], desk=row[2], state=row[3], version=row[4],
        text=_text(row[5:12]), owner=row[12], owner_id=row[13], review_days=row[14],
        reviewed_at=row[15],
        review_due_at=row[16], changed_at=row[17], made_by=row[18], policy_hash=row[19],
        changed_clauses=changed_clauses(row[11], row[19], row[20]), useful=row[21],
        not_useful=row[22], my_vote=row[23], my_why=row[24] or "", solved=row[25],
        reads=row[26], public_reads=row[27],
    )  # fmt: skip


def draft_of(agent: int, number: int) -> DraftView | None:
    """Return what is being written of an article."""
    rows = _rows(
        f"""
        SELECT {_texts("d")}, d.revision, w.name, w.id, d.written_at, d.submitted_at, d.sent_back
        FROM article_draft d JOIN article a ON a.id = d.article_id
        JOIN agent w ON w.id = d.written_by_id
        WHERE d.article_id = %(article)s AND {MEMBER.format(desk="a.desk_id")}
        """,
        agent=agent, article=number,
    )  # fmt: skip
    if not rows:
        return None
    row = rows[0]
    return DraftView(
        text=_text(row[:7]),
        revision=row[7],
        written_by=row[8],
        written_by_id=row[9],
        written_at=row[10],
        submitted_at=row[11],
        sent_back=row[12],
    )


def versions(agent: int, number: int) -> tuple[VersionView, ...]:
    """Return what was published of an article, the newest first."""
    return tuple(
        VersionView(
            text=_text(row[:7]), number=row[7], written_by=row[8], published_by=row[9],
            published_at=row[10], note=row[11],
        )
        for row in _rows(
            f"""
            SELECT {_texts("v")}, v.number, w.name, p.name, v.published_at, v.note
            FROM article_version v JOIN article a ON a.id = v.article_id
            JOIN agent w ON w.id = v.written_by_id JOIN agent p ON p.id = v.published_by_id
            WHERE v.article_id = %(article)s AND {MEMBER.format(desk="a.desk_id")}
            ORDER BY v.number DESC LIMIT {MOST_VERSIONS}
            """,
            agent=agent, article=number,
        )
    )  # fmt: skip


def uses(agent: int, number: int) -> tuple[UseView, ...]:
    """Return the tickets an article solved, the newest first."""
    return tuple(
        UseView(ticket=row[0], subject=row[1], by=row[2], at=row[3])
        for row in _rows(
            f"""
            SELECT t.id, t.subject, b.name, u.at
            FROM article_use u JOIN ticket t ON t.id = u.ticket_id JOIN agent b ON b.id = u.by_id
            WHERE u.article_id = %(article)s AND u.ended_at IS NULL
              AND {MEMBER.format(desk="t.desk_id")}
            ORDER BY u.at DESC LIMIT {MOST_USES}
            """,
            agent=agent, article=number,
        )
    )  # fmt: skip


def whys(agent: int, number: int) -> tuple[VoteView, ...]:
    """Return the votes that say why, the newest first."""
    return tuple(
        VoteView(who=row[0], is_useful=row[1], why=row[2], at=row[3])
        for row in _rows(
            f"""
            SELECT w.name, v.is_useful, v.why, v.at
            FROM article_vote v JOIN article a ON a.id = v.article_id
            JOIN agent w ON w.id = v.agent_id
            WHERE v.article_id = %(article)s AND v.why <> '' AND {MEMBER.format(desk="a.desk_id")}
            ORDER BY v.at DESC LIMIT {MOST_WHYS}
            """,
            agent=agent, article=number,
        )
    )  # fmt: skip


def pictures(agent: int, number: int) -> tuple[PictureView, ...]:
    return tuple(
        PictureView(token=row[0], filename=row[1], size=row[2])
        for row in _rows(
            f"""
            SELECT p.token, p.filename, p.size FROM article_picture p
            JOIN article a ON a.id = p.article_id
            WHERE p.article_id = %(article)s AND {MEMBER.format(desk="a.desk_id")}
            ORDER BY p.id LIMIT 100
            """,
            agent=agent, article=number,
        )
    )  # fmt: skip


def picture(agent: int, token: str) -> tuple[str, bytes] | None:
    """Return a picture's type and bytes for a member of its desk."""
    rows = _rows(
        f"""
        SELECT p.content_type, p.body FROM article_picture p JOIN article a ON a.id = p.article_id
        WHERE p.token = %(token)s AND {MEMBER.format(desk="a.desk_id")}
        """,
        agent=agent, token=token[:60],
    )  # fmt: skip
    return (rows[0][0], bytes(rows[0][1])) if rows else None


class SolvedBy(View, frozen=True, kw_only=True):
    article: int
    title: str
    version: int
    by: str
    at: datetime


def solved_by(agent: int, ticket: int) -> tuple[SolvedBy, ...]:
    """Return the articles that solved a ticket."""
    return tuple(
        SolvedBy(article=row[0], title=row[1], version=row[2], by=row[3], at=row[4])
        for row in _rows(
            f"""
            SELECT a.id, a.title, u.version, b.name, u.at
            FROM article_use u JOIN article a ON a.id = u.article_id
            JOIN agent b ON b.id = u.by_id
            WHERE u.ticket_id = %(ticket)s AND u.ended_at IS NULL
              AND {MEMBER.format(desk="a.desk_id")}
            ORDER BY u.at LIMIT 20
            """,
            agent=agent, ticket=ticket,
        )
    )  # fmt: skip


class ReviewDue(View, frozen=True, kw_only=True):
    """An article that its owner is to read through."""

    id: int
    title: str
    desk: str
    owner: str
    due_at: datetime


def reviews_due(agent: int, *, at: datetime, everyones: bool = False) -> tuple[ReviewDue, ...]:
    """Return one's own articles whose review is due, or with `everyones` those of one's desks."""
    return tuple(
        ReviewDue(id=row[0], title=row[1], desk=row[2], owner=row[3] or "", due_at=row[4])
        for row in _rows(
            f"""
            SELECT a.id, a.title, d.slug, o.name, a.review_due_at
            FROM article a JOIN desk d ON d.id = a.desk_id LEFT JOIN agent o ON o.id = a.owner_id
            WHERE a.state = 'published' AND a.review_due_at <= %(at)s
              AND (%(everyones)s OR a.owner_id = %(agent)s) AND {MEMBER.format(desk="a.desk_id")}
            ORDER BY a.review_due_at, a.id LIMIT 50
            """,
            agent=agent, at=at, everyones=everyones,
        )
    )  # fmt: skip


class MissView(View, frozen=True, kw_only=True):
    id: int
    words: str
    count: int
    last_at: datetime


def misses(agent: int, desk: DeskView, *, limit: int = 50) -> tuple[MissView, ...]:
    """Return the words that were looked for in vain on a desk, the most wanted first."""
    return tuple(
        MissView(id=row[0], words=row[1], count=row[2], last_at=row[3])
        for row in _rows(
            f"""
            SELECT x.id, x.words, x.count, x.last_at FROM search_miss x
            WHERE x.desk_id = %(desk)s AND x.settled_at IS NULL
              AND {MEMBER.format(desk="x.desk_id")}
            ORDER BY x.count DESC, x.last_at DESC LIMIT %(limit)s
            """,
            agent=agent, desk=desk.id, limit=limit,
        )
    )  # fmt: skip


def _texts(table: str) -> str:
    names = ("title", "body", "kind", "audience", "language", "tags", "clauses")
    return ", ".join(f"{table}.{name}" for name in names)


def _text(row: Any) -> TextView:
    return TextView(
        title=row[0], body=row[1], kind=row[2], audience=row[3], language=row[4],
        tags=tuple(row[5]), clauses=tuple(row[6]),
    )  # fmt: skip


_ARTICLE = f"""
SELECT a.id, a.desk_id, d.slug, a.state, a.version, {_texts("a")}, o.name, a.owner_id,
       a.review_days, a.reviewed_at, a.review_due_at, a.changed_at, m.name, a.policy_hash,
       COALESCE((SELECT p.hash FROM policy_version p WHERE p.desk_id = a.desk_id
                 AND p.state = 'active'), ''),
       (SELECT count(*) FROM article_vote v WHERE v.article_id = a.id AND v.is_useful),
       (SELECT count(*) FROM article_vote v WHERE v.article_id = a.id AND NOT v.is_useful),
       mine.is_useful, mine.why,
       (SELECT count(*) FROM article_use u WHERE u.article_id = a.id AND u.ended_at IS NULL),
       (SELECT COALESCE(sum(r.count), 0) FROM article_reads r
        WHERE r.article_id = a.id AND NOT r.is_public),
       (SELECT COALESCE(sum(r.count), 0) FROM article_reads r
        WHERE r.article_id = a.id AND r.is_public)
FROM article a JOIN desk d ON d.id = a.desk_id JOIN agent m ON m.id = a.made_by_id
LEFT JOIN agent o ON o.id = a.owner_id
LEFT JOIN article_vote mine ON mine.article_id = a.id AND mine.agent_id = %(agent)s
WHERE a.id = %(article)s AND {MEMBER.format(desk="a.desk_id")}
"""


def _rows(statement: str, **named: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return list(cursor.fetchall())
