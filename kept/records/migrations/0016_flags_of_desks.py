"""The words of one SOP are no longer shown to the desks of another."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0015_customers_of_desks")]

    operations = [
        migrations.RemoveField(model_name="customer", name="flags"),
        migrations.RemoveField(model_name="customer", name="tier"),
    ]
