"""The access log: who did what to whose rights and settings. Only ever added to.

It holds ids and the SOP's own words, no personal text. PostgreSQL refuses to change a row.
"""

from typing import ClassVar

from django.db import models


class AccessEvent(models.Model):
    """`by` did `kind`, to `whom` where it is about a person, on `desk` where it is about one."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    by = models.ForeignKey("Agent", models.DO_NOTHING, null=True, related_name="+", db_index=False)
    whom = models.ForeignKey(
        "Agent", models.DO_NOTHING, null=True, related_name="+", db_index=False
    )
    desk = models.ForeignKey(
        "Desk", models.DO_NOTHING, null=True, related_name="+", db_index=False
    )
    what = models.JSONField(default=dict)

    class Meta:
        db_table = "access_event"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["desk", "-at", "-id"], name="access_of_desk"),
            models.Index(fields=["whom", "-at"], name="access_about"),
            models.Index(fields=["by", "-at"], name="access_by"),
        ]


class SopSignature(models.Model):
    """A member read and signed one version of the desk's SOP."""

    agent = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    desk = models.ForeignKey("Desk", models.PROTECT, related_name="+", db_index=False)
    policy_hash = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "sop_signature"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["desk", "policy_hash", "agent"], name="signed_once_a_version"
            )
        ]


class AccessReview(models.Model):
    """One review of a desk's memberships; done when each was decided."""

    desk = models.ForeignKey("Desk", models.PROTECT, related_name="access_reviews")
    clause = models.CharField(max_length=200, default="")
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_review"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["desk"], condition=models.Q(done_at=None), name="one_open_review_a_desk"
            )
        ]


class ReviewDecision(models.Model):
    """What was decided of one membership, by whom; evidence, so it stays when they leave."""

    review = models.ForeignKey(AccessReview, models.PROTECT, related_name="decisions")
    membership = models.ForeignKey("Membership", models.PROTECT, related_name="+")
    decision = models.CharField(max_length=10, default="")
    by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_decision"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["review", "membership"], name="decided_once"),
            models.CheckConstraint(
                condition=models.Q(decision__in=("", "kept", "ended")), name="kept_or_ended"
            ),
        ]
