"""What needs a person because the machine could not go on."""

from django.db import models
from django.db.models import Q


class Alarm(models.Model):
    """A fault of ours or of the world, shown until somebody clears it. `key` makes it one."""

    key = models.CharField(max_length=200)
    desk = models.ForeignKey("Desk", models.CASCADE, null=True)
    ticket = models.ForeignKey("Ticket", models.CASCADE, null=True)
    sentence = models.TextField()
    raised_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.IntegerField(default=1)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "alarm"
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(cleared_at=None), name="alarm_once_while_raised"
            )
        ]


class Heartbeat(models.Model):
    """One living process; a row that is not renewed is a process that fell."""

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    class Meta:
        db_table = "heartbeat"


class Lift(models.Model):
    """Somebody asked to waive a commitment or to take its miss back; a second person decides."""

    class State(models.TextChoices):
        """asked -> agreed or declined."""

        ASKED = "asked"
        AGREED = "agreed"
        DECLINED = "declined"

    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="lifts")
    commitment = models.TextField()
    kind = models.CharField(max_length=10)
    reason = models.CharField(max_length=40)
    """The id of the kept text."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lift"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "commitment", "kind"],
                condition=Q(state="asked"),
                name="lift_asked_once",
            )
        ]
