"""How a customer proves who they are, and what was tried. No code is ever stored.

A code is made again from its check's nonce and the installation's secret; a PIN is hashed with
argon2; an authenticator's seed is encrypted by the services.
"""

from django.db import models
from django.db.models import Q


class IdentityCheck(models.Model):
    """One check on one ticket. `tries` counts wrong answers; `word` is the SOP's method."""

    class State(models.TextChoices):
        """open -> passed, failed or replaced; each is final."""

        OPEN = "open"
        PASSED = "passed"
        FAILED = "failed"
        REPLACED = "replaced"

    ticket = models.ForeignKey("Ticket", models.CASCADE)
    customer = models.ForeignKey("Customer", models.CASCADE)
    kind = models.CharField(max_length=20)
    word = models.CharField(max_length=60)
    address = models.ForeignKey("CustomerAddress", models.SET_NULL, null=True)
    nonce = models.BinaryField(default=b"")
    tries = models.IntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    began_by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    good_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_check"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "kind"],
                condition=Q(state="open"),
                name="identity_check_one_open_per_kind",
            )
        ]
        indexes = [
            models.Index(fields=["customer", "kind", "began_at"], name="identity_check_recent")
        ]


class CustomerPin(models.Model):
    """The PIN of an account, hashed."""

    customer = models.OneToOneField("Customer", models.CASCADE, primary_key=True)
    hash = models.CharField(max_length=200)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey("Agent", models.PROTECT, related_name="+")

    class Meta:
        db_table = "customer_pin"


class CustomerAuthenticator(models.Model):
    """The seed that a customer's authenticator shares with us; `last_step` forbids a replay."""

    customer = models.OneToOneField("Customer", models.CASCADE, primary_key=True)
    seed = models.BinaryField()
    set_at = models.DateTimeField()
    set_by = models.ForeignKey("Agent", models.PROTECT, related_name="+")
    last_step = models.BigIntegerField(default=0)

    class Meta:
        db_table = "customer_authenticator"
