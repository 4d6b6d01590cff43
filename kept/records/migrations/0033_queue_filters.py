"""Let every filter of the queue be answered from an index of open tickets."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0032_saved_views_follows_snoozes")]

    operations = [
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_queue",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_unowned",
        ),
        migrations.AddIndex(
            model_name="cadencetask",
            index=models.Index(
                condition=models.Q(("done_at", None)),
                fields=["desk", "due_at"],
                name="cadence_open",
            ),
        ),
        migrations.AddIndex(
            model_name="commitmentrow",
            index=models.Index(
                condition=models.Q(("missed_at__isnull", False)),
                fields=["desk", "clause", "ticket"],
                name="commitment_missed_clause",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status__in", ("new", "open", "waiting"))),
                fields=["desk", "queue_key", "id"],
                include=(
                    "severity",
                    "level",
                    "owner",
                    "team",
                    "status",
                    "next_at_risk_at",
                    "missed_count",
                ),
                name="ticket_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(
                    ("owner__isnull", True), ("status__in", ("new", "open", "waiting"))
                ),
                fields=["desk", "queue_key", "id"],
                include=("team", "level"),
                name="ticket_unowned",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status__in", ("new", "open", "waiting"))),
                fields=["desk", "opened_at", "id"],
                name="ticket_oldest",
            ),
        ),
        *(
            migrations.AddIndex(
                model_name="ticket",
                index=models.Index(
                    condition=models.Q(
                        status__in=("new", "open", "waiting"), **{f"{column}__isnull": False}
                    ),
                    fields=["desk", column, "queue_key", "id"],
                    name=f"ticket_open_{column}",
                ),
            )
            for column in ("severity", "level", "team", "channel", "type", "topic")
        ),
    ]
