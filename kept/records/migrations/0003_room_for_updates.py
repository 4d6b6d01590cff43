"""Leave room on the pages of rows that change all the time: most updates then touch no index."""

from django.db import migrations

FORWARD = """
ALTER TABLE ticket SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE commitment SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE outbox SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
"""
BACKWARD = """
ALTER TABLE ticket RESET (fillfactor, autovacuum_vacuum_scale_factor);
ALTER TABLE commitment RESET (fillfactor, autovacuum_vacuum_scale_factor);
ALTER TABLE outbox RESET (fillfactor, autovacuum_vacuum_scale_factor);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0002_journal_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
