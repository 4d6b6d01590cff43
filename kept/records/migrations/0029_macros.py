"""A desk's macros."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0028_rooms")]

    operations = [
        migrations.CreateModel(
            name="Macro",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("shortcut", models.CharField(default="", max_length=40)),
                ("kind", models.CharField(default="public", max_length=6)),
                ("text", models.TextField(default="")),
                ("acts", models.JSONField(default=list)),
                ("changed_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "macro",
            },
        ),
        migrations.AddField(
            model_name="macro",
            name="changed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="macro",
            name="desk",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="records.desk"
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("desk", "name"),
                name="macro_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("removed_at", None), models.Q(("shortcut", ""), _negated=True)
                ),
                fields=("desk", "shortcut"),
                name="macro_shortcut_once",
            ),
        ),
    ]
