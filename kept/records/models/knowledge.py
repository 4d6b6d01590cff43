"""Knowledge: a desk's articles, what was published of them, and how far they helped.

`Article` holds the text that readers see: the published one, or the first draft while nothing
was published. What is being written beside it waits in `ArticleDraft`.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Wording(models.Model):
    """The columns that an article, its draft and each version of it share."""

    title = models.CharField(max_length=200)
    body = models.TextField(default="")
    kind = models.CharField(max_length=12)
    audience = models.CharField(max_length=8)
    language = models.CharField(max_length=8)
    tags = ArrayField(models.CharField(max_length=40), default=list)
    clauses = ArrayField(models.CharField(max_length=200), default=list)
    """Ids of the clauses it explains."""

    class Meta:
        abstract = True


class Article(Wording):
    """One article of one desk. Its `words` column, kept by PostgreSQL, is what searches read."""

    class State(models.TextChoices):
        """draft -> review -> published -> retired, and back again."""

        DRAFT = "draft"
        REVIEW = "review"
        PUBLISHED = "published"
        RETIRED = "retired"

    desk = models.ForeignKey("Desk", models.CASCADE, db_index=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    version = models.IntegerField(default=0)
    """The number of the published version; 0 before the first."""
    policy_hash = models.CharField(max_length=64, default="")
    """The version of the SOP that its clauses were last held against."""
    owner = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    review_days = models.IntegerField(default=180)
    reviewed_at = models.DateTimeField(null=True)
    review_due_at = models.DateTimeField(null=True)
    told_due_at = models.DateTimeField(null=True)
    """The due date that its owner was told of."""
    made_by = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "article"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(state="published") | Q(version__gt=0),
                name="a_published_article_has_a_version",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=["internal", "public"]), name="article_audience_known"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["desk", "state", "-changed_at"], name="article_of_desk"),
            models.Index(
                fields=["owner", "review_due_at"], condition=Q(state="published"),
                name="article_to_review",
            ),
            models.Index(
                fields=["review_due_at"], condition=Q(state="published"), name="article_due"
            ),
            GinIndex(fields=["clauses"], name="article_by_clause"),
        ]  # fmt: skip


class ArticleDraft(Wording):
    """What is being written of an article; `revision` counts its saves, so none is lost."""

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True, related_name="draft")
    revision = models.IntegerField(default=1)
    written_by = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    sent_back = models.CharField(max_length=500, default="")
    """Why it came back from its review."""

    class Meta:
        db_table = "article_draft"


class ArticleVersion(Wording):
    """One publication, whole, as it was. Never changed."""

    article = models.ForeignKey(Article, models.CASCADE, db_index=False)
    number = models.IntegerField()
    policy_hash = models.CharField(max_length=64, default="")
    written_by = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    published_by = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    published_at = models.DateTimeField()
    note = models.CharField(max_length=300, default="")

    class Meta:
        db_table = "article_version"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["article", "number"], name="article_version_once")
        ]


class ArticlePicture(models.Model):
    """A picture of an article, named in its text by an unguessable token."""

    article = models.ForeignKey(Article, models.CASCADE)
    token = models.CharField(max_length=40, unique=True)
    filename = models.CharField(max_length=150)
    content_type = models.CharField(max_length=20)
    size = models.IntegerField()
    body = models.BinaryField()
    made_by = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "article_picture"


class ArticleVote(models.Model):
    """Whether an article helped somebody of the desk, and a word why."""

    article = models.ForeignKey(Article, models.CASCADE, db_index=False)
    agent = models.ForeignKey("Agent", models.CASCADE, db_index=False)
    version = models.IntegerField()
    is_useful = models.BooleanField()
    why = models.CharField(max_length=200, default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "article_vote"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["article", "agent"], name="one_vote_a_person")
        ]


class ArticleReads(models.Model):
    """How often an article was opened on a day, by our people or from outside; never by whom."""

    article = models.ForeignKey(Article, models.CASCADE, db_index=False)
    day = models.DateField()
    is_public = models.BooleanField()
    count = models.IntegerField(default=0)

    class Meta:
        db_table = "article_reads"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["article", "day", "is_public"], name="article_reads_by_day"
            )
        ]


class ArticleUse(models.Model):
    """An article solved a ticket: a projection of the ticket's journal."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False)
    article = models.ForeignKey(Article, models.CASCADE, db_index=False)
    version = models.IntegerField()
    by = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "article_use"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["ticket", "article"], condition=Q(ended_at=None), name="solved_by_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["article", "-at"], condition=Q(ended_at=None), name="article_uses"
            )
        ]


class ArticleWord(models.Model):
    """A word of a published article; a trigger keeps it, and suggestions read it."""

    pk = models.CompositePrimaryKey("desk_id", "lexeme", "article_id")
    desk_id = models.BigIntegerField()
    lexeme = models.TextField()
    article = models.ForeignKey(Article, models.CASCADE, db_index=False)
    in_title = models.BooleanField()
    is_public = models.BooleanField()

    class Meta:
        db_table = "article_word"


class SearchMiss(models.Model):
    """Words that were looked for and not found, counted, without who looked."""

    desk = models.ForeignKey("Desk", models.CASCADE, db_index=False)
    words = models.CharField(max_length=100)
    count = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    """When somebody wrote the article or put the words aside."""

    class Meta:
        db_table = "search_miss"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["desk", "words"], name="search_miss_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["desk", "-count"], condition=Q(settled_at=None), name="search_miss_most"
            )
        ]
