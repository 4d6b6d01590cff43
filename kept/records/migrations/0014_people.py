"""A person is one; what each desk keeps of them is its own, and each change can be taken back."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0013_ticket_links"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerAuthenticator",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="records.customer",
                    ),
                ),
                ("seed", models.BinaryField()),
                ("set_at", models.DateTimeField()),
                ("last_step", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "customer_authenticator",
            },
        ),
        migrations.CreateModel(
            name="CustomerDesk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("tier", models.CharField(db_default="", default="", max_length=60)),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        db_default=[],
                        default=list,
                        size=None,
                    ),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "customer_desk",
            },
        ),
        migrations.CreateModel(
            name="CustomerImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("filename", models.CharField(max_length=255)),
                ("size", models.BigIntegerField()),
                ("encoding", models.CharField(max_length=20)),
                ("delimiter", models.CharField(max_length=1)),
                ("headers", models.JSONField(default=list)),
                ("mapping", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("checking", "Checking"),
                            ("checked", "Checked"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                            ("dropped", "Dropped"),
                        ],
                        default="uploaded",
                        max_length=9,
                    ),
                ),
                ("offset", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("made", models.BigIntegerField(default=0)),
                ("matched", models.BigIntegerField(default=0)),
                ("wrong", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "customer_import",
            },
        ),
        migrations.CreateModel(
            name="CustomerMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("moved", models.JSONField(default=dict)),
                ("before", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "customer_merge",
            },
        ),
        migrations.CreateModel(
            name="CustomerNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "customer_note",
            },
        ),
        migrations.CreateModel(
            name="CustomerPin",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="records.customer",
                    ),
                ),
                ("hash", models.CharField(max_length=200)),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "db_table": "customer_pin",
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("customer", models.BigIntegerField(unique=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "erasure",
            },
        ),
        migrations.CreateModel(
            name="Household",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("notes", models.TextField(default="")),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "household",
            },
        ),
        migrations.CreateModel(
            name="HouseholdMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("role", models.CharField(max_length=40)),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "household_member",
            },
        ),
        migrations.CreateModel(
            name="IdentityCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("word", models.CharField(max_length=60)),
                ("nonce", models.BinaryField(default=b"")),
                ("tries", models.IntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("passed", "Passed"),
                            ("failed", "Failed"),
                            ("replaced", "Replaced"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("began_at", models.DateTimeField()),
                ("good_until", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "identity_check",
            },
        ),
        migrations.CreateModel(
            name="ImportChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.BigIntegerField()),
                ("body", models.BinaryField()),
            ],
            options={
                "db_table": "import_chunk",
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.BigIntegerField()),
                ("outcome", models.CharField(max_length=8)),
                ("problem", models.CharField(default="", max_length=300)),
                ("made", models.JSONField(default=dict)),
                ("before", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "import_row",
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("domain", models.CharField(default="", max_length=253)),
                ("notes", models.TextField(default="")),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "organisation",
            },
        ),
        migrations.CreateModel(
            name="OrganisationMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(default="", max_length=100)),
                ("since", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "organisation_member",
            },
        ),
        migrations.CreateModel(
            name="Purchase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product", models.CharField(max_length=200)),
                ("serial", models.CharField(default="", max_length=100)),
                ("order_number", models.CharField(default="", max_length=100)),
                ("bought_on", models.DateField(null=True)),
                ("price", models.BigIntegerField(null=True)),
                ("cover", models.CharField(default="", max_length=60)),
                ("more", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "purchase",
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="merged_into",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="customeraddress",
            name="added_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="customeraddress",
            name="is_preferred",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="customeraddress",
            name="label",
            field=models.CharField(db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="customeraddress",
            name="verified_by",
            field=models.CharField(db_default="", default="", max_length=40),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="customer_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="customeraddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_preferred", True)),
                fields=("customer", "kind"),
                name="address_one_preferred_per_kind",
            ),
        ),
        migrations.AddField(
            model_name="customerauthenticator",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customerdesk",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="desks",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="customerdesk",
            name="desk",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="customers",
                to="records.desk",
            ),
        ),
        migrations.AddField(
            model_name="customerdesk",
            name="reviewed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customerimport",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customerimport",
            name="desk",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.desk"
            ),
        ),
        migrations.AddField(
            model_name="customermerge",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customermerge",
            name="gone",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="customermerge",
            name="survivor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="customermerge",
            name="undone_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="customernote",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="customernote",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.customer"
            ),
        ),
        migrations.AddField(
            model_name="customernote",
            name="desk",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.desk"
            ),
        ),
        migrations.AddField(
            model_name="customerpin",
            name="set_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="household",
            name="desk",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.desk"
            ),
        ),
        migrations.AddField(
            model_name="household",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="householdmember",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="householdmember",
            name="household",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="records.household",
            ),
        ),
        migrations.AddField(
            model_name="identitycheck",
            name="address",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="records.customeraddress",
            ),
        ),
        migrations.AddField(
            model_name="identitycheck",
            name="began_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="identitycheck",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.customer"
            ),
        ),
        migrations.AddField(
            model_name="identitycheck",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.ticket"
            ),
        ),
        migrations.AddField(
            model_name="importchunk",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="records.customerimport",
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="customer",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, to="records.customer"
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="records.customerimport",
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="desk",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="records.desk"
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="organisationmember",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="organisationmember",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="records.organisation",
            ),
        ),
        migrations.AddField(
            model_name="purchase",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.customer"
            ),
        ),
        migrations.AddField(
            model_name="purchase",
            name="desk",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.desk"
            ),
        ),
        migrations.AddField(
            model_name="purchase",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="customerdesk",
            index=models.Index(fields=["desk", "-customer"], name="customer_desk_newest"),
        ),
        migrations.AddIndex(
            model_name="customerdesk",
            index=models.Index(
                models.F("desk"),
                django.db.models.functions.comparison.Coalesce("reviewed_at", "since"),
                name="customer_desk_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerdesk",
            constraint=models.UniqueConstraint(
                fields=("customer", "desk"), name="customer_desk_once"
            ),
        ),
        migrations.AddIndex(
            model_name="customerimport",
            index=models.Index(
                condition=models.Q(("state__in", ["checking", "running", "undoing"])),
                fields=["id"],
                name="customer_import_at_work",
            ),
        ),
        migrations.AddIndex(
            model_name="customerimport",
            index=models.Index(fields=["desk", "-id"], name="customer_import_recent"),
        ),
        migrations.AddConstraint(
            model_name="customermerge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)),
                fields=("gone",),
                name="customer_merged_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="householdmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("household", "customer", "role"),
                name="household_role_once",
            ),
        ),
        migrations.AddIndex(
            model_name="identitycheck",
            index=models.Index(
                fields=["customer", "kind", "began_at"], name="identity_check_recent"
            ),
        ),
        migrations.AddConstraint(
            model_name="identitycheck",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("ticket", "kind"),
                name="identity_check_one_open_per_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="importchunk",
            constraint=models.UniqueConstraint(fields=("run", "start"), name="import_chunk_once"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                condition=models.Q(("outcome", "wrong")),
                fields=["run", "line"],
                name="import_row_wrong",
            ),
        ),
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.UniqueConstraint(
                fields=("run", "line", "outcome"), name="import_row_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                models.F("desk"),
                django.db.models.functions.text.Lower("name"),
                name="organisation_once_per_desk",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisationmember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("organisation", "customer"),
                name="organisation_member_once",
            ),
        ),
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(
                condition=models.Q(("serial", ""), _negated=True),
                fields=["serial"],
                name="purchase_by_serial",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchase",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__isnull", True), ("price__gte", 0), _connector="OR"),
                name="purchase_price_not_below",
            ),
        ),
    ]
