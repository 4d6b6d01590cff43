"""How tickets belong together: escalation tickets, duplicates, incidents of a problem."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0012_personal_reads"),
    ]

    operations = [
        migrations.CreateModel(
            name="TicketLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("child_of", "Child Of"),
                            ("duplicate_of", "Duplicate Of"),
                            ("incident_of", "Incident Of"),
                            ("related_to", "Related To"),
                        ],
                        max_length=20,
                    ),
                ),
                ("clause", models.CharField(default="", max_length=200)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "desk",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="records.desk",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.ticket",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="records.ticket",
                    ),
                ),
            ],
            options={
                "db_table": "ticket_link",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)),
                        fields=["other", "kind"],
                        name="ticket_link_other",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ticket", models.F("other")), _negated=True),
                        name="ticket_link_not_to_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "related_to"), _negated=True),
                            ("ticket__lt", models.F("other")),
                            _connector="OR",
                        ),
                        name="ticket_link_related_one_way",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("ticket", "other", "kind"),
                        name="ticket_link_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            ("kind__in", ("child_of", "duplicate_of", "incident_of")),
                        ),
                        fields=("ticket", "kind"),
                        name="ticket_link_one_parent",
                    ),
                ],
            },
        ),
    ]
