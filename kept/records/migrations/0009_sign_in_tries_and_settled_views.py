"""Tries to sign in, and the count of resolved tickets without a walk through closed ones."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0008_two_people_and_heartbeats")]

    operations = [
        migrations.CreateModel(
            name="SignInTry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("account", models.BinaryField()),
                ("source", models.CharField(max_length=64)),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("result", models.CharField(max_length=5)),
            ],
            options={
                "db_table": "sign_in_try",
                "indexes": [
                    models.Index(fields=["account", "-at"], name="tries_of_account"),
                    models.Index(fields=["source", "-at"], name="tries_of_source"),
                    models.Index(fields=["at"], name="tries_by_age"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ("wrong", "right", "held"))),
                        name="a_try_ends_one_way",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status", "resolved")), fields=["desk"], name="ticket_resolved"
            ),
        ),
    ]
