"""Tries to sign in: what a throttle counts, and what an audit reads afterwards.

An address is kept as its hash, for people also mistype their passwords into that field.
"""

from django.db import models


class SignInTry(models.Model):
    """One try. `result` is wrong until the password proves right; a held one proves nothing."""

    at = models.DateTimeField()
    account = models.BinaryField()
    source = models.CharField(max_length=64)
    agent = models.ForeignKey("Agent", models.CASCADE, null=True, db_index=False)
    result = models.CharField(max_length=5)

    class Meta:
        db_table = "sign_in_try"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(result__in=("wrong", "right", "held")),
                name="a_try_ends_one_way",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-at"], name="tries_of_account"),
            models.Index(fields=["source", "-at"], name="tries_of_source"),
            models.Index(fields=["at"], name="tries_by_age"),
        ]
