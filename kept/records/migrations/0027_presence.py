"""Who has a ticket open. A crash may lose it: everybody beats again within seconds."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0026_replies_that_can_be_undone")]

    operations = [
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("intent", models.CharField(max_length=8)),
                ("beat_at", models.DateTimeField()),
            ],
            options={
                "db_table": "presence",
            },
        ),
        migrations.AddField(
            model_name="presence",
            name="agent",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="ticket",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="records.ticket"
            ),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("ticket", "agent"), name="present_once"),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.CheckConstraint(
                condition=models.Q(("intent__in", ["viewing", "writing"])),
                name="presence_intent_known",
            ),
        ),
        migrations.RunSQL("ALTER TABLE presence SET UNLOGGED", "ALTER TABLE presence SET LOGGED"),
    ]
