"""Identity providers (OIDC, SAML), who is who there, and what SCIM provisioned.

A provider entered on a page belongs to its desk and brings in people for that desk only.
`settings` holds nothing secret; `secret` is sealed by the services and never handed out.
"""

from typing import ClassVar

from django.db import models
from django.db.models import functions


class IdentityProvider(models.Model):
    """One place that says who somebody is. `issuer` is the key of all its identities."""

    desk = models.ForeignKey("Desk", models.PROTECT, null=True, related_name="providers")
    slug = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=4)
    name = models.CharField(max_length=100)
    issuer = models.CharField(max_length=500)
    client = models.CharField(max_length=300, default="")
    secret = models.BinaryField(default=b"")
    address = models.CharField(max_length=500, default="")
    certificate = models.TextField(default="")
    groups = models.JSONField(default=dict)
    """Group of the provider to role of the desk; empty brings in nobody."""
    is_on = models.BooleanField(default=True)

    class Meta:
        db_table = "identity_provider"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(kind__in=("oidc", "saml")), name="oidc_or_saml"
            )
        ]


class Identity(models.Model):
    """A person as one issuer knows them."""

    agent = models.ForeignKey("Agent", models.CASCADE, related_name="identities")
    provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=500)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "identity"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["provider", "issuer", "subject"], name="identity_of_one_person"
            )
        ]


class ScimUser(models.Model):
    """An agent as a desk's directory keeps it."""

    desk = models.ForeignKey("Desk", models.PROTECT, related_name="scim_users")
    agent = models.ForeignKey("Agent", models.CASCADE, related_name="scim_users")
    user_name = models.CharField(max_length=254)
    display = models.CharField(max_length=200, default="", db_default="")
    external = models.CharField(max_length=300, default="")
    is_active = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "scim_user"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["desk", "agent"], name="scim_user_once_a_desk"),
            models.UniqueConstraint(
                models.F("desk"),
                functions.Lower("user_name"),
                name="scim_user_name_once_a_desk",
            ),
        ]


class ScimGroup(models.Model):
    """A directory's group; where it has the name of a role, its members have the role."""

    desk = models.ForeignKey("Desk", models.PROTECT, related_name="scim_groups")
    name = models.CharField(max_length=200)
    external = models.CharField(max_length=300, default="")
    role = models.CharField(max_length=60, default="")
    members = models.ManyToManyField(ScimUser, related_name="groups", db_table="scim_member")
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "scim_group"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["desk", "name"], name="scim_group_once_a_desk")
        ]
