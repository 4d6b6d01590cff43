"""Find records of one person by their number, their mailbox or their name, a few at a time."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0017_people_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerPair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=20)),
                ("found_at", models.DateTimeField()),
                ("parted_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "customer_pair",
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="compared_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("compared_at", None)),
                fields=["id"],
                name="customer_to_compare",
            ),
        ),
        migrations.AddField(
            model_name="customerpair",
            name="one",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="customerpair",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="records.customer",
            ),
        ),
        migrations.AddField(
            model_name="customerpair",
            name="parted_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="customerpair",
            index=models.Index(
                condition=models.Q(("parted_at", None)),
                fields=["-id"],
                name="customer_pair_to_judge",
            ),
        ),
        migrations.AddConstraint(
            model_name="customerpair",
            constraint=models.CheckConstraint(
                condition=models.Q(("one__lt", models.F("other"))), name="customer_pair_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="customerpair",
            constraint=models.UniqueConstraint(fields=("one", "other"), name="customer_pair_once"),
        ),
        migrations.RunSQL(
            # name+shop@example.com and name@example.com are one mailbox.
            """
            CREATE INDEX customer_address_mailbox ON customer_address
              (regexp_replace(value, '\\+[^@]*@', '@')) WHERE kind = 'email'
            """,
            "DROP INDEX customer_address_mailbox",
        ),
    ]
