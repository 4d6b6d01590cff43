"""Search by stems and without accents, and find names and subjects in spite of a slip.

`kept_words` keeps each word as it is without its accents; `kept_stems` takes English endings
off. Both stand in one index, so a search asks once. Trigrams are for names and subjects only:
on the text of messages they cost more than they find (docs/speed.md).
"""

from django.db import migrations

CONFIGURATIONS = """
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TEXT SEARCH CONFIGURATION kept_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION kept_words
  ALTER MAPPING FOR asciiword, asciihword, hword_asciipart, word, hword, hword_part
  WITH unaccent, simple;
CREATE TEXT SEARCH CONFIGURATION kept_stems (COPY = english);
ALTER TEXT SEARCH CONFIGURATION kept_stems
  ALTER MAPPING FOR word, hword, hword_part WITH unaccent, english_stem;
"""
WITHOUT = """
DROP TEXT SEARCH CONFIGURATION kept_stems;
DROP TEXT SEARCH CONFIGURATION kept_words;
"""
PLAIN = """
CREATE INDEX ticket_words ON ticket USING gin (to_tsvector('simple', left(subject, 100000)));
CREATE INDEX message_words ON message USING gin (to_tsvector('simple', left(text, 100000)));
CREATE INDEX customer_words ON customer USING gin (to_tsvector('simple', left(name, 1000)));
"""
DROPPED = """
DROP INDEX ticket_words;
DROP INDEX message_words;
DROP INDEX customer_words;
"""
RICH = """
CREATE INDEX ticket_words ON ticket USING gin
  ((to_tsvector('kept_words', left(subject, 100000))
    || to_tsvector('kept_stems', left(subject, 100000))));
CREATE INDEX message_words ON message USING gin
  ((to_tsvector('kept_words', left(text, 100000))
    || to_tsvector('kept_stems', left(text, 100000))));
CREATE INDEX customer_words ON customer USING gin (to_tsvector('kept_words', left(name, 1000)));
CREATE INDEX ticket_like ON ticket USING gin (left(subject, 200) gin_trgm_ops);
CREATE INDEX customer_like ON customer USING gin (left(name, 200) gin_trgm_ops);
"""
WITHOUT_LIKE = """
DROP INDEX ticket_like;
DROP INDEX customer_like;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0033_queue_filters")]
    operations = [
        migrations.RunSQL(CONFIGURATIONS, WITHOUT),
        migrations.RunSQL(DROPPED, PLAIN),
        migrations.RunSQL(RICH, DROPPED + WITHOUT_LIKE),
    ]
