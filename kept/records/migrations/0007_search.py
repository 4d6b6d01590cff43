"""Let people search subjects, messages and customers by words.

The message index reads the first 100,000 characters: a tsvector holds a megabyte at most, and a
longer text must not keep a message from being written.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0006_api_tokens"),
    ]

    operations = [
        migrations.RunSQL(
            """
            CREATE INDEX ticket_words ON ticket USING gin
              (to_tsvector('simple', left(subject, 100000)));
            CREATE INDEX message_words ON message USING gin
              (to_tsvector('simple', left(text, 100000)));
            CREATE INDEX customer_words ON customer USING gin
              (to_tsvector('simple', left(name, 1000)));
            """,
            """
            DROP INDEX ticket_words;
            DROP INDEX message_words;
            DROP INDEX customer_words;
            """,
        ),
    ]
