"""How work is shared out: what each takes, why somebody got a ticket, what moved while away."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class WorkTerms(models.Model):
    """What one agent takes on one desk. `most_load` is in weights: a ticket of the lowest
    severity weighs 1, each higher one a step more; None is no bound.
    """

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="terms", db_index=False)
    desk = models.ForeignKey("Desk", models.CASCADE, related_name="+")
    most_load = models.PositiveIntegerField(null=True)
    languages = ArrayField(models.CharField(max_length=20), default=list)
    deputy = models.ForeignKey("Agent", models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "work_terms"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["agent", "desk"], name="work_terms_once"),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=models.F("agent")), name="deputy_is_another"
            ),
        ]


class AvailabilityChange(models.Model):
    """The log of who was away when, and who said so; only added to."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    availability = models.CharField(max_length=10)
    reason = models.CharField(max_length=200, default="")
    until = models.DateTimeField(null=True)
    by = models.ForeignKey("Agent", models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "availability_change"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agent", "-at"], name="availability_log")
        ]


class RoutingChoice(models.Model):
    """One decision about an owner with every candidate's score. Ids only: names are joined."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+", db_index=False)
    seq = models.IntegerField()
    """The journal row whose decision it carries out."""
    at = models.DateTimeField()
    team = models.CharField(max_length=60, default="")
    chosen = models.ForeignKey("Agent", models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=40, default="")
    """`rule`, `away`, `stale` or `returned`."""
    weighed = models.JSONField(default=list)

    class Meta:
        db_table = "routing_choice"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["ticket", "-id"], name="routing_of_ticket"),
            models.Index(fields=["chosen", "-at"], name="routing_last_given"),
        ]


class MovedTicket(models.Model):
    """A ticket that went to somebody else because its owner was away."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+", db_index=False)
    owner = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    to = models.ForeignKey("Agent", models.CASCADE, null=True, related_name="+")
    moved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    """When it was taken back, or left where it is."""

    class Meta:
        db_table = "moved_ticket"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["owner", "ticket"], condition=Q(ended_at=None), name="moved_once"
            )
        ]
