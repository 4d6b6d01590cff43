"""Where the search looks: one entry for each place that holds words.

A ticket source yields tickets with the row its snippet comes from; a thing source yields what is
found beside tickets, such as customers. Each asks its own index for its newest RECENT hits, and
each holds the reader's rights itself: `%(desks)s` are the reader's desks, `%(granted)s` those
whose customers' addresses they may see. The expressions must stay those of migration 0034.
A new place to look, such as knowledge articles, is one more entry here.
"""

from dataclasses import dataclass

RECENT = 500
"""So many of the newest hits of each source are ranked; ranking a common word whole is slow."""


def asked(words: str = "%(words)s") -> str:
    """Return SQL of what is looked for: the words as they are, and their stems."""
    return (
        f"(websearch_to_tsquery('kept_words', {words})"
        f" || websearch_to_tsquery('kept_stems', {words}))"
    )


def held(column: str) -> str:
    """Return SQL of the words that a text holds."""
    return (
        f"(to_tsvector('kept_words', left({column}, 100000))"
        f" || to_tsvector('kept_stems', left({column}, 100000)))"
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


TICKETS: tuple[TicketSource, ...] = (
    TicketSource(
        name="number", weight=16,
        sql="SELECT t.id, NULL::bigint FROM ticket t WHERE t.id = %(number)s AND {narrow}"),
    TicketSource(
        name="subject", weight=6,
        sql=f"""SELECT t.id, NULL::bigint FROM ticket t
            WHERE {held("t.subject")} @@ {asked()} AND {{narrow}} ORDER BY t.id DESC"""),
    TicketSource(
        name="message", weight=2,
        sql=f"""SELECT t.id, w.id FROM message w JOIN ticket t ON t.id = w.ticket_id
            WHERE {held("w.text")} @@ {asked()} AND w.kind = 'public' AND {{narrow}}
            ORDER BY w.id DESC"""),
    TicketSource(
        name="note", weight=1,
        sql=f"""SELECT t.id, w.id FROM message w JOIN ticket t ON t.id = w.ticket_id
            WHERE {held("w.text")} @@ {asked()} AND w.kind = 'note' AND {{narrow}}
            ORDER BY w.id DESC"""),
    TicketSource(
        name="customer", weight=4,
        sql=f"""SELECT t.id, NULL::bigint FROM customer c JOIN ticket t ON t.customer_id = c.id
            WHERE {NAME_HELD} @@ {NAME_ASKED.format("%(words)s")} AND {NAME_SEEN} AND {{narrow}}
            ORDER BY t.id DESC"""),
    TicketSource(
        name="address", weight=8,
        sql="""SELECT t.id, NULL::bigint FROM customer_address e
            JOIN ticket t ON t.customer_id = e.customer_id
            WHERE e.kind IN ('email', 'phone') AND e.value = lower(%(words)s)
              AND (e.desk_id IS NULL OR e.desk_id = t.desk_id)
              AND t.desk_id = ANY(%(granted)s) AND {narrow} ORDER BY t.id DESC"""),
)  # fmt: skip
LIKE: tuple[TicketSource, ...] = (
    TicketSource(
        name="subject", weight=1,
        sql="""SELECT t.id, NULL::bigint FROM ticket t
            WHERE %(words)s <%% left(t.subject, 200) AND {narrow}
            ORDER BY word_similarity(%(words)s, left(t.subject, 200)) DESC, t.id DESC"""),
    TicketSource(
        name="customer", weight=1,
        sql=f"""SELECT t.id, NULL::bigint FROM customer c JOIN ticket t ON t.customer_id = c.id
            WHERE %(words)s <%% left(c.name, 200) AND {NAME_SEEN} AND {{narrow}}
            ORDER BY word_similarity(%(words)s, left(c.name, 200)) DESC, t.id DESC"""),
)  # fmt: skip
"""Asked where the words themselves find next to nothing: a slip of the hand is forgiven."""
THINGS: tuple[ThingSource, ...] = (
    ThingSource(
        kind="customer",
        sql=f"""SELECT c.id, c.name, count(*)::text || ' tickets' FROM customer c
            JOIN ticket t ON t.customer_id = c.id
            WHERE ({NAME_HELD} @@ {NAME_ASKED.format("%(words)s")}
                   OR %(words)s <%% left(c.name, 200))
              AND {NAME_SEEN} AND t.desk_id = ANY(%(desks)s)
            GROUP BY c.id ORDER BY word_similarity(%(words)s, left(c.name, 200)) DESC, c.id"""),
)  # fmt: skip
