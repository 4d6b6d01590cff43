"""The ticket row: what the queue shows, projected from the journal.

`state` is the engine's memory (msgspec JSON) and `last_hash` the end of the ticket's chain; both
change only together with a journal row. Everything else here can be rebuilt from the journal.
"""

from django.db import models
from django.db.models import Q

OPEN = ("new", "open", "waiting")
FILTERED = ("severity", "level", "team", "channel", "type", "topic")
"""Words that the queue is filtered by; each finds its next dues along an index of its own."""
NOTHING_DUE = 2**63 - 1
"""`queue_key` of a ticket that owes nothing: it sorts last."""


class Ticket(models.Model):
    """Its number is its id."""

    desk = models.ForeignKey("Desk", models.PROTECT, db_index=False)
    subject = models.TextField()
    customer = models.ForeignKey("Customer", models.PROTECT, null=True)
    status = models.CharField(max_length=20, default="new")
    severity = models.CharField(max_length=60, null=True)
    level = models.CharField(max_length=60, null=True)
    type = models.CharField(max_length=60, null=True)
    topic = models.CharField(max_length=60, null=True)
    owner = models.ForeignKey("Agent", models.PROTECT, null=True, db_index=False)
    team = models.CharField(max_length=60, null=True)
    channel = models.CharField(max_length=40, null=True)
    waiting_on = models.CharField(max_length=20, null=True)
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    state = models.BinaryField(default=b"")
    state_seq = models.IntegerField(default=0)
    last_hash = models.BinaryField(default=b"")
    policy_hash = models.CharField(max_length=80)
    next_timer_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True)
    next_due_name = models.CharField(max_length=200, null=True)
    next_due_clause = models.CharField(max_length=200, null=True)
    next_due_commitment = models.CharField(max_length=300, null=True)
    next_at_risk_at = models.DateTimeField(null=True)
    missed_count = models.IntegerField(default=0)
    queue_key = models.BigIntegerField(default=NOTHING_DUE)
    needs_attention = models.CharField(max_length=200, default="")
    timer_failures = models.IntegerField(default=0)

    class Meta:
        db_table = "ticket"
        indexes = [
            models.Index(
                fields=["next_timer_at"],
                condition=Q(next_timer_at__isnull=False),
                name="ticket_timer",
            ),
            models.Index(
                fields=["desk", "queue_key", "id"],
                include=[
                    "severity",
                    "level",
                    "owner",
                    "team",
                    "status",
                    "next_at_risk_at",
                    "missed_count",
                ],
                condition=Q(status__in=OPEN),
                name="ticket_queue",
            ),
            models.Index(
                fields=["owner", "queue_key", "id"],
                include=["desk", "severity", "level", "team", "status", "next_at_risk_at"],
                condition=Q(status__in=OPEN, owner__isnull=False),
                name="ticket_owned",
            ),
            models.Index(
                fields=["desk", "queue_key", "id"],
                include=["team", "level"],
                condition=Q(status__in=OPEN, owner__isnull=True),
                name="ticket_unowned",
            ),
            models.Index(
                fields=["desk", "queue_key", "id"],
                condition=Q(status="waiting"),
                name="ticket_waiting",
            ),
            models.Index(
                fields=["desk", "next_at_risk_at"],
                include=["queue_key"],
                condition=Q(status__in=OPEN, next_at_risk_at__isnull=False),
                name="ticket_at_risk",
            ),
            models.Index(fields=["desk"], condition=Q(status="resolved"), name="ticket_resolved"),
            models.Index(
                fields=["desk", "opened_at", "id"],
                condition=Q(status__in=OPEN),
                name="ticket_oldest",
            ),
            *(
                models.Index(
                    fields=["desk", column, "queue_key", "id"],
                    condition=Q(status__in=OPEN, **{f"{column}__isnull": False}),
                    name=f"ticket_open_{column}",
                )
                for column in FILTERED
            ),
            models.Index(fields=["desk", "-updated_at"], name="ticket_recent"),
            models.Index(fields=["desk", "status", "-updated_at"], name="ticket_by_status"),
            models.Index(fields=["desk", "policy_hash"], name="ticket_policy"),
        ]


class Draft(models.Model):
    """What an agent is writing. The one without a name saves itself; named ones are put aside."""

    agent = models.ForeignKey("Agent", models.CASCADE)
    ticket = models.ForeignKey(Ticket, models.CASCADE)
    kind = models.CharField(max_length=6, default="public", db_default="public")
    name = models.CharField(max_length=100, default="", db_default="")
    text = models.TextField()
    template = models.CharField(max_length=100, default="", db_default="")
    saved_at = models.DateTimeField()
    shared_at = models.DateTimeField(null=True)
    """Since when colleagues of the desk see it and may take it over."""

    class Meta:
        db_table = "draft"
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "ticket", "kind", "name"], name="draft_one_per_name"
            )
        ]
