"""Count what one address got lately without reading the whole outbox."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0004_queue_views"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outbox",
            index=models.Index(fields=["recipient", "made_at"], name="outbox_to_person"),
        ),
    ]
