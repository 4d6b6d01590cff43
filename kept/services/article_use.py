"""How articles serve: opened, voted on, and the words for which there is none yet.

Reads and missed words are counted without who; a vote is a person's own and can be changed.
"""

import re
import unicodedata
from datetime import datetime

from django.db import connection, transaction

from kept.records.models import ArticleVote, SearchMiss
from kept.services import permissions
from kept.services.articles import PUBLISH, under_work
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, NotFound
from kept.services.texts import one_line
from kept.services.unnaming import unnamed

LONGEST_WHY = 200
LONGEST_MISS = 100
MOST_MISSES = 2000
_SPACES = re.compile(r"[^\w\s@\[\]'-]+|\s+")


def vote(article: int, *, by: AgentId, at: datetime, is_useful: bool, why: str = "") -> None:
    """Say whether an article helped; the last word of a person counts."""
    with transaction.atomic():
        place = under_work(article, by=by)
        ArticleVote.objects.update_or_create(
            article=place.article, agent_id=by,
            defaults={
                "version": place.article.version, "is_useful": is_useful, "at": at,
                "why": one_line(why, LONGEST_WHY),
            },
        )  # fmt: skip


def note_read(article: int, *, at: datetime, is_public: bool = False) -> None:
    """Count that somebody opened an article; the caller has checked that they may."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO article_reads (article_id, day, is_public, count)
            VALUES (%s, %s, %s, 1)
            ON CONFLICT (article_id, day, is_public)
              DO UPDATE SET count = article_reads.count + 1
            """,
            [article, at.date(), is_public],
        )


def note_miss(desk: int, words: str, *, at: datetime) -> None:
    """Count words that found nothing. Addresses and numbers in them are not kept."""
    plain = miss_words(words)
    if not plain:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO search_miss (desk_id, words, count, first_at, last_at)
            SELECT %(desk)s::bigint, %(words)s::varchar, 1,
                   %(at)s::timestamptz, %(at)s::timestamptz
            WHERE EXISTS (SELECT 1 FROM search_miss
                          WHERE desk_id = %(desk)s::bigint AND words = %(words)s::varchar)
               OR (SELECT count(*) FROM search_miss WHERE desk_id = %(desk)s::bigint) < %(most)s
            ON CONFLICT (desk_id, words) DO UPDATE
              SET count = search_miss.count + 1, last_at = %(at)s::timestamptz, settled_at = NULL
            """,
            {"desk": desk, "words": plain, "at": at, "most": MOST_MISSES},
        )


def miss_words(words: str) -> str:
    """Return words as they are counted: small, without accents, signs and personal data."""
    covered, _ = unnamed(one_line(words, 400))
    decomposed = unicodedata.normalize("NFKD", covered.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    plain = " ".join(_SPACES.sub(" ", bare).split())[:LONGEST_MISS].strip()
    return plain if any(c.isalpha() for c in re.sub(r"\[[^\]]*\]", "", plain)) else ""


def settle_miss(miss: int, *, by: AgentId, at: datetime) -> None:
    """Put missed words aside: an article is there now, or none is wanted."""
    row = SearchMiss.objects.filter(pk=miss).first()
    if row is None:
        raise NotFound("There are no such words.")
    who = permissions.standing(by, row.desk_id)
    permissions.require(who, PUBLISH, active_policy(row.desk_id))
    SearchMiss.objects.filter(pk=miss).update(settled_at=at)
