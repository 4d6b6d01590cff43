"""An address that a desk put on file counts for that desk alone.

Else one desk could let its own address speak for a customer at another desk.
"""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("records", "0020_outages")]

    operations = [
        migrations.AddField(
            model_name="customeraddress",
            name="desk",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=models.deletion.CASCADE, to="records.desk"
            ),
        ),
        migrations.RemoveConstraint("customeraddress", "address_of_one_customer"),
        migrations.AddConstraint(
            "customeraddress",
            models.UniqueConstraint(
                fields=["kind", "value", "desk"],
                nulls_distinct=False,
                name="address_of_one_customer",
            ),
        ),
        migrations.RemoveConstraint("customeraddress", "address_one_preferred_per_kind"),
        migrations.AddConstraint(
            "customeraddress",
            models.UniqueConstraint(
                fields=["customer", "kind", "desk"],
                condition=Q(is_preferred=True),
                nulls_distinct=False,
                name="address_one_preferred_per_kind",
            ),
        ),
    ]
