"""Let each view of the queue be counted from an index of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0003_room_for_updates"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(
                    ("owner__isnull", True), ("status__in", ("new", "open", "waiting"))
                ),
                fields=["desk", "queue_key", "id"],
                name="ticket_unowned",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status", "waiting")),
                fields=["desk", "queue_key", "id"],
                name="ticket_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(
                    ("next_at_risk_at__isnull", False), ("status__in", ("new", "open", "waiting"))
                ),
                fields=["desk", "next_at_risk_at"],
                include=("queue_key",),
                name="ticket_at_risk",
            ),
        ),
    ]
