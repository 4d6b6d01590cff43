"""What proves a person besides a password, and the links that work once.

Secrets are sealed by the services before they come here; of what only needs comparing, the hash
is kept.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Authenticator(models.Model):
    """A TOTP secret. `last_step` is the newest time step that was used: none counts twice."""

    agent = models.OneToOneField("Agent", models.CASCADE, related_name="authenticator")
    secret = models.BinaryField()
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    class Meta:
        db_table = "authenticator"


class RecoveryCode(models.Model):
    """One of the codes for the day the telephone is lost."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="recovery_codes")
    code_hash = models.BinaryField(unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_code"


class Passkey(models.Model):
    """A WebAuthn credential of a person."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="passkeys")
    credential = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField()
    name = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "passkey"


class OneTimeLink(models.Model):
    """An invitation or a reset of a password: unguessable, single-use, ends by itself."""

    kind = models.CharField(max_length=10)
    token_hash = models.BinaryField(unique=True)
    email = models.CharField(max_length=254)
    agent = models.ForeignKey("Agent", models.CASCADE, null=True, related_name="+")
    desk = models.ForeignKey("Desk", models.CASCADE, null=True, related_name="invitations")
    role = models.CharField(max_length=60, default="")
    level = models.CharField(max_length=60, null=True)
    team = models.CharField(max_length=60, null=True)
    name = models.CharField(max_length=200, default="")
    made_by = models.ForeignKey("Agent", models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "one_time_link"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(kind="reset", desk=None) | Q(kind="invite", desk__isnull=False),
                name="an_invitation_names_its_desk",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["desk", "-id"], name="invitations_of_desk"),
            models.Index(fields=["email", "-made_at"], name="links_to_address"),
        ]


class Spent(models.Model):
    """Something that was good for once: a challenge, a state, an assertion."""

    hash = models.BinaryField(primary_key=True)
    until = models.DateTimeField()

    class Meta:
        db_table = "spent"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["until"], name="spent_by_end")
        ]


class Preference(models.Model):
    """How a person likes the pages."""

    agent = models.OneToOneField(
        "Agent", models.CASCADE, primary_key=True, related_name="preference"
    )
    language = models.CharField(max_length=10, default="en")
    theme = models.CharField(max_length=5, default="")
    single_keys = models.BooleanField(default=True)

    class Meta:
        db_table = "preference"
