"""Drafts by kind and name; some are shared with the desk."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0024_access_log_append_only")]

    operations = [
        migrations.RemoveConstraint(
            model_name="draft",
            name="draft_one_per_agent",
        ),
        migrations.AddField(
            model_name="draft",
            name="kind",
            field=models.CharField(db_default="public", default="public", max_length=6),
        ),
        migrations.AddField(
            model_name="draft",
            name="name",
            field=models.CharField(db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="draft",
            name="shared_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="draft",
            name="template",
            field=models.CharField(db_default="", default="", max_length=100),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                fields=("agent", "ticket", "kind", "name"), name="draft_one_per_name"
            ),
        ),
    ]
