"""Pages: a call that somebody must acknowledge, whom it was tried on, and telephone calls."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Page(models.Model):
    """One call for a role about one ticket. It climbs at `climbs_at` until acknowledged."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+", db_index=False)
    desk = models.ForeignKey("Desk", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=300)
    """The policy's own name of it: the same for each repeat."""
    role = models.CharField(max_length=60)
    clause = models.CharField(max_length=200, default="")
    about = models.CharField(max_length=300, default="")
    rung = models.SmallIntegerField(default=0)
    step_seconds = models.IntegerField()
    at = models.DateTimeField()
    climbs_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        "Agent", models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        db_table = "page"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["ticket", "key"], name="page_once"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None) | Q(climbs_at=None), name="page_answered_stays"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["climbs_at"], condition=Q(acknowledged_at=None), name="page_to_climb"
            ),
            models.Index(
                fields=["desk", "-at"], condition=Q(acknowledged_at=None), name="page_open"
            ),
        ]


class PageTry(models.Model):
    """Somebody was called on a rung. Telephoning is a person's task, or an adapter's."""

    page = models.ForeignKey(Page, models.CASCADE, related_name="tries", db_index=False)
    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+")
    rung = models.SmallIntegerField()
    rung_name = models.CharField(max_length=40)
    at = models.DateTimeField()
    late = models.BooleanField(default=False)
    called_at = models.DateTimeField(null=True)
    called_by = models.ForeignKey("Agent", models.SET_NULL, null=True, related_name="+")
    """None beside a `called_at` is the telephone adapter."""
    call_result = models.CharField(max_length=20, default="")
    """reached or no_answer."""

    class Meta:
        db_table = "page_try"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["page", "agent"], name="page_tried_once_each")
        ]
