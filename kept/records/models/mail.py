"""What was said: raw bytes as they came, messages, attachments, and what threads a reply.

The raw row is written before anything reads it. Long identifiers are hashed: a Message-ID of
9,000 characters does not fit into an index.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class RawMessage(models.Model):
    """Bytes from outside, unparsed. `dedupe_key` makes redelivery a no-op."""

    class State(models.TextChoices):
        """received -> taken, duplicate or quarantined; a person may send it back to received."""

        RECEIVED = "received"
        TAKEN = "taken"
        QUARANTINED = "quarantined"
        DUPLICATE = "duplicate"
        DISCARDED = "discarded"

    desk = models.ForeignKey("Desk", models.PROTECT, related_name="raw_messages")
    mailbox = models.CharField(max_length=320)
    sha256 = models.BinaryField()
    dedupe_key = models.BinaryField(unique=True)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    trusted_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    problem = models.TextField(default="")
    attempts = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    ticket = models.ForeignKey("Ticket", models.SET_NULL, null=True)

    class Meta:
        db_table = "raw_message"
        indexes = [
            models.Index(fields=["id"], condition=Q(state="received"), name="raw_to_take"),
            models.Index(
                fields=["desk", "-id"], condition=Q(state="quarantined"), name="raw_held"
            ),
        ]


class Message(models.Model):
    """One turn of a conversation, or a note. Its texts are erasable."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=10)
    direction = models.CharField(max_length=4, default="")
    agent = models.ForeignKey("Agent", models.PROTECT, null=True)
    customer = models.ForeignKey("Customer", models.PROTECT, null=True)
    sender = models.CharField(max_length=400, default="")
    channel = models.CharField(max_length=40, default="")
    subject = models.TextField(default="")
    text = models.TextField(default="")
    quoted = models.TextField(default="")
    html = models.TextField(default="")
    message_id = models.TextField(default="")
    template = models.CharField(max_length=100, default="")
    warning = models.CharField(max_length=300, default="")
    sent_at = models.DateTimeField()
    delivery = models.CharField(max_length=12, default="")
    raw = models.ForeignKey(RawMessage, models.SET_NULL, null=True)
    came_from = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    """The tickets it was merged out of, the last one last: an unmerge takes it back there."""

    class Meta:
        db_table = "message"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["public", "note", "system"]), name="message_kind_known"
            )
        ]


class Attachment(models.Model):
    """A file of a message. `inline_cid` is the content id an HTML part shows it by."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    size = models.BigIntegerField()
    sha256 = models.BinaryField()
    body = models.BinaryField()
    inline_cid = models.CharField(max_length=250, default="")

    class Meta:
        db_table = "attachment"


class ReplyToken(models.Model):
    """The unguessable address of one recipient on one ticket; only its hash is kept."""

    token_hash = models.BinaryField(unique=True)
    ticket = models.ForeignKey("Ticket", models.CASCADE)
    customer = models.ForeignKey("Customer", models.CASCADE, null=True)
    agent = models.ForeignKey("Agent", models.CASCADE, null=True)
    recipient = models.CharField(max_length=320)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    came_from = ArrayField(models.BigIntegerField(), default=list, db_default=[])

    class Meta:
        db_table = "reply_token"


class MessageIdSeen(models.Model):
    """Message-IDs we sent or took in, hashed; References are looked up here."""

    hash = models.BinaryField()
    desk = models.ForeignKey("Desk", models.CASCADE)
    ticket = models.ForeignKey("Ticket", models.CASCADE)
    message = models.ForeignKey(Message, models.CASCADE, null=True)

    class Meta:
        db_table = "message_id_seen"
        constraints = [
            models.UniqueConstraint(fields=["desk", "hash"], name="message_id_once_per_desk")
        ]
