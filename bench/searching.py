"""Search over 300,000 tickets with a message and now and then a note each.

Words follow a steep curve, as people's do: some stand in every second message, most in few.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial
from statistics import median, quantiles

from bench.figures import Figure
from bench.house import execute
from bench.volume import agent_id, copies, many_tickets, milliseconds
from kept.clock import now

TICKETS = 300_000
LINES = {
    "a rare word": "w39871",
    "two common words": "w1 w2",
    "a common word": "w1",
    "a word nobody wrote": "zanzibar",
    "a slip in a subject": "screan",
    "a customer": "dana",
    "a number": "#77",
    "filters alone": "is:open severity:P2",
    "words and filters": "w3 is:open severity:P2 before:2199-01-01",
}


def searching() -> Iterator[Figure]:
    """What the search page asks, as an agent of five desks, on a warm connection."""
    many_words()
    from kept.records.queries.search import best

    agent = agent_id()
    for name, line in LINES.items():
        times = milliseconds(partial(_ask, best, agent, line, now()), 40)
        yield Figure(
            name=f"search, {name}, p95", value=quantiles(times, n=20)[-1], unit="ms",
            at_most=200, beside=f"median {median(times):.1f} ms",
        )  # fmt: skip


def _ask(best: object, agent: int, line: str, at: datetime) -> object:
    assert callable(best)
    return best(agent, line, at=at)


@cache
def many_words() -> None:
    """Give every ticket a subject and a message of its own words."""
    many_tickets()
    first = int(str(execute("SELECT min(id) FROM ticket")[0][0])) - 1
    have = int(str(execute("SELECT count(*) FROM ticket")[0][0]))
    copies(first, TICKETS - have, is_open=False)
    indexes = execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE indexname IN"
        " ('ticket_words', 'message_words', 'ticket_like')"
    )
    execute("SET statement_timeout = 0")
    execute("SET synchronous_commit = off")
    for name, _ in indexes:
        execute(f"DROP INDEX {name}")
    execute(f"UPDATE ticket SET subject = subject || ' ' || {_words('id', 4)}")
    execute(
        f"""
        INSERT INTO message (ticket_id, kind, direction, sender, channel, subject, text, quoted,
          html, message_id, template, warning, sent_at, delivery, came_from)
        SELECT id, CASE WHEN id % 10 = 0 THEN 'note' ELSE 'public' END, 'in', '', 'email', '',
          {_words("id * 7", 40)}, '', '', '', '', '', opened_at, '', '{{}}' FROM ticket
        """
    )
    for _, how in indexes:
        execute(str(how))
    execute("SET synchronous_commit = on")
    execute("VACUUM (ANALYZE) ticket")
    execute("VACUUM (ANALYZE) message")


def _words(seed: str, count: int) -> str:
    """Return SQL of so many words: the n-th most common is written about 1/n as often."""
    return (
        f"(SELECT string_agg('w' || (exp(((({seed}) * 7919 + n * 104729)"
        f" % 1000003) / 1000003.0 * 10.6))::int, ' ') FROM generate_series(1, {count}) n)"
    )
