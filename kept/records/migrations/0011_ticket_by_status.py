"""The counts of waiting, resolved and closed tickets read an index of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0010_misses_by_day")]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["desk", "status", "-updated_at"], name="ticket_by_status"),
        ),
    ]
