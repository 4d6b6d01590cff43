"""Agents, what they may do where, and when they are on duty."""

from typing import ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Agent(AbstractBaseUser):
    """Somebody who signs in. Rights come from memberships only; there is no superuser."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    is_program = models.BooleanField(default=False, db_default=False)
    """Acts through the API only: no sign-in, no duty, no notifications."""
    undo_seconds = models.SmallIntegerField(default=10, db_default=10)
    """How long a reply of theirs can be taken back, 0 to 30."""
    availability = models.CharField(max_length=10, default="available", db_default="available")
    """What they say of themselves: available, busy or away, until `availability_until`."""
    availability_reason = models.CharField(max_length=200, default="", db_default="")
    availability_since = models.DateTimeField(null=True)
    availability_until = models.DateTimeField(null=True)
    telephone = models.CharField(max_length=40, default="", db_default="")
    """Where a page calls them."""
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[BaseUserManager[Self]] = BaseUserManager()

    class Meta:
        db_table = "agent"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(undo_seconds__range=(0, 30)), name="undo_within_30_seconds"
            ),
            models.CheckConstraint(
                condition=models.Q(availability__in=("available", "busy", "away")),
                name="availability_is_known",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["availability_until"],
                condition=~models.Q(availability="available"),
                name="agent_back_at",
            )
        ]


class Membership(models.Model):
    """An agent's role, level and team on one desk, in the words of its SOP."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="memberships")
    desk = models.ForeignKey("Desk", models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=60)
    level = models.CharField(max_length=60, null=True)
    team = models.CharField(max_length=60, null=True)
    skills = ArrayField(models.CharField(max_length=60), default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "desk", "role"],
                condition=models.Q(ended_at=None),
                name="membership_once_per_role",
            )
        ]
        indexes = [models.Index(fields=["desk", "role"], name="membership_by_role")]


class Shift(models.Model):
    """When an agent is on duty for a desk: half-open, [starts_at, ends_at)."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="shifts")
    desk = models.ForeignKey("Desk", models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    layer = models.ForeignKey("RotaLayer", models.SET_NULL, null=True, related_name="shifts")
    """The rung of a rota it came from; None was put there by hand."""
    kind = models.CharField(max_length=10, default="duty", db_default="duty")
    """`duty` takes work, `on_call` is paged."""
    rung = models.SmallIntegerField(default=1, db_default=1)
    slot = models.CharField(max_length=80, default="", db_default="")
    """What stays the same of a shift when its times change: its name in calendars."""
    sequence = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "shift"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="shift_has_length"
            ),
            models.UniqueConstraint(
                fields=["layer", "slot"], condition=~models.Q(slot=""), name="shift_slot_once"
            ),
        ]
        indexes = [
            models.Index(fields=["desk", "ends_at"], name="shift_on_duty"),
            models.Index(fields=["agent", "ends_at"], name="shift_of_agent"),
        ]
