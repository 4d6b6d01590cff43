"""An import at work is held by its row lock alone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0020_outages"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="customerimport",
            name="lease_until",
        ),
    ]
