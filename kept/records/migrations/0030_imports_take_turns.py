"""An import at work is held by its row lock alone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0029_macros"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="customerimport",
            name="lease_until",
        ),
    ]
