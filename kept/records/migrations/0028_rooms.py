"""The talk between teams about a ticket."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0027_presence")]

    operations = [
        migrations.CreateModel(
            name="RoomLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("key", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "room_line",
            },
        ),
        migrations.CreateModel(
            name="RoomRead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.BigIntegerField()),
            ],
            options={
                "db_table": "room_read",
            },
        ),
        migrations.AddField(
            model_name="roomline",
            name="agent",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="roomline",
            name="ticket",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="records.ticket"
            ),
        ),
        migrations.AddField(
            model_name="roomread",
            name="agent",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="roomread",
            name="ticket",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="records.ticket"
            ),
        ),
        migrations.AddIndex(
            model_name="roomline",
            index=models.Index(fields=["ticket", "-id"], name="room_newest"),
        ),
        migrations.AddConstraint(
            model_name="roomline",
            constraint=models.UniqueConstraint(
                fields=("agent", "key"), name="a_line_is_said_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="roomread",
            constraint=models.UniqueConstraint(fields=("ticket", "agent"), name="room_read_once"),
        ),
    ]
