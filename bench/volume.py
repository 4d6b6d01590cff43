"""Many tickets: the queue page over 200,000 open ones, and a million running clocks.

Rows for volume are copies of tickets that came in through the services, put in by INSERT ..
SELECT: the tables are as large as a large desk's, and each row is one that the services read.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache, partial
from statistics import median, quantiles

from bench.figures import Figure
from bench.house import AGENT, execute, house
from kept.clock import now

OPEN_TICKETS, TIMERS, DUE = 200_000, 1_000_000, 1_000
PATTERNS = 20
"""So many tickets are opened by the services; the others are their copies."""


def queue() -> Iterator[Figure]:
    """The queue's page of 50, as the agent's page asks for it, on a warm connection."""
    many_tickets()
    from django.db import connection

    from kept.records.queries.filters import read_filter
    from kept.records.queries.queue import queue_page
    from kept.records.queries.views import QueueFilter

    agent = agent_id()
    asked: list[str] = []

    def count(run: Callable[..., object], query: str, *rest: object) -> object:
        asked.append(query)
        return run(query, *rest)

    with connection.execute_wrapper(count):
        page = queue_page(agent, QueueFilter(view="mine"), at=now())
    assert len(page.rows) == 50
    yield Figure(
        name="queue page, statements", value=len(asked), unit="", at_most=3,
        beside=f"50 of {OPEN_TICKETS:,} open tickets",
    )  # fmt: skip
    for name, terms in SHAPES.items():
        wanted = read_filter(terms).filter
        times = milliseconds(partial(queue_page, agent, wanted, at=now()), 60)
        yield Figure(
            name=f"queue page, {name}, p95", value=quantiles(times, n=20)[-1], unit="ms",
            at_most=30, beside=f"median {median(times):.2f} ms",
        )  # fmt: skip
    yield _walk(agent)
    yield _view_counts(agent)


SHAPES: dict[str, dict[str, str]] = {
    "home": {"view": "mine"},
    "all": {"view": "all"},
    "unowned": {"view": "unowned"},
    "severity": {"severity": "P1"},
    "no such severity": {"severity": "P9"},
    "no such type": {"type": "none-such"},
    "topic and channel": {"topic": "none-such", "channel": "fax"},
    "owner": {"owner": "3"},
    "one team": {"team": "none-such"},
    "waiting on nobody known": {"waiting": "third_party"},
    "one customer": {"customer": "1"},
    "due before": {"due_before": "+30h"},
    "due after all": {"due_after": "2199-01-01"},
    "opened before all": {"opened_before": "1972-01-01"},
    "oldest first": {"order": "opened", "view": "all"},
    "last changed first": {"order": "updated", "view": "all"},
    "changed long ago": {"updated_before": "1972-01-01", "order": "updated"},
    "missed clause": {"missed": "none.such"},
    "following": {"view": "following"},
    "snoozed": {"view": "snoozed"},
    "mentions": {"view": "mentions"},
    "common word": {"words": "screen"},
    "rare word": {"words": "zanzibar"},
    "a customer's name": {"words": "dana"},
}
"""Every kind of filter, the ones that find nothing included: those read the most."""


def _walk(agent: int) -> Figure:
    from kept.records.queries.queue import queue_page
    from kept.records.queries.views import QueueFilter
    from kept.records.queries.walking import walk

    wanted = QueueFilter(view="all", severity="P2")
    middle = queue_page(agent, wanted, at=now()).rows[25].id
    times = milliseconds(partial(walk, agent, wanted, middle, at=now()), 60)
    return Figure(
        name="before and after a ticket in its view, p95", value=quantiles(times, n=20)[-1],
        unit="ms", at_most=30, beside=f"median {median(times):.2f} ms",
    )  # fmt: skip


def _view_counts(agent: int) -> Figure:
    from kept.records.queries.saved_views import view_counts
    from kept.services.saved_views import save_view

    for number, terms in enumerate(("severity=P1", "owner=none", "type=none-such", "team=mine")):
        save_view(by=agent, at=now(), name=f"View {number}", query=terms)
    times = milliseconds(partial(view_counts, agent, at=now()), 40)
    return Figure(
        name="counts of four saved views, p95", value=quantiles(times, n=20)[-1], unit="ms",
        at_most=80, beside=f"median {median(times):.2f} ms",
    )  # fmt: skip


def clocks() -> Iterator[Figure]:
    """The clock worker's tick with a million timers, and a thousand tickets due at one instant."""
    many_timers()
    from kept.services import clocks

    at = now()
    times = milliseconds(lambda: clocks.fire_due(at=at), 50)
    yield Figure(
        name="clock tick, none due, median", value=median(times), unit="ms", at_most=5,
        beside=f"p95 {quantiles(times, n=20)[-1]:.2f} ms, {_timers():,} timers",
    )  # fmt: skip
    late = _due_at_once()
    begun = time.monotonic()
    tickets = facts = 0
    while (fired := clocks.fire_due(at=late)).due:
        assert not fired.put_off
        tickets += fired.tickets
        facts += fired.facts
    seconds = time.monotonic() - begun
    yield Figure(
        name=f"{DUE:,} due at once, one worker", value=seconds, unit="s", at_most=10,
        beside=f"{tickets:,} tickets, {facts:,} timers, {facts / seconds:.0f} decided/s",
    )  # fmt: skip


def milliseconds(act: Callable[[], object], rounds: int) -> list[float]:
    """Return how long each of many runs took, the first ten left out."""
    times = []
    for _ in range(rounds + 10):
        begun = time.perf_counter()
        act()
        times.append((time.perf_counter() - begun) * 1000)
    return times[10:]


@cache
def many_tickets() -> None:
    """Fill one desk with open tickets whose next dues are spread over a month."""
    house()
    from bench.clients import KINDS

    act = KINDS["open"]()
    first = int(str(execute("SELECT COALESCE(max(id), 0) FROM ticket")[0][0]))
    for _ in range(PATTERNS):
        act()
    copies(first, OPEN_TICKETS)
    execute("VACUUM (ANALYZE) ticket")


@cache
def many_timers() -> None:
    """Add tickets, resolved but with a timer still to come, until a million clocks run."""
    many_tickets()
    first = int(str(execute("SELECT min(id) FROM ticket")[0][0])) - 1
    copies(first, TIMERS - _timers(), is_open=False)
    execute("VACUUM (ANALYZE) ticket")


def copies(first: int, count: int, *, is_open: bool = True) -> None:
    """Copy the tickets opened after `first`, each with dues of its own, a day on and more."""
    execute("SET statement_timeout = 0")
    execute("SET synchronous_commit = off")
    state, status = ("state", "status") if is_open else ("''", "'resolved'")
    execute(
        f"""
        INSERT INTO ticket (desk_id, subject, customer_id, status, severity, level, type, topic,
          owner_id, team, channel, waiting_on, opened_at, updated_at, state, state_seq, last_hash,
          policy_hash, next_timer_at, next_due_at, next_due_name, next_due_clause,
          next_due_commitment, next_at_risk_at, missed_count, queue_key, needs_attention,
          timer_failures)
        SELECT desk_id, subject, customer_id, {status},
          (ARRAY['P1','P2','P3','P4'])[1 + n % 4], level, type, topic,
          CASE WHEN n % 3 > 0 THEN 1 + n % 7 END, team, channel, waiting_on,
          opened_at - n * interval '1 second', updated_at - n * interval '1 second',
          {state}, state_seq, last_hash, policy_hash, w.due, w.due, 'resolution',
          next_due_clause, next_due_commitment, w.due - interval '1 hour', 0,
          (extract(epoch FROM w.due) * 1000000)::bigint, '', 0
        FROM generate_series(1::bigint, %s) n
        JOIN LATERAL (SELECT now() + interval '1 day' + n * 7919 %% 2592000 * interval '1 second'
                      AS due) w ON true
        JOIN (SELECT *, row_number() OVER () AS number FROM ticket
              WHERE id > %s ORDER BY id LIMIT {PATTERNS}) t ON t.number = 1 + n %% {PATTERNS}
        """.replace("n % ", "n %% "),
        [count, first],
    )  # fmt: skip
    execute("SET synchronous_commit = on")


def _due_at_once() -> datetime:
    """Make a thousand copies of one ticket, commitments and all, whose timer is one instant."""
    pattern, due = execute(
        "SELECT ticket.id, next_timer_at FROM ticket JOIN commitment c ON ticket_id = ticket.id"
        " WHERE next_timer_at IS NOT NULL GROUP BY ticket.id"
        " ORDER BY next_timer_at, ticket.id LIMIT 1"
    )[0]
    columns = ", ".join(
        str(name)
        for (name,) in execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'ticket' AND column_name <> 'id'"
        )
    )
    execute(
        f"INSERT INTO ticket ({columns}) SELECT {columns} FROM ticket, generate_series(1, %s)"
        " WHERE id = %s",
        [DUE - 1, pattern],
    )
    assert isinstance(due, datetime)
    return due


def _timers() -> int:
    return int(str(execute("SELECT count(*) FROM ticket WHERE next_timer_at IS NOT NULL")[0][0]))


def agent_id() -> int:
    return int(str(execute("SELECT id FROM agent WHERE email = %s", [AGENT])[0][0]))
