"""An access log that can be edited proves nothing: PostgreSQL itself refuses.

The sessions that Django kept in a table of its own end here: people sign in again.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION access_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the access log is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE ON access_event
  FOR EACH ROW EXECUTE FUNCTION access_log_is_append_only();
CREATE TRIGGER access_log_never_emptied BEFORE TRUNCATE ON access_event
  FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_append_only();
ALTER TABLE access_event ENABLE ALWAYS TRIGGER access_log_append_only;
ALTER TABLE access_event ENABLE ALWAYS TRIGGER access_log_never_emptied;
DROP TABLE IF EXISTS django_session;
"""
BACKWARD = """
DROP TRIGGER access_log_never_emptied ON access_event;
DROP TRIGGER access_log_append_only ON access_event;
DROP FUNCTION access_log_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0023_access")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
