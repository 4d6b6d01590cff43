"""What was done to many customer rows at once, kept so that it can be taken back.

A merge remembers every row it moved; an import every row it made or changed; an erasure only
that it happened, so that it can be done again after a restore.
"""

from django.db import models
from django.db.models import Q


class CustomerMerge(models.Model):
    """Two records of one person became one. `moved` maps tables to the ids that moved."""

    survivor = models.ForeignKey("Customer", models.CASCADE, related_name="+")
    gone = models.ForeignKey("Customer", models.CASCADE, related_name="+")
    moved = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    """The survivor's own words that the merge filled, and rows it ended, as they were."""
    by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "customer_merge"
        constraints = [
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at=None), name="customer_merged_once"
            )
        ]


class CustomerPair(models.Model):
    """Two records that look like one person, until somebody says that they are two."""

    one = models.ForeignKey("Customer", models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey("Customer", models.CASCADE, related_name="+")
    reason = models.CharField(max_length=20)
    """The strongest sign: number, mailbox, organisation or name."""
    found_at = models.DateTimeField()
    parted_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")
    parted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "customer_pair"
        constraints = [
            models.CheckConstraint(
                condition=Q(one__lt=models.F("other")), name="customer_pair_in_order"
            ),
            models.UniqueConstraint(fields=["one", "other"], name="customer_pair_once"),
        ]
        indexes = [
            models.Index(
                fields=["-id"], condition=Q(parted_at=None), name="customer_pair_to_judge"
            )
        ]


class CustomerImport(models.Model):
    """One file of customers: read, looked through, taken over, perhaps taken back."""

    class State(models.TextChoices):
        """uploaded -> checking -> checked -> running -> done -> undoing -> undone; or dropped."""

        UPLOADED = "uploaded"
        CHECKING = "checking"
        CHECKED = "checked"
        RUNNING = "running"
        DONE = "done"
        UNDOING = "undoing"
        UNDONE = "undone"
        DROPPED = "dropped"

    desk = models.ForeignKey("Desk", models.CASCADE)
    filename = models.CharField(max_length=255)
    size = models.BigIntegerField()
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    headers = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    """Column number -> what it means; a column that is not named is left out."""
    state = models.CharField(max_length=9, choices=State.choices, default=State.UPLOADED)
    offset = models.BigIntegerField(default=0)
    """How many bytes of the file are behind us in the present state."""
    rows = models.BigIntegerField(default=0)
    made = models.BigIntegerField(default=0)
    matched = models.BigIntegerField(default=0)
    wrong = models.BigIntegerField(default=0)
    by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "customer_import"
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["checking", "running", "undoing"]),
                name="customer_import_at_work",
            ),
            models.Index(fields=["desk", "-id"], name="customer_import_recent"),
        ]


class ImportChunk(models.Model):
    """A piece of an uploaded file; the whole never stands in memory."""

    run = models.ForeignKey(CustomerImport, models.CASCADE, db_index=False)
    start = models.BigIntegerField()
    body = models.BinaryField()

    class Meta:
        db_table = "import_chunk"
        constraints = [models.UniqueConstraint(fields=["run", "start"], name="import_chunk_once")]


class ImportRow(models.Model):
    """What one line of a file did, or what is wrong with it."""

    run = models.ForeignKey(CustomerImport, models.CASCADE, db_index=False)
    line = models.BigIntegerField()
    outcome = models.CharField(max_length=8)
    """made, matched or wrong."""
    problem = models.CharField(max_length=300, default="")
    customer = models.ForeignKey("Customer", models.SET_NULL, null=True)
    made = models.JSONField(default=dict)
    """Ids of the rows that this line made, by table."""
    before = models.JSONField(default=dict)
    """What the customer's row said before, where the line changed it."""

    class Meta:
        db_table = "import_row"
        constraints = [
            models.UniqueConstraint(fields=["run", "line", "outcome"], name="import_row_once")
        ]
        indexes = [
            models.Index(
                fields=["run", "line"], condition=Q(outcome="wrong"), name="import_row_wrong"
            )
        ]


class Erasure(models.Model):
    """A person who was erased, by number; done again after a restore from an older backup."""

    customer = models.BigIntegerField(unique=True)
    by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "erasure"
