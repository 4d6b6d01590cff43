"""What people keep for themselves about tickets: views, follows, snoozes, mentions, bulk acts.

None of it is a fact of a ticket: no clock, gate or report reads it, and it may be thrown away
without the desk owing anything else.
"""

from django.db import models
from django.db.models import Q


class SavedView(models.Model):
    """A named filter. `query` is the address's own terms; deleted ones can be brought back."""

    class Audience(models.TextChoices):
        """Who sees it: its owner, a team of a desk, everybody of a desk."""

        ME = "me"
        TEAM = "team"
        DESK = "desk"

    owner = models.ForeignKey("Agent", models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    audience = models.CharField(max_length=4, choices=Audience.choices, default=Audience.ME)
    desk = models.ForeignKey("Desk", models.CASCADE, null=True, related_name="+")
    team = models.CharField(max_length=60, default="")
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "saved_view"
        constraints = [
            models.CheckConstraint(
                condition=Q(audience="me", desk__isnull=True)
                | Q(audience__in=("team", "desk"), desk__isnull=False),
                name="a_shared_view_names_its_desk",
            )
        ]


class ViewPlace(models.Model):
    """Where somebody put a view in their own list; shared views stand where each reader likes."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="+")
    place = models.IntegerField()

    class Meta:
        db_table = "view_place"
        constraints = [
            models.UniqueConstraint(fields=["agent", "view"], name="view_has_one_place")
        ]


class Follow(models.Model):
    """Somebody wants to hear of a ticket."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "follow"
        constraints = [models.UniqueConstraint(fields=["agent", "ticket"], name="follow_once")]


class Snooze(models.Model):
    """Somebody put a ticket out of their own sight. It stops no clock and hides it from nobody
    else; `woken_for` says what brought it back, `seen_at` that they looked.
    """

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+", db_index=False)
    until = models.DateTimeField(null=True)
    on_answer = models.BooleanField(default=False)
    at = models.DateTimeField()
    woken_at = models.DateTimeField(null=True)
    woken_for = models.CharField(max_length=10, default="")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "snooze"
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "ticket"], condition=Q(seen_at=None), name="snooze_once"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=False) | Q(on_answer=True),
                name="a_snooze_knows_what_wakes_it",
            ),
        ]
        indexes = [
            models.Index(fields=["ticket"], condition=Q(woken_at=None), name="snooze_asleep")
        ]


class Mention(models.Model):
    """Somebody was named in a note."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="+")
    message = models.ForeignKey("Message", models.CASCADE, related_name="+")
    by = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mention"
        constraints = [
            models.UniqueConstraint(fields=["agent", "message"], name="mention_once_per_note")
        ]
        indexes = [
            models.Index(fields=["agent", "ticket"], name="mention_of_agent"),
            models.Index(fields=["agent", "at"], condition=Q(seen_at=None), name="mention_unseen"),
        ]


class NoticeChoice(models.Model):
    """By what means somebody wants to hear of what they chose to follow; the SOP's own notices
    go by the SOP's means.
    """

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12)
    means = models.CharField(max_length=8)

    class Meta:
        db_table = "notice_choice"
        constraints = [
            models.UniqueConstraint(fields=["agent", "kind"], name="notice_choice_once"),
            models.CheckConstraint(
                condition=Q(means__in=("none", "bell", "email")), name="means_are_known"
            ),
        ]


class AgentChoice(models.Model):
    """How somebody wants their workspace to behave: a name and a word."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=20)
    value = models.CharField(max_length=20)

    class Meta:
        db_table = "agent_choice"
        constraints = [models.UniqueConstraint(fields=["agent", "name"], name="agent_choice_once")]


class BulkAct(models.Model):
    """One act on several tickets: what was asked, what became of each, and how to undo it."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="+")
    token = models.CharField(max_length=40, unique=True)
    act = models.CharField(max_length=20)
    results = models.JSONField(default=list)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bulk_act"
