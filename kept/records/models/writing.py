"""What is being written: files before they are sent, replies on their way out, who is there.

Nothing here is part of the journal. A reply becomes a fact only when it leaves (decision 0010).
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Upload(models.Model):
    """A file that its owner has not sent yet, known by an unguessable token only."""

    token = models.CharField(max_length=40, unique=True)
    agent = models.ForeignKey("Agent", models.CASCADE, db_index=False)
    ticket = models.ForeignKey("Ticket", models.CASCADE)
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    size = models.BigIntegerField()
    body = models.BinaryField()
    is_picture = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    leaving = models.ForeignKey("LeavingReply", models.SET_NULL, null=True, related_name="files")
    """The reply it waits with, once that was sent off."""

    class Meta:
        db_table = "upload"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agent", "ticket"], name="upload_of_agent"),
            models.Index(fields=["made_at"], name="upload_by_age"),
        ]


class LeavingReply(models.Model):
    """A reply between the click and the moment it leaves; until then its author may undo it."""

    class State(models.TextChoices):
        """waiting -> left, undone or stopped; stopped tells the author why."""

        WAITING = "waiting"
        LEFT = "left"
        UNDONE = "undone"
        STOPPED = "stopped"

    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False)
    agent = models.ForeignKey("Agent", models.PROTECT)
    key = models.CharField(max_length=64)
    clicked_at = models.DateTimeField()
    leaves_at = models.DateTimeField()
    subject = models.TextField(default="")
    text = models.TextField(default="")
    template = models.CharField(max_length=100, default="")
    override = models.CharField(max_length=40, default="")
    """The id of the kept reason that lets a `require` gate pass."""
    follow = ArrayField(models.CharField(max_length=200), default=list)
    """What the button added: `resolve`, `wait`, `promise:WHAT:MICROSECONDS`."""
    actor = models.JSONField(default=dict)
    """Who clicked, as facts name them: the standing at the click counts."""
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    settled_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, default="")

    class Meta:
        db_table = "leaving_reply"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["agent", "key"], name="a_click_sends_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["leaves_at"], condition=Q(state="waiting"), name="reply_to_leave"
            ),
            models.Index(
                fields=["ticket", "id"], condition=Q(state="waiting"), name="reply_leaving_on"
            ),
        ]


class Presence(models.Model):
    """Who has a ticket open, and whether they write; a row without a fresh beat means nobody."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False)
    agent = models.ForeignKey("Agent", models.CASCADE, db_index=False)
    intent = models.CharField(max_length=8)
    beat_at = models.DateTimeField()

    class Meta:
        db_table = "presence"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["ticket", "agent"], name="present_once"),
            models.CheckConstraint(
                condition=Q(intent__in=["viewing", "writing"]), name="presence_intent_known"
            ),
        ]


class RoomLine(models.Model):
    """One line of the talk between teams about a ticket. Never sent, quoted or exported."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False)
    agent = models.ForeignKey("Agent", models.PROTECT, db_index=False)
    text = models.TextField()
    at = models.DateTimeField()
    key = models.CharField(max_length=64)

    class Meta:
        db_table = "room_line"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["agent", "key"], name="a_line_is_said_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["ticket", "-id"], name="room_newest")
        ]


class RoomRead(models.Model):
    """How far somebody has read a room."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False)
    agent = models.ForeignKey("Agent", models.CASCADE, db_index=False)
    line = models.BigIntegerField()

    class Meta:
        db_table = "room_read"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["ticket", "agent"], name="room_read_once")
        ]


class Macro(models.Model):
    """A text with acts that a desk does again and again; `acts` are [verb, value] pairs."""

    desk = models.ForeignKey("Desk", models.CASCADE, db_index=False)
    name = models.CharField(max_length=100)
    shortcut = models.CharField(max_length=40, default="")
    kind = models.CharField(max_length=6, default="public")
    text = models.TextField(default="")
    acts = models.JSONField(default=list)
    changed_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "macro"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["desk", "name"], condition=Q(removed_at=None), name="macro_name_once"
            ),
            models.UniqueConstraint(
                fields=["desk", "shortcut"],
                condition=Q(removed_at=None) & ~Q(shortcut=""),
                name="macro_shortcut_once",
            ),
        ]
