"""Desks and the policies they run.

A policy version is what one SOP text compiled to; its source is kept, so that the same policy
can be compiled again. One version of a desk is active at a time.
"""

from django.db import models
from django.db.models import Q


class Desk(models.Model):
    """One brand or department with one SOP."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    sop = models.CharField(max_length=60)
    address = models.CharField(max_length=254, unique=True)
    zone = models.CharField(max_length=60)
    stale_minutes = models.PositiveIntegerField(null=True)
    """After so long without an act of its owner a ticket goes back to its team; None is never."""

    class Meta:
        db_table = "desk"


class PolicyVersion(models.Model):
    """`hash` is the compiled policy's own; `parents` are the texts its `extends` named."""

    class State(models.TextChoices):
        """draft -> proposed -> active -> retired; a rollback makes a retired one active again."""

        DRAFT = "draft"
        PROPOSED = "proposed"
        ACTIVE = "active"
        RETIRED = "retired"

    desk = models.ForeignKey(Desk, models.PROTECT, related_name="policies")
    sop = models.CharField(max_length=60)
    version = models.CharField(max_length=40)
    hash = models.CharField(max_length=80)
    source = models.TextField()
    parents = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    proposed_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    activated_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    activated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "policy_version"
        constraints = [
            models.UniqueConstraint(fields=["desk", "hash"], name="policy_hash_once_per_desk"),
            models.UniqueConstraint(
                fields=["desk"], condition=Q(state="active"), name="policy_one_active_per_desk"
            ),
        ]


class PolicyProposal(models.Model):
    """The log of who proposed and who activated; never changed, only added to."""

    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="log")
    act = models.CharField(max_length=20)
    by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    moved = models.IntegerField(default=0)

    class Meta:
        db_table = "policy_log"


class Mailbox(models.Model):
    """A mailbox we read. `secret` is encrypted by the services before it comes here."""

    desk = models.ForeignKey(Desk, models.PROTECT, related_name="mailboxes")
    kind = models.CharField(max_length=10, default="imap")
    host = models.CharField(max_length=254)
    port = models.IntegerField()
    user = models.CharField(max_length=254)
    secret = models.BinaryField(default=b"")
    auth = models.CharField(max_length=10, default="password")
    tls = models.CharField(max_length=10, default="tls")
    folder = models.CharField(max_length=200, default="INBOX")
    uidvalidity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    last_poll_at = models.DateTimeField(null=True)
    problem = models.TextField(default="")

    class Meta:
        db_table = "mailbox"
        constraints = [
            models.UniqueConstraint(
                fields=["host", "port", "user", "folder"], name="mailbox_read_once"
            )
        ]
