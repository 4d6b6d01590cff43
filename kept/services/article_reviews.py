"""Reviews of articles: whoever keeps one reads it through in time, and is told when it is due."""

from datetime import datetime, timedelta

from django.db import transaction

from kept.records.models import Article
from kept.services import articles, notices, rosters
from kept.services.errors import AgentId, Conflict

AGAIN = timedelta(days=7)
"""How long after a word to the owner the next one comes."""


def review(article: int, *, by: AgentId, at: datetime) -> None:
    """Note that an article was read through and holds, its clauses as they now stand included."""
    with transaction.atomic():
        place = articles.under_work(article, by=by)
        place.may(articles.WRITE)
        row = place.article
        if row.state != Article.State.PUBLISHED:
            raise Conflict("Only a published article is reviewed.")
        if row.owner_id != by:
            place.may(articles.PUBLISH)
        missing = [one for one in row.clauses if one not in place.policy.clauses]
        if missing:
            raise Conflict(
                f"{', '.join(missing)} stands in the handbook no more. Edit the article first."
            )
        Article.objects.filter(pk=row.pk).update(
            policy_hash=place.policy.hash, **articles.reviewed(row, at)
        )


def tell_owners(*, at: datetime, limit: int = 100) -> int:
    """Tell each owner once of an article whose review is due; return how many were told."""
    with transaction.atomic(durable=True):
        due = list(
            Article.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state="published", review_due_at__lte=at)
            .exclude(told_due_at__gte=at - AGAIN)
            .order_by("review_due_at")[:limit]
        )
        for row in due:
            people = rosters.colleagues(row.desk_id, at)
            owner = tuple(p for p in people if p.id == row.owner_id)
            told = owner or rosters.answering_to("lead", people, team=None, owner=None)
            notices.tell(
                notices.Notice(
                    desk=row.desk_id, ticket=None, means=("dashboard",), at=at, clause="",
                    cause=f"article{row.pk}.review.{at:%Y%m%d}", due_at=row.review_due_at,
                    about=f"Article to review: {row.title}",
                ),
                told,
            )  # fmt: skip
        Article.objects.filter(pk__in=[row.pk for row in due]).update(told_due_at=at)
    return len(due)
