"""Tokens of programs, and what they asked for under an Idempotency-Key.

A token acts as an agent of its own, so its rights are a membership like anybody's and its acts
stand in the journal under its own number. Only the hash of a token is kept.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiToken(models.Model):
    """One secret of one program, for one role on one desk."""

    agent = models.OneToOneField("Agent", models.PROTECT, related_name="token")
    desk = models.ForeignKey("Desk", models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=60)
    owner = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="own_tokens")
    """The person whose token it is: it never has more than they have. None is a program's."""
    scopes = ArrayField(models.CharField(max_length=20), default=list, db_default=[])
    """What it may do of the role; empty is all of it."""
    token_hash = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_token"


class IdempotentAnswer(models.Model):
    """What a request with a key was answered; committed together with its effect."""

    token = models.ForeignKey(ApiToken, models.CASCADE, db_index=False)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField()
    status = models.IntegerField()
    content_type = models.CharField(max_length=60)
    body = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "idempotent_answer"
        constraints = [
            models.UniqueConstraint(fields=["token", "route", "key"], name="one_answer_per_key")
        ]
        indexes = [models.Index(fields=["made_at"], name="answers_by_age")]
