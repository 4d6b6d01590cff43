"""Customers: a person, how to reach them, and what each desk keeps of them.

A person is one for the whole installation; everything a desk says of them (flags, purchases,
notes, household, organisation) is that desk's alone. Erasing empties rows and keeps numbers.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower


class Customer(models.Model):
    """A person the desks serve. One that was merged away stays as a number that leads on."""

    name = models.CharField(max_length=200, default="")
    language = models.CharField(max_length=20, default="")
    preferred_channel = models.CharField(max_length=40, default="")
    erased_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    compared_at = models.DateTimeField(null=True)
    """When it was last held against the others, for duplicates; None waits for it."""

    class Meta:
        db_table = "customer"
        indexes = [
            models.Index(
                fields=["merged_into"],
                condition=Q(merged_into__isnull=False),
                name="customer_merged",
            ),
            models.Index(fields=["id"], condition=Q(compared_at=None), name="customer_to_compare"),
        ]


class CustomerAddress(models.Model):
    """An address by which a customer is known. `value` is normalised by the services."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=320)
    label = models.CharField(max_length=40, default="", db_default="")
    is_preferred = models.BooleanField(default=False, db_default=False)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.CharField(max_length=40, default="", db_default="")
    """The method, in the words of the SOP."""
    added_at = models.DateTimeField(null=True)
    """When it was put on file by hand, by an import or by a merge; None came with its customer."""
    desk = models.ForeignKey("Desk", models.CASCADE, null=True, db_index=False)
    """The desk by whose word it is this customer's, and for which alone it counts; None for an
    address that the customer used, which counts everywhere."""

    class Meta:
        db_table = "customer_address"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value", "desk"],
                nulls_distinct=False,
                name="address_of_one_customer",
            ),
            models.UniqueConstraint(
                fields=["customer", "kind", "desk"],
                condition=Q(is_preferred=True),
                nulls_distinct=False,
                name="address_one_preferred_per_kind",
            ),
        ]


class CustomerDesk(models.Model):
    """A desk serves a customer since their first ticket there, or since somebody put them in."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="desks", db_index=False)
    desk = models.ForeignKey("Desk", models.CASCADE, related_name="customers", db_index=False)
    since = models.DateTimeField()
    tier = models.CharField(max_length=60, default="", db_default="")
    flags = ArrayField(models.CharField(max_length=60), default=list, db_default=[])
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "customer_desk"
        constraints = [
            models.UniqueConstraint(fields=["customer", "desk"], name="customer_desk_once")
        ]
        indexes = [
            models.Index(fields=["desk", "-customer"], name="customer_desk_newest"),
            models.Index(
                F("desk"),
                Coalesce("reviewed_at", "since"),
                name="customer_desk_review",
            ),
        ]


class CustomerNote(models.Model):
    """Something a desk wants to remember of a customer."""

    customer = models.ForeignKey(Customer, models.CASCADE)
    desk = models.ForeignKey("Desk", models.CASCADE)
    text = models.TextField()
    by = models.ForeignKey("Agent", models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        db_table = "customer_note"


class Organisation(models.Model):
    """A firm or body whose people write to a desk. Nobody joins one by their address alone."""

    desk = models.ForeignKey("Desk", models.CASCADE, db_index=False)
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, default="")
    notes = models.TextField(default="")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "organisation"
        constraints = [
            models.UniqueConstraint("desk", Lower("name"), name="organisation_once_per_desk")
        ]


class OrganisationMember(models.Model):
    """A customer's place in an organisation, until it ends."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="members")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    title = models.CharField(max_length=100, default="")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "organisation_member"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "customer"],
                condition=Q(ended_at=None),
                name="organisation_member_once",
            )
        ]


class Household(models.Model):
    """A family and whoever they care for, as one desk knows them."""

    desk = models.ForeignKey("Desk", models.CASCADE)
    name = models.CharField(max_length=200)
    notes = models.TextField(default="")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "household"


class HouseholdMember(models.Model):
    """Who somebody is in a household: the elder in care, a daughter, whoever pays."""

    household = models.ForeignKey(Household, models.CASCADE, related_name="members")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    role = models.CharField(max_length=40)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "household_member"
        constraints = [
            models.UniqueConstraint(
                fields=["household", "customer", "role"],
                condition=Q(ended_at=None),
                name="household_role_once",
            )
        ]


class Purchase(models.Model):
    """Something a customer bought; the SOP computes from it what they may claim."""

    desk = models.ForeignKey("Desk", models.CASCADE)
    customer = models.ForeignKey(Customer, models.CASCADE)
    product = models.CharField(max_length=200)
    serial = models.CharField(max_length=100, default="")
    order_number = models.CharField(max_length=100, default="")
    bought_on = models.DateField(null=True)
    price = models.BigIntegerField(null=True)
    cover = models.CharField(max_length=60, default="")
    more = models.JSONField(default=dict)
    """The SOP's own fields of a purchase, typed as it declares them."""
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("Agent", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "purchase"
        constraints = [
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="purchase_price_not_below"
            )
        ]
        indexes = [
            models.Index(fields=["serial"], condition=~Q(serial=""), name="purchase_by_serial")
        ]
