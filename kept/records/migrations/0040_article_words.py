"""Find articles by words in their own language, with or without accents, and titles with a slip.

English goes by `kept_stems`, a language without endings known by `kept_words`; each other one is
PostgreSQL's own configuration with accents taken off first. `article_words` names them whole, so
that a restored database finds them on an empty search path.
"""

from django.db import migrations

LANGUAGES = {
    "es": "spanish", "fr": "french", "de": "german", "it": "italian", "pt": "portuguese",
    "nl": "dutch", "hi": "hindi",
}  # fmt: skip


def _configuration(name: str, base: str) -> str:
    return f"""
    CREATE TEXT SEARCH CONFIGURATION public.words_{name} (COPY = pg_catalog.{base});
    ALTER TEXT SEARCH CONFIGURATION public.words_{name}
      ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, pg_catalog.{base}_stem;
    """


_MADE = "".join(_configuration(name, base) for name, base in LANGUAGES.items())
_DROPPED = "".join(f"DROP TEXT SEARCH CONFIGURATION public.words_{name};" for name in LANGUAGES)
_CASES = " ".join(f"WHEN '{name}' THEN 'public.words_{name}'::regconfig" for name in LANGUAGES)


class Migration(migrations.Migration):
    dependencies = [("records", "0039_articles")]

    operations = [
        migrations.RunSQL(_MADE, _DROPPED),
        migrations.RunSQL(
            f"""
            CREATE FUNCTION words_of_language(text) RETURNS regconfig
              LANGUAGE sql IMMUTABLE PARALLEL SAFE
              AS $$ SELECT CASE $1 WHEN 'en' THEN 'public.kept_stems'::regconfig {_CASES}
                      ELSE 'public.kept_words'::regconfig END $$;
            CREATE FUNCTION article_words(language text, title text, body text) RETURNS tsvector
              LANGUAGE sql IMMUTABLE PARALLEL SAFE
              AS $$ SELECT
                setweight(to_tsvector(public.words_of_language($1), $2), 'A') ||
                setweight(to_tsvector(public.words_of_language($1), left($3, 100000)), 'C') $$;
            ALTER TABLE article ADD COLUMN words tsvector
              GENERATED ALWAYS AS (article_words(language, title, body)) STORED;
            CREATE INDEX article_words_in ON article USING gin (words);
            CREATE INDEX article_title_like ON article USING gin
              (plain_words(title) public.gin_trgm_ops);
            """,
            """
            DROP INDEX article_title_like;
            DROP INDEX article_words_in;
            ALTER TABLE article DROP COLUMN words;
            DROP FUNCTION article_words(text, text, text);
            DROP FUNCTION words_of_language(text);
            """,
        ),
    ]
