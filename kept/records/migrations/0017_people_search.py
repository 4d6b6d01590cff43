"""Find people by a name with a slip in it, a piece of an address, an organisation.

`plain_words` is what both sides of a comparison go through: lower case, no accents. unaccent()
itself is not immutable because its dictionary could be changed; ours is named, and is not.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0016_flags_of_desks")]

    operations = [
        migrations.RunSQL(
            """
            CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
            CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
            CREATE OR REPLACE FUNCTION plain_words(text) RETURNS text
              LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
              AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$;
            CREATE INDEX customer_name_like ON customer USING gin
              (plain_words(name) public.gin_trgm_ops);
            CREATE INDEX customer_address_like ON customer_address USING gin
              (value public.gin_trgm_ops);
            CREATE INDEX organisation_name_like ON organisation USING gin
              (plain_words(name) public.gin_trgm_ops);
            """,
            """
            DROP INDEX organisation_name_like;
            DROP INDEX customer_address_like;
            DROP INDEX customer_name_like;
            DROP FUNCTION plain_words(text);
            """,
        ),
    ]
