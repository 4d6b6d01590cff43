"""What a desk missed today, without a walk through everything it ever owed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0009_sign_in_tries_and_settled_views")]

    operations = [
        migrations.AddIndex(
            model_name="commitmentrow",
            index=models.Index(
                condition=models.Q(("missed_at__isnull", False)),
                fields=["desk", "missed_at"],
                name="commitment_missed",
            ),
        ),
    ]
