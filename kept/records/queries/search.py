"""Search by words: tickets by what is in and about them, and what is found beside them.

Rights are part of every statement, counts and suggestions included. A line may hold filters in
words (`from:dana is:open desk:esc before:2026-01-01 printer`); the language is that of `filters`.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from kept.records.masks import hidden
from kept.records.queries.desks import desks_of
from kept.records.queries.filters import read_filter, read_text
from kept.records.queries.narrowing import parts
from kept.records.queries.search_sources import (
    LIKE,
    NAME_ASKED,
    NAME_HELD,
    RECENT,
    THINGS,
    TICKETS,
    TicketSource,
    asked,
)
from kept.records.queries.sight import open_desks
from kept.records.queries.views import View

PAGE = 50
FEW = 5
"""Fewer hits than these, and the search looks for what is like the words as well."""
MARK, END = "\ue000", "\ue001"
LONGEST = 200


class Hit(View, frozen=True, kw_only=True):
    """A ticket that was found; `found_in` says where: number, subject, message, note, customer,
    address. `snippet` is the text around the words, in pieces; the odd ones are the words.
    """

    ticket: int
    desk: str
    subject: str
    customer: str
    status: str
    opened_at: datetime
    found_in: tuple[str, ...]
    snippet: tuple[str, ...] = ()


class Thing(View, frozen=True, kw_only=True):
    """Something found that is no ticket."""

    kind: str
    id: int
    title: str
    about: str


class Found(View, frozen=True, kw_only=True):
    """What a line found: the best first. `is_like` tells that the words were not met exactly."""

    hits: tuple[Hit, ...]
    things: tuple[Thing, ...] = ()
    problems: tuple[str, ...] = ()
    is_like: bool = False
    more: bool = False


class Question(View, frozen=True, kw_only=True):
    """A line as it was understood, with what the reader may see."""

    words: str
    narrow: str
    values: dict[str, Any]
    problems: tuple[str, ...]
    is_empty: bool


def search(
    agent: int, line: str, *, before: int | None = None, limit: int = PAGE, at: datetime
) -> tuple[Hit, ...]:
    """Return tickets that a line finds, newest first; `before` ends the page above."""
    question = _question(agent, line, at=at)
    if question.is_empty:
        return ()
    values = question.values | {"before": before or 2**62, "limit": limit, "recent": limit}
    narrow = f"{question.narrow} AND t.id < %(before)s"
    return _hits(_sources(question), narrow, values, "page.id DESC")


def best(agent: int, line: str, *, at: datetime, limit: int = PAGE) -> Found:
    """Return the best of a line's newest hits, what is like it where there are few, and things."""
    question = _question(agent, line, at=at)
    if question.is_empty:
        return Found(hits=(), problems=question.problems)
    values = question.values | {"limit": limit + 1, "recent": RECENT}
    hits = _hits(_sources(question), question.narrow, values, "page.score DESC, page.id DESC")
    is_like = bool(question.words) and len(hits) < FEW
    if is_like:
        known = {hit.ticket for hit in hits}
        alike = _hits(LIKE, question.narrow, values | {"recent": 20}, "page.best, page.id DESC")
        added = tuple(hit for hit in alike if hit.ticket not in known)
        hits, is_like = (*hits, *added), bool(added)
    things = _things(values | {"limit": 5}) if question.words else ()
    return Found(
        hits=hits[:limit], things=things, problems=question.problems, is_like=is_like,
        more=len(hits) > limit,
    )  # fmt: skip


def _question(agent: int, line: str, *, at: datetime) -> Question:
    terms, words = read_text(line[:LONGEST])
    sender = terms.pop("from", "")
    terms.pop("words", None)
    if not {"status", "is", "view"} & set(terms):
        terms["status"] = "any"
    understood = read_filter(terms, view="all")
    desks = desks_of(agent)
    slugs = set((understood.filter.desk or "").split(",")) - {""}
    shown = [desk.id for desk in desks if not slugs or desk.slug in slugs]
    tests, values = parts(understood.filter, agent=agent, at=at)
    narrow = f"t.desk_id = ANY(%(desks)s) AND ({' OR '.join(f'({one.test})' for one in tests)})"
    number = words.removeprefix("#")
    values |= {
        "desks": shown, "words": words, "sender": sender,
        "granted": sorted(open_desks(agent).granted & set(shown)),
        "number": int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0,
    }  # fmt: skip
    if sender:
        narrow += f" AND {_SENDER}"
    is_empty = not shown or (not words and not sender and set(terms) <= {"status"})
    return Question(
        words=words, narrow=narrow, values=values, problems=understood.problems, is_empty=is_empty
    )


def _sources(question: Question) -> tuple[TicketSource, ...]:
    if question.words:
        return TICKETS
    return (TicketSource(name="filter", weight=0, sql=_NO_WORDS),)


def _hits(
    sources: tuple[TicketSource, ...], narrow: str, values: dict[str, Any], order: str
) -> tuple[Hit, ...]:
    branches = " UNION ALL ".join(
        f"""(SELECT h.id, h.message, '{one.name}' AS place, {one.weight} AS weight,
             row_number() OVER () AS nth
           FROM ({one.sql.format(narrow=narrow)} LIMIT %(recent)s) AS h(id, message))"""
        for one in sources
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # A plan for these very words, along their own indexes: one for any words reads it all.
        cursor.execute(_PLAN)
        cursor.execute(_PAGE.format(branches=branches, order=order, asked=asked()), values)
        return tuple(
            Hit(
                ticket=row[0], desk=row[1], subject=row[2], customer=hidden(row[3]), status=row[4],
                opened_at=row[5], found_in=tuple(row[6]), snippet=pieces(row[7] or ""),
            )
            for row in cursor.fetchall()
        )  # fmt: skip


def _things(values: dict[str, Any]) -> tuple[Thing, ...]:
    branches = " UNION ALL ".join(
        f"(SELECT '{one.kind}', f.* FROM ({one.sql} LIMIT %(limit)s) AS f(id, title, about))"
        for one in THINGS
    )
    with connection.cursor() as cursor:
        cursor.execute(branches, values)
        return tuple(
            Thing(kind=row[0], id=row[1], title=hidden(row[2]), about=row[3])
            for row in cursor.fetchall()
        )


def pieces(headline: str) -> tuple[str, ...]:
    """Return a marked text in pieces: outside the words, inside, outside, and so on."""
    found: list[str] = []
    for place, part in enumerate(headline.split(MARK)):
        if place == 0:
            found.append(part)
        else:
            inside, _, outside = part.partition(END)
            found += [inside, outside]
    return tuple(" ".join(one.split("\n")) for one in found) if headline else ()


_PLAN = """
SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL enable_seqscan = off;
SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0
"""
_SENDER = f"""(t.customer_id = ANY(ARRAY(SELECT c.id FROM customer c
    WHERE {NAME_HELD} @@ {NAME_ASKED.format("%(sender)s")}
      AND c.name !~ '@|[0-9][0-9][0-9]' LIMIT 1000))
  OR t.desk_id = ANY(%(granted)s) AND (t.customer_id, t.desk_id) IN (
    SELECT e.customer_id, COALESCE(e.desk_id, x.id) FROM customer_address e
    JOIN desk x ON x.id = ANY(%(granted)s) WHERE e.value = lower(%(sender)s)))"""
_NO_WORDS = "SELECT t.id, NULL::bigint FROM ticket t WHERE {narrow} ORDER BY t.id DESC"
_PAGE = f"""
WITH hit AS MATERIALIZED ({{branches}}), page AS (
  SELECT id, array_agg(DISTINCT place ORDER BY place) AS places, max(message) AS message,
    min(nth) AS best, sum(DISTINCT weight) AS score
  FROM hit GROUP BY id
), top AS MATERIALIZED (
  SELECT * FROM page ORDER BY {{order}} LIMIT %(limit)s
)
SELECT t.id, d.slug, t.subject, COALESCE(c.name, ''), t.status, t.opened_at, page.places,
  ts_headline('kept_stems',
    CASE WHEN w.id IS NULL THEN left(t.subject, 1000) ELSE left(w.text, 20000) END, {{asked}},
    'StartSel={MARK}, StopSel={END}, MaxFragments=2, MinWords=6, MaxWords=16,'
    'FragmentDelimiter=" … "')
FROM top page JOIN ticket t ON t.id = page.id JOIN desk d ON d.id = t.desk_id
LEFT JOIN customer c ON c.id = t.customer_id LEFT JOIN message w ON w.id = page.message
ORDER BY {{order}}
"""
