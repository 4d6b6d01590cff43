"""What must go out: the outbox for the world, notifications for our own people.

A row here commits with the fact that caused it. `cause` is unique, so the same decision can
never send twice; `fence` grows with every claim, so a worker that woke up late is refused.
"""

from django.db import models
from django.db.models import Q


class Outbox(models.Model):
    """One thing to send. `mail_id` is its Message-ID, fixed at birth: copies share it."""

    class State(models.TextChoices):
        """queued -> sent or failed; held waits for a person."""

        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"
        HELD = "held"

    desk = models.ForeignKey("Desk", models.PROTECT)
    ticket = models.ForeignKey("Ticket", models.CASCADE, null=True)
    message = models.ForeignKey("Message", models.SET_NULL, null=True)
    cause = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=10, default="mail")
    recipient = models.CharField(max_length=320)
    payload = models.JSONField()
    mail_id = models.CharField(max_length=300)
    made_at = models.DateTimeField()
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    last_error = models.TextField(default="")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox"
        indexes = [
            models.Index(
                fields=["not_before", "id"], condition=Q(state="queued"), name="outbox_to_send"
            ),
            models.Index(fields=["desk", "-id"], name="outbox_recent"),
            models.Index(fields=["recipient", "made_at"], name="outbox_to_person"),
            models.Index(
                fields=["ticket", "id"], condition=Q(state="queued"), name="outbox_in_order"
            ),
        ]


class Notification(models.Model):
    """Something one of our people must see. A page repeats until it is acknowledged."""

    agent = models.ForeignKey("Agent", models.CASCADE, db_index=False)
    desk = models.ForeignKey("Desk", models.CASCADE)
    ticket = models.ForeignKey("Ticket", models.CASCADE, null=True)
    cause = models.CharField(max_length=220, unique=True)
    page = models.CharField(max_length=300, default="")
    repeats = models.IntegerField(default=0)
    means = models.JSONField(default=list)
    about = models.CharField(max_length=300, default="")
    clause = models.CharField(max_length=200, default="")
    due_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    late = models.BooleanField(default=False)
    mail_wanted = models.BooleanField(default=False)
    mailed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notification"
        indexes = [
            models.Index(fields=["agent", "-id"], condition=Q(seen_at=None), name="notice_unseen"),
            models.Index(
                fields=["agent", "id"],
                condition=Q(mail_wanted=True, mailed_at=None),
                name="notice_to_mail",
            ),
            models.Index(fields=["ticket", "page"], name="notice_page"),
        ]
