"""Where the search looks: one entry for each place that holds words.

A ticket source yields tickets with the row its snippet comes from; a thing source yields what is
found beside tickets, such as customers. Each asks its own index for its newest RECENT hits, and
each holds the reader's rights itself: `%(desks)s` are the reader's desks, `%(granted)s` those
whose customers' addresses they may see. `words` are stored columns (migration 0037), names an
expression (0034).
"""

from dataclasses import dataclass

from kept.records.queries.articles import QUERY as ARTICLE_WORDS

RECENT = 500
"""So many of the newest hits of each source are ranked; ranking a common word whole is slow."""


def asked(words: str = "%(words)s") -> str:
    """Return SQL of what is looked for: the words as they are, and their stems."""
    return (
        f"(websearch_to_tsquery('kept_words', {words})"
        f" || websearch_to_tsquery('kept_stems', {words}))"
    )


NAME_HELD = "to_tsvector('kept_words', left(c.name, 1000))"
NAME_ASKED = "websearch_to_tsquery('kept_words', {})"
NAME_SEEN = "(c.name !~ '@|[0-9][0-9][0-9]' OR t.desk_id = ANY(%(granted)s))"
"""A name that is an address or a number is found only by whoever may see those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSource:
    """`sql` yields ticket and the message of the snippet or NULL, newest first; `{narrow}` are
    the tests on `t` that every source shares. `weight` counts in the ranking.
    """

    name: str
    weight: int
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingSource:
    """`sql` yields id, title and a line about it; `kind` names it and its page (web/search)."""

    kind: str
    sql: str


FEW = 3000
WALKED = 50_000
"""A word that stands in more than FEW texts is looked for in so many of the newest."""


def newest(few: str, walked: str) -> str:
    """Return SQL of the newest hits of words, whether few texts hold them or nearly all do.

    Up to FEW come from the index of words and are narrowed then. More than that are met soon on
    a walk from the newest, and only then is it walked: two common words that never meet must
    not cost a walk through everything.
    """
    return f"""WITH few AS MATERIALIZED ({few} LIMIT {FEW + 1})
        (SELECT t.id, f.message FROM few f(ticket, message) JOIN ticket t ON t.id = f.ticket
         WHERE (SELECT count(*) FROM few) <= {FEW} AND {{narrow}}
         ORDER BY f.message DESC NULLS LAST, t.id DESC)
        UNION ALL ({
        walked.format(common=f"(SELECT count(*) FROM few) > {FEW}", narrow="{narrow}")
    } LIMIT {RECENT})"""


TICKETS: tuple[TicketSource, ...] = (
    TicketSource(
        name="number", weight=16,
        sql="SELECT t.id, NULL::bigint FROM ticket t WHERE t.id = %(number)s AND {narrow}"),
    TicketSource(
        name="subject", weight=6,
        sql=newest(
            f"SELECT s.id, NULL::bigint FROM ticket s WHERE s.words @@ {asked()}",
            f"""SELECT t.id, NULL::bigint FROM ticket t WHERE {{common}} AND {{narrow}}
                AND t.words @@ {asked()}
                AND t.id > (SELECT max(id) FROM ticket) - {WALKED} ORDER BY t.id DESC""")),
    *(
        TicketSource(
            name=name, weight=weight,
            sql=newest(
                f"""SELECT s.ticket_id, s.id FROM message s
                    WHERE s.words @@ {asked()} AND s.kind = '{kind}'""",
                f"""SELECT t.id, w.id FROM message w JOIN ticket t ON t.id = w.ticket_id
                    WHERE {{common}} AND w.kind = '{kind}' AND {{narrow}}
                      AND w.words @@ {asked()}
                      AND w.id > (SELECT max(id) FROM message) - {WALKED}
                    ORDER BY w.id DESC"""))
        for name, weight, kind in (("message", 2, "public"), ("note", 1, "note"))
    ),
    TicketSource(
        name="customer", weight=4,
        sql=f"""SELECT t.id, NULL::bigint FROM (
              SELECT c.id, c.name FROM customer c
              WHERE {NAME_HELD} @@ {NAME_ASKED.format("%(words)s")} LIMIT {RECENT}) c
            CROSS JOIN LATERAL (SELECT t.id FROM ticket t WHERE t.customer_id = c.id
              AND {NAME_SEEN} AND {{narrow}} ORDER BY t.id DESC LIMIT 50) t
            ORDER BY t.id DESC"""),
    TicketSource(
        name="address", weight=8,
        sql="""SELECT t.id, NULL::bigint FROM customer_address e
            JOIN ticket t ON t.customer_id = e.customer_id
            WHERE e.kind IN ('email', 'phone') AND e.value = lower(%(words)s)
              AND (e.desk_id IS NULL OR e.desk_id = t.desk_id)
              AND t.desk_id = ANY(%(granted)s) AND {narrow} ORDER BY t.id DESC"""),
)  # fmt: skip
ALIKE = 1000
"""So many that are like the words are compared: where all are, a better one changes little."""
LIKE: tuple[TicketSource, ...] = (
    TicketSource(
        name="subject", weight=1,
        sql=f"""SELECT l.id, NULL::bigint FROM (
              SELECT t.id, t.subject FROM ticket t
              WHERE %(words)s <%% left(t.subject, 200) AND {{narrow}} LIMIT {ALIKE}) l
            ORDER BY word_similarity(%(words)s, left(l.subject, 200)) DESC, l.id DESC"""),
    TicketSource(
        name="customer", weight=1,
        sql=f"""SELECT t.id, NULL::bigint FROM (
              SELECT c.id, c.name FROM customer c WHERE %(words)s <%% left(c.name, 200)
              LIMIT {ALIKE}) c
            CROSS JOIN LATERAL (SELECT t.id FROM ticket t WHERE t.customer_id = c.id
              AND {NAME_SEEN} AND {{narrow}} ORDER BY t.id DESC LIMIT 20) t
            ORDER BY word_similarity(%(words)s, left(c.name, 200)) DESC, t.id DESC"""),
)  # fmt: skip
"""Asked where the words themselves find next to nothing: a slip of the hand is forgiven."""
THINGS: tuple[ThingSource, ...] = (
    ThingSource(
        kind="customer",
        sql=f"""SELECT c.id, c.name, CASE WHEN h.n = 1 THEN '1 ticket' WHEN h.n > 99
              THEN '100 tickets or more' ELSE h.n || ' tickets' END
            FROM (SELECT c.id, c.name FROM customer c
                  WHERE {NAME_HELD} @@ {NAME_ASKED.format("%(words)s")} LIMIT 200) c
            CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
              SELECT 1 FROM ticket t WHERE t.customer_id = c.id AND {NAME_SEEN}
                AND t.desk_id = ANY(%(desks)s) ORDER BY t.customer_id LIMIT 100) one) h
            WHERE h.n > 0 ORDER BY c.name, c.id"""),
    ThingSource(
        kind="article",
        sql=f"""SELECT a.id, a.title, d.slug FROM (
              (SELECT b.id, ts_rank(b.words, {ARTICLE_WORDS}, 1) AS rank FROM article b
               WHERE b.words @@ ({ARTICLE_WORDS}) AND b.desk_id = ANY(%(desks)s)
                 AND b.state = 'published' ORDER BY b.id DESC LIMIT {RECENT})
              UNION ALL
              (SELECT b.id, 0.3 * word_similarity(plain_words(%(words)s), plain_words(b.title))
               FROM article b WHERE plain_words(%(words)s) <%% plain_words(b.title)
                 AND b.desk_id = ANY(%(desks)s) AND b.state = 'published' LIMIT {RECENT})
            ) hit JOIN article a ON a.id = hit.id JOIN desk d ON d.id = a.desk_id
            GROUP BY a.id, d.slug ORDER BY sum(hit.rank) DESC, a.id DESC"""),
)  # fmt: skip
