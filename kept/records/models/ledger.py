"""The journal and what is projected from it.

The journal is append-only (a trigger refuses the rest) and holds ids, never personal text.
Texts people wrote as reasons and evidence are in KeptText and StepEvidence, which may be erased.
"""

from django.db import models
from django.db.models import Q


class Journal(models.Model):
    """One fact on one ticket and the decisions that followed, chained by hash."""

    desk = models.ForeignKey("Desk", models.PROTECT, db_index=False)
    ticket = models.ForeignKey("Ticket", models.PROTECT, db_index=False)
    seq = models.IntegerField()
    fact_id = models.CharField(max_length=200)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by_agent = models.BigIntegerField(null=True)
    fact = models.JSONField()
    decisions = models.JSONField()
    refused = models.BooleanField(default=False)
    policy_hash = models.CharField(max_length=80)
    tzdata = models.CharField(max_length=20)
    prev_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "journal"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="journal_seq_once"),
            models.UniqueConstraint(fields=["ticket", "fact_id"], name="journal_fact_once"),
        ]


class CommitmentRow(models.Model):
    """What the desk owes, as the engine holds it."""

    desk = models.ForeignKey("Desk", models.PROTECT, db_index=False)
    ticket = models.ForeignKey("Ticket", models.CASCADE, db_index=False)
    commitment = models.CharField(max_length=300)
    clause = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=10)
    reason = models.CharField(max_length=200, default="")
    missed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    paused = models.BooleanField(default=False)
    suspended = models.BooleanField(default=False)
    late_open = models.BigIntegerField(default=0)
    late_wall = models.BigIntegerField(default=0)

    class Meta:
        db_table = "commitment"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "commitment"], name="commitment_once")
        ]
        indexes = [
            models.Index(fields=["desk", "clause", "verdict"], name="commitment_clause"),
            models.Index(
                fields=["desk", "missed_at"],
                condition=models.Q(missed_at__isnull=False),
                name="commitment_missed",
            ),
            models.Index(
                fields=["desk", "clause", "ticket"],
                condition=models.Q(missed_at__isnull=False),
                name="commitment_missed_clause",
            ),
        ]


class KeptText(models.Model):
    """A reason somebody gave; facts name it by id."""

    ticket = models.ForeignKey("Ticket", models.CASCADE, null=True)
    body = models.TextField()

    class Meta:
        db_table = "kept_text"


class StepEvidence(models.Model):
    """What proves a step: the form as it was filled in."""

    ticket = models.ForeignKey("Ticket", models.CASCADE)
    step = models.CharField(max_length=200)
    commitment = models.CharField(max_length=300, default="")
    form = models.CharField(max_length=100, default="")
    answers = models.JSONField(default=dict)
    by = models.ForeignKey("Agent", models.PROTECT, null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "step_evidence"


class ApprovalRow(models.Model):
    """One approval asked for, and what became of it."""

    desk = models.ForeignKey("Desk", models.PROTECT)
    ticket = models.ForeignKey("Ticket", models.CASCADE)
    approval = models.CharField(max_length=300)
    kind = models.CharField(max_length=100)
    amount = models.BigIntegerField(default=0)
    clause = models.CharField(max_length=200)
    roles = models.JSONField(default=list)
    requester = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=12, default="")
    settled_by = models.CharField(max_length=40, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "approval"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "approval"], name="approval_once")
        ]
        indexes = [models.Index(fields=["desk"], condition=Q(result=""), name="approval_open")]


class CadenceTask(models.Model):
    """One period of a cadence: due once, for the desk or for each of its subjects."""

    desk = models.ForeignKey("Desk", models.CASCADE)
    clause = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    subject = models.CharField(max_length=100, default="")
    role = models.CharField(max_length=60, null=True)
    form = models.CharField(max_length=100, null=True)
    period_start = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("Agent", models.PROTECT, null=True)
    evidence = models.JSONField(default=dict)
    missed_told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cadence_task"
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "name", "subject", "period_start"], name="cadence_once_per_period"
            )
        ]
        indexes = [
            models.Index(fields=["desk", "due_at"], condition=Q(done_at=None), name="cadence_open")
        ]


class Payment(models.Model):
    """Money that went out on a ticket; approvals sum over these."""

    desk = models.ForeignKey("Desk", models.PROTECT, db_index=False)
    ticket = models.ForeignKey("Ticket", models.PROTECT)
    customer = models.ForeignKey("Customer", models.PROTECT, null=True, db_index=False)
    kind = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    by = models.ForeignKey("Agent", models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        db_table = "payment"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_positive")
        ]
        indexes = [models.Index(fields=["customer", "at"], name="payment_by_customer")]
