"""Outages of our own systems: opened and ended by a person, and every contact they touch."""

from django.db import models
from django.db.models import Q


class Outage(models.Model):
    """One disruption on one desk; while it runs, the SOP's rules of limited service hold."""

    desk = models.ForeignKey("Desk", models.PROTECT, db_index=False)
    name = models.CharField(max_length=200)
    notice = models.TextField(default="")
    """What customers are told of it, in their words."""
    began_at = models.DateTimeField()
    began_by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    queue_by = models.CharField(max_length=20, default="due")
    """`severity` once a clause ordered the queue so."""

    class Meta:
        db_table = "outage"
        constraints = [
            models.UniqueConstraint(
                fields=["desk"], condition=Q(ended_at=None), name="outage_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("began_at")),
                name="outage_ends_after_it_began",
            ),
        ]
        indexes = [models.Index(fields=["desk", "-began_at"], name="outage_of_desk")]


class OutageContact(models.Model):
    """A ticket tied to an outage; an agent unties what has nothing to do with it."""

    outage = models.ForeignKey(Outage, models.PROTECT, related_name="contacts", db_index=False)
    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+")
    tied_at = models.DateTimeField()
    untied_at = models.DateTimeField(null=True)
    untied_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(null=True)
    """When the ticket heard that the outage was over."""

    class Meta:
        db_table = "outage_contact"
        constraints = [
            models.UniqueConstraint(fields=["outage", "ticket"], name="outage_contact_once")
        ]
        indexes = [
            models.Index(
                fields=["outage"],
                condition=Q(told_at=None, untied_at=None),
                name="outage_contact_untold",
            )
        ]
