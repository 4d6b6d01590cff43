"""How tickets belong together. A row reads "ticket KIND other", such as "7 is a child of 4"."""

from django.db import models
from django.db.models import F, Q


class TicketLink(models.Model):
    """One link. `made_by` is empty where a clause made it; an ended link stays for the record."""

    class Kind(models.TextChoices):
        """`related_to` reads the same from both ends, so the lower number comes first."""

        CHILD_OF = "child_of"
        DUPLICATE_OF = "duplicate_of"
        INCIDENT_OF = "incident_of"
        RELATED_TO = "related_to"

    desk = models.ForeignKey("Desk", models.PROTECT, db_index=False)
    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey("Ticket", models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    clause = models.CharField(max_length=200, default="")
    """The clause that made it; empty for a person's link."""
    made_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ticket_link"
        constraints = [
            models.CheckConstraint(
                condition=~Q(ticket=F("other")), name="ticket_link_not_to_itself"
            ),
            models.CheckConstraint(
                condition=~Q(kind="related_to") | Q(ticket__lt=F("other")),
                name="ticket_link_related_one_way",
            ),
            models.UniqueConstraint(
                fields=["ticket", "other", "kind"],
                condition=Q(ended_at=None),
                name="ticket_link_once",
            ),
            models.UniqueConstraint(
                fields=["ticket", "kind"],
                condition=Q(ended_at=None, kind__in=("child_of", "duplicate_of", "incident_of")),
                name="ticket_link_one_parent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["other", "kind"], condition=Q(ended_at=None), name="ticket_link_other"
            ),
        ]
