"""Replies that wait before they leave, and the files that wait with them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0025_drafts_by_kind_and_name")]

    operations = [
        migrations.CreateModel(
            name="LeavingReply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("clicked_at", models.DateTimeField()),
                ("leaves_at", models.DateTimeField()),
                ("subject", models.TextField(default="")),
                ("text", models.TextField(default="")),
                ("template", models.CharField(default="", max_length=100)),
                ("override", models.CharField(default="", max_length=40)),
                (
                    "follow",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), default=list, size=None
                    ),
                ),
                ("actor", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("left", "Left"),
                            ("undone", "Undone"),
                            ("stopped", "Stopped"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(default="", max_length=300)),
            ],
            options={
                "db_table": "leaving_reply",
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=40, unique=True)),
                ("filename", models.CharField(max_length=255)),
                ("content_type", models.CharField(max_length=127)),
                ("size", models.BigIntegerField()),
                ("body", models.BinaryField()),
                ("is_picture", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "upload",
            },
        ),
        migrations.AddField(
            model_name="agent",
            name="undo_seconds",
            field=models.SmallIntegerField(db_default=10, default=10),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("undo_seconds__range", (0, 30))), name="undo_within_30_seconds"
            ),
        ),
        migrations.AddField(
            model_name="leavingreply",
            name="agent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="leavingreply",
            name="ticket",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="records.ticket"
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="agent",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="leaving",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="files",
                to="records.leavingreply",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="records.ticket"
            ),
        ),
        migrations.AddIndex(
            model_name="leavingreply",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["leaves_at"],
                name="reply_to_leave",
            ),
        ),
        migrations.AddIndex(
            model_name="leavingreply",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["ticket", "id"],
                name="reply_leaving_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="leavingreply",
            constraint=models.UniqueConstraint(fields=("agent", "key"), name="a_click_sends_once"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["agent", "ticket"], name="upload_of_agent"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["made_at"], name="upload_by_age"),
        ),
    ]
