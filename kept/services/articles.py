"""Articles: written by whoever works the desk, published by whom its SOP lets, kept whole.

What readers see changes when somebody publishes and at no other time; a draft beside it is
nobody's truth yet. Every publication stays as it was.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from kept.policy import Policy, rights
from kept.policy.words import Frozen
from kept.records.models import Article, ArticleDraft, ArticleVersion, Desk
from kept.services import notices, permissions, rosters
from kept.services.article_wording import MOST_WORDS_WHY, Wording, checked
from kept.services.beginning import active_policy
from kept.services.errors import AgentId, Conflict, NotAllowed, NotFound, NotValid
from kept.services.permissions import Standing
from kept.services.texts import one_line

WRITE, PUBLISH = "write_article", "publish_article"
SHARED = ("title", "body", "kind", "audience", "language", "tags", "clauses")
"""What an article, its draft and its versions have in common."""


class Place(Frozen, frozen=True, kw_only=True):
    """An article under work: its row, the policy its desk runs, who works on it."""

    article: Any
    policy: Any
    who: Standing

    def may(self, act: str) -> None:
        permissions.require(self.who, act, self.policy)


def write(
    wording: Wording,
    *,
    by: AgentId,
    at: datetime,
    desk: str = "",
    article: int | None = None,
    revision: int | None = None,
) -> int:
    """Write a new article of a desk, or go on with one; return its number.

    `revision` is that of the draft it was written from; a draft saved since raises Conflict.
    """
    with transaction.atomic():
        if article is None:
            row = Desk.objects.filter(slug=desk).first()
            if row is None:
                raise NotFound("There is no such desk.")
            place = _begun(row.pk, by=by, at=at)
        else:
            place = under_work(article, by=by)
        place.may(WRITE)
        values = checked(place.policy, wording)
        _own(place, wording)
        _save_draft(place, values, revision=revision, by=by, at=at)
        return int(place.article.pk)


def submit(article: int, *, by: AgentId, at: datetime) -> None:
    """Ask those who publish to look at the draft."""
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(WRITE)
        draft = _draft(place)
        draft.submitted_at, draft.sent_back = at, ""
        draft.save(update_fields=["submitted_at", "sent_back"])
        _stand(place, Article.State.REVIEW, at)
        people = rosters.colleagues(place.who.desk, at)
        asked = tuple(p for p in people if p.id != by and _publishes(place.policy, p.roles))
        _tell(place, f"Article to publish: {draft.title}", f"asked.{draft.revision}", asked, at)


def send_back(article: int, *, by: AgentId, at: datetime, why: str) -> None:
    """Give a draft back to its author, with the reason."""
    reason = one_line(why, MOST_WORDS_WHY)
    if not reason:
        raise NotValid("Say what is missing, so that its author can mend it.")
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(PUBLISH)
        draft = _draft(place)
        draft.submitted_at, draft.sent_back = None, reason
        draft.save(update_fields=["submitted_at", "sent_back"])
        _stand(place, Article.State.DRAFT, at)
        author = tuple(
            p for p in rosters.colleagues(place.who.desk, at) if p.id == draft.written_by_id
        )
        _tell(place, f"Article sent back: {draft.title}", f"back.{draft.revision}", author, at)


def publish(
    article: int, *, by: AgentId, at: datetime, revision: int | None = None, note: str = ""
) -> int:
    """Make the draft what readers see; return the number of the version."""
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(PUBLISH)
        draft = _draft(place)
        _unchanged(draft, revision)
        if rights.wants_another(place.policy, PUBLISH) and draft.written_by_id == by:
            raise NotAllowed("You wrote this text last; another person publishes it.")
        row = place.article
        words = {name: getattr(draft, name) for name in SHARED}
        number = row.version + 1
        ArticleVersion.objects.create(
            article=row, number=number, policy_hash=place.policy.hash,
            written_by_id=draft.written_by_id, published_by_id=by, published_at=at,
            note=one_line(note, 300), **words,
        )  # fmt: skip
        Article.objects.filter(pk=row.pk).update(
            state=Article.State.PUBLISHED, version=number, policy_hash=place.policy.hash,
            changed_at=at, **words, **reviewed(row, at),
        )  # fmt: skip
        draft.delete()
        return int(number)


def restore(article: int, number: int, *, by: AgentId, at: datetime) -> None:
    """Make a draft of an earlier version; it is published like any other."""
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(WRITE)
        version = ArticleVersion.objects.filter(article=place.article, number=number).first()
        if version is None:
            raise NotFound("There is no such version.")
        values = {name: getattr(version, name) for name in SHARED}
        _save_draft(place, values, revision=None, by=by, at=at)


def drop_draft(article: int, *, by: AgentId, at: datetime) -> None:
    """Throw away what is being written; a draft that was never published retires."""
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(WRITE)
        draft = _draft(place)
        if draft.written_by_id != by:
            place.may(PUBLISH)
        draft.delete()
        if not place.article.version:
            Article.objects.filter(pk=place.article.pk).update(
                state=Article.State.RETIRED, changed_at=at
            )


def retire(article: int, *, by: AgentId, at: datetime) -> None:
    """Take an article out of use; it stays readable for the desk, with all its versions."""
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(PUBLISH)
        if place.article.state == Article.State.RETIRED:
            raise Conflict("This article is retired already.")
        Article.objects.filter(pk=place.article.pk).update(
            state=Article.State.RETIRED, changed_at=at
        )


def bring_back(article: int, *, by: AgentId, at: datetime) -> None:
    """Take a retired article into use again, as it was last published."""
    with transaction.atomic():
        place = under_work(article, by=by)
        place.may(PUBLISH)
        row = place.article
        if row.state != Article.State.RETIRED:
            raise Conflict("This article is in use.")
        state = Article.State.PUBLISHED if row.version else Article.State.DRAFT
        Article.objects.filter(pk=row.pk).update(state=state, changed_at=at)
        if not row.version:
            values = {name: getattr(row, name) for name in SHARED}
            _save_draft(place, values, revision=None, by=by, at=at)


def under_work(article: int, *, by: AgentId) -> Place:
    """Lock an article for a member of its desk; to others it does not exist."""
    row = Article.objects.select_for_update(of=("self",)).filter(pk=article).first()
    if row is None:
        raise NotFound("There is no such article.")
    who = permissions.standing(by, row.desk_id)
    return Place(article=row, policy=active_policy(row.desk_id), who=who)


def _begun(desk: int, *, by: AgentId, at: datetime) -> Place:
    who = permissions.standing(by, desk)
    policy = active_policy(desk)
    permissions.require(who, WRITE, policy)
    row = Article.objects.create(
        desk_id=desk, owner_id=by, made_by_id=by, made_at=at, changed_at=at, audience="internal",
        policy_hash=policy.hash,
    )  # fmt: skip
    return Place(article=row, policy=policy, who=who)


def _own(place: Place, wording: Wording) -> None:
    """Set who keeps the article and how often; the due date moves with it."""
    row = place.article
    owner = wording.owner if wording.owner is not None else row.owner_id
    if owner is not None and owner != row.owner_id:
        try:
            permissions.standing(owner, row.desk_id)
        except NotFound:
            raise NotValid("The owner is not on this desk.") from None
    row.owner_id, row.review_days = owner, wording.review_days
    if row.reviewed_at is not None:
        row.review_due_at = _due(row, row.reviewed_at)
    row.save(update_fields=["owner_id", "review_days", "review_due_at"])


def _save_draft(
    place: Place, values: dict[str, Any], *, revision: int | None, by: AgentId, at: datetime
) -> None:
    row = place.article
    draft = ArticleDraft.objects.filter(article=row).first()
    if draft is None:
        ArticleDraft.objects.create(article=row, written_by_id=by, written_at=at, **values)
    else:
        _unchanged(draft, revision)
        ArticleDraft.objects.filter(pk=draft.pk).update(
            revision=draft.revision + 1, written_by_id=by, written_at=at, submitted_at=None,
            **values,
        )  # fmt: skip
    if not row.version:
        Article.objects.filter(pk=row.pk).update(
            state=Article.State.DRAFT, policy_hash=place.policy.hash, changed_at=at, **values
        )


def _unchanged(draft: ArticleDraft, revision: int | None) -> None:
    if revision is not None and revision != draft.revision:
        raise Conflict(
            f"{draft.written_by.name} saved this draft at {draft.written_at:%H:%M} UTC, after you "
            "opened it. Yours is below; compare it with theirs before you save."
        )


def _draft(place: Place) -> ArticleDraft:
    draft = ArticleDraft.objects.filter(article=place.article).first()
    if draft is None:
        raise Conflict("Nothing is being written of this article.")
    return draft


def _stand(place: Place, state: Article.State, at: datetime) -> None:
    """Move an article that nobody reads yet; a published one stays so while a draft waits."""
    if not place.article.version:
        Article.objects.filter(pk=place.article.pk).update(state=state, changed_at=at)


def reviewed(row: Article, at: datetime) -> dict[str, datetime | None]:
    return {"reviewed_at": at, "review_due_at": _due(row, at), "told_due_at": None}


def _due(row: Article, at: datetime) -> datetime | None:
    return at + timedelta(days=row.review_days) if row.review_days else None


def _publishes(policy: Policy, roles: tuple[str, ...]) -> bool:
    return rights.may(policy, roles, PUBLISH)


def _tell(
    place: Place, about: str, cause: str, people: tuple[rosters.Colleague, ...], at: datetime
) -> None:
    notices.tell(
        notices.Notice(
            desk=place.who.desk, ticket=None, cause=f"article{place.article.pk}.{cause}",
            about=about, clause="", means=("dashboard",), at=at,
        ),
        people,
    )  # fmt: skip
