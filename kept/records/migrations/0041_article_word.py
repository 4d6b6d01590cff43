"""Look each word of a text up by itself, so that words which are everywhere cost no more.

A GIN index reads the whole list of a common word before the first row comes out; suggestions
while somebody types must not. The rows follow their article by a trigger, as its `words` do by
their definition. Only the beginning of a long text is in it: there stands what it is about.
"""

import django.db.models.deletion
from django.db import migrations, models

WORD = migrations.CreateModel(
    name="ArticleWord",
    fields=[
        (
            "pk",
            models.CompositePrimaryKey(
                "desk_id",
                "lexeme",
                "article_id",
                blank=True,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
        ("desk_id", models.BigIntegerField()),
        ("lexeme", models.TextField()),
        ("in_title", models.BooleanField()),
        ("is_public", models.BooleanField()),
        (
            "article",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="records.article"
            ),
        ),
    ],
    options={"db_table": "article_word"},
)


class Migration(migrations.Migration):
    dependencies = [("records", "0040_article_words")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE article_word (
              desk_id bigint NOT NULL,
              lexeme text NOT NULL,
              article_id bigint NOT NULL REFERENCES article (id) ON DELETE CASCADE
                DEFERRABLE INITIALLY DEFERRED,
              in_title boolean NOT NULL,
              is_public boolean NOT NULL,
              CONSTRAINT article_word_once PRIMARY KEY (desk_id, lexeme, article_id)
                INCLUDE (in_title, is_public)
            );
            CREATE INDEX article_word_of ON article_word (article_id);
            CREATE INDEX article_spoken ON article (desk_id, language)
              WHERE state = 'published';
            -- A plan made while the table was small must not walk all of it ever after.
            CREATE FUNCTION article_keeps_its_words() RETURNS trigger LANGUAGE plpgsql
              SET enable_seqscan = off AS $$
            BEGIN
              IF TG_OP = 'UPDATE' THEN
                DELETE FROM public.article_word WHERE article_id = NEW.id;
              END IF;
              IF NEW.state = 'published' THEN
                INSERT INTO public.article_word
                SELECT NEW.desk_id, u.lexeme, NEW.id, 'A' = ANY(u.weights),
                       NEW.audience = 'public'
                FROM unnest(public.article_words(NEW.language, NEW.title, left(NEW.body, 4000)))
                     AS u
                WHERE length(u.lexeme) BETWEEN 3 AND 100 AND u.lexeme !~ '^[0-9.]+$';
              END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER article_keeps_its_words
              AFTER INSERT OR UPDATE OF state, title, body, language, audience ON article
              FOR EACH ROW EXECUTE FUNCTION article_keeps_its_words();
            """,
            """
            DROP TRIGGER article_keeps_its_words ON article;
            DROP FUNCTION article_keeps_its_words();
            DROP INDEX article_spoken;
            DROP TABLE article_word;
            """,
            state_operations=[WORD],
        ),
    ]
