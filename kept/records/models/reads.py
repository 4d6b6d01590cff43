"""Who saw which customer's particulars uncovered: a row per person, customer and hour."""

from typing import ClassVar

from django.db import models


class PersonalRead(models.Model):
    """`at` is the first time in its hour; `ticket` is where it was seen, if on a ticket."""

    agent = models.ForeignKey("Agent", models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey("Customer", models.PROTECT, related_name="+", db_index=False)
    ticket = models.ForeignKey(
        "Ticket", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    hour = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        db_table = "personal_read"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer", "agent", "hour"], name="a_read_once_an_hour"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-at", "-id"], name="reads_newest"),
            models.Index(fields=["customer", "-at"], name="reads_of_customer"),
            models.Index(fields=["agent", "-at"], name="reads_by_agent"),
        ]
