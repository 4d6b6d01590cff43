"""Tags of a desk, and the time that people say they spent on a ticket.

Which tags a ticket carries is a projection of its journal; a tag's own words stay here, so the
journal holds its number unless the SOP itself knows the word.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Tag(models.Model):
    """One word of one desk. A retired tag stays where it is and is offered no more."""

    desk = models.ForeignKey("Desk", models.CASCADE, db_index=False)
    name = models.CharField(max_length=40)
    made_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tag"
        constraints = [
            models.UniqueConstraint("desk", Lower("name"), name="tag_once_per_desk"),
            models.CheckConstraint(condition=~Q(name=""), name="tag_has_a_name"),
        ]


class TicketTag(models.Model):
    """A ticket carries a tag."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False, related_name="+")
    tag = models.ForeignKey(Tag, models.PROTECT, db_index=False, related_name="+")

    class Meta:
        db_table = "ticket_tag"
        constraints = [models.UniqueConstraint(fields=["ticket", "tag"], name="ticket_tag_once")]
        indexes = [models.Index(fields=["tag", "-ticket"], name="ticket_tag_by_tag")]


class TimeEntry(models.Model):
    """Minutes of one person on one ticket. What was taken back stays, struck out."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False, related_name="+")
    agent = models.ForeignKey("Agent", models.PROTECT, db_index=False, related_name="+")
    minutes = models.IntegerField()
    what = models.CharField(max_length=200, default="")
    at = models.DateTimeField()
    struck_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "time_entry"
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=1440), name="time_entry_within_a_day"
            )
        ]
        indexes = [
            models.Index(fields=["ticket", "-at"], name="time_entry_of_ticket"),
            models.Index(fields=["agent", "-at"], name="time_entry_of_agent"),
        ]
