"""Keep the words of subjects and messages beside them.

A search that narrows many hits by other things read their words anew for each: a common word
with a rare filter took seconds. Stored, a word is one comparison.
"""

from django.db import migrations

HELD = (
    "to_tsvector('kept_words', left({0}, 100000)) || to_tsvector('kept_stems', left({0}, 100000))"
)
DROPPED = "DROP INDEX {0}_words"
EXPRESSED = "CREATE INDEX {0}_words ON {0} USING gin (({1}))"
STORED = """
ALTER TABLE {0} ADD COLUMN words tsvector GENERATED ALWAYS AS ({1}) STORED;
CREATE INDEX {0}_words ON {0} USING gin (words);
"""
WITHOUT = "DROP INDEX {0}_words; ALTER TABLE {0} DROP COLUMN words"
TABLES = (("ticket", HELD.format("subject")), ("message", HELD.format("text")))


class Migration(migrations.Migration):
    dependencies = [("records", "0036_rotas")]
    operations = [
        operation
        for table, held in TABLES
        for operation in (
            migrations.RunSQL(DROPPED.format(table), EXPRESSED.format(table, held)),
            migrations.RunSQL(STORED.format(table, held), WITHOUT.format(table)),
        )
    ]
