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
