"""Rotas: who is on duty or on call by turns, what was changed by hand, and calendar feeds."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Rota(models.Model):
    """A plan of one desk. `duty` people take work; `on_call` people are paged."""

    desk = models.ForeignKey("Desk", models.PROTECT, related_name="rotas")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    team = models.CharField(max_length=60, null=True)
    zone = models.CharField(max_length=60)
    made_by = models.ForeignKey("Agent", models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rota"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["desk", "name"], condition=Q(ended_at=None), name="rota_name_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("duty", "on_call")), name="rota_kind_is_known"
            ),
        ]


class RotaLayer(models.Model):
    """One rung: the people in their order, and when they hand over."""

    rota = models.ForeignKey(Rota, models.PROTECT, related_name="layers")
    rung = models.SmallIntegerField()
    people = ArrayField(models.BigIntegerField())
    starts_on = models.DateField()
    turn_days = models.SmallIntegerField()
    handover_minute = models.SmallIntegerField()
    minutes = models.SmallIntegerField()
    weekdays = ArrayField(models.SmallIntegerField())
    holidays = models.CharField(max_length=10)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rota_layer"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(turn_days__range=(1, 28)) & Q(minutes__range=(15, 1440))
                & Q(handover_minute__range=(0, 1439)) & Q(rung__range=(1, 9)),
                name="rota_layer_is_possible",
            )
        ]  # fmt: skip


class RotaOverride(models.Model):
    """Somebody covers for whoever's turn it is; half-open, [starts_at, ends_at)."""

    layer = models.ForeignKey(RotaLayer, models.PROTECT, related_name="overrides")
    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, default="")
    made_by = models.ForeignKey("Agent", models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rota_override"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="override_has_length"
            )
        ]


class CalendarFeed(models.Model):
    """A secret address of one's shifts, or of a rota's; only the hash of its token is kept."""

    token_hash = models.BinaryField(unique=True)
    agent = models.ForeignKey("Agent", models.CASCADE, related_name="feeds")
    """Whose it is: it shows what they may see, as long as they may."""
    rota = models.ForeignKey(Rota, models.CASCADE, null=True, related_name="+")
    """None is the agent's own shifts."""
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "calendar_feed"
