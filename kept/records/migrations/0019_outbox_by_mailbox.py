"""What went to one mailbox is counted by an index, however its address is written.

`a+x@b` reaches the mailbox of `a@b`, and one provider leaves dots out as well.
"""

from django.db import migrations

MAKE = r"""
CREATE FUNCTION mailbox_of(address text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
  CASE WHEN address ~ '@g(oogle)?mail\.com$'
       THEN replace(split_part(split_part(address, '@', 1), '+', 1), '.', '') || '@gmail.com'
       ELSE regexp_replace(address, '\+[^@]*@', '@') END;
CREATE INDEX outbox_to_mailbox ON outbox (mailbox_of(recipient), made_at);
"""
UNMAKE = "DROP INDEX outbox_to_mailbox; DROP FUNCTION mailbox_of(text);"


class Migration(migrations.Migration):
    dependencies = [("records", "0018_customer_pairs")]

    operations = [migrations.RunSQL(MAKE, UNMAKE)]
