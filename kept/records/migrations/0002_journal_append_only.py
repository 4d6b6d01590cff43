"""A journal that can be edited proves nothing: PostgreSQL itself refuses."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal
  FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
CREATE TRIGGER journal_never_emptied BEFORE TRUNCATE ON journal
  FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
-- Even a session that replays another server's changes fires them.
ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_append_only;
ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_never_emptied;
"""
BACKWARD = """
DROP TRIGGER journal_never_emptied ON journal;
DROP TRIGGER journal_append_only ON journal;
DROP FUNCTION journal_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_first_tables")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
