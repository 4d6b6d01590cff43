"""Each desk serves whoever has a ticket there; the flags and the tier become that desk's own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0014_people")]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO customer_desk (customer_id, desk_id, since, tier, flags)
            SELECT t.customer_id, t.desk_id, min(t.opened_at), c.tier, c.flags
            FROM ticket t JOIN customer c ON c.id = t.customer_id
            GROUP BY t.customer_id, t.desk_id, c.tier, c.flags
            """,
            migrations.RunSQL.noop,
        ),
    ]
