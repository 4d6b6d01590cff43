"""The hot reads ask few questions of the right indexes; `make bench` says how long they take."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kept.records.queries.queue import queue_page
from kept.records.queries.tickets import ticket_view
from kept.records.queries.views import QueueFilter
from kept.services import clocks
from tests.people import MONDAY, Cast, dana_asks

MANY = 200_000
NOW = MONDAY + timedelta(days=1)


def grow(desk: int, tickets: int) -> None:
    """Insert plain rows: only the reads are measured here, not how tickets come to be."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            """
            INSERT INTO ticket (desk_id, subject, status, severity, level, opened_at, updated_at,
              policy_hash, state, state_seq, last_hash, missed_count, queue_key, needs_attention,
              timer_failures, next_due_at, next_at_risk_at, next_timer_at)
            SELECT %s, 'Subject ' || n, 'open', CASE WHEN n %% 1000 = 0 THEN 'P1' ELSE 'P2' END,
              'L1', %s, %s, 'x', '', 0, '', 0,
              extract(epoch FROM due)::bigint * 1000000, '', 0, due, due - interval '1 hour', due
            FROM (SELECT n, %s::timestamptz + n * interval '10 seconds' AS due
                  FROM generate_series(1, %s) n) one
            """,
            [desk, NOW, NOW, NOW, tickets],
        )
        cursor.execute("ANALYZE ticket")


@pytest.mark.django_db
def test_a_page_of_two_hundred_thousand_open_tickets_takes_three_statements(cast: Cast) -> None:
    grow(cast.desk, MANY)
    first = queue_page(cast.amira, QueueFilter(), at=NOW)
    assert len(first.rows) == 50
    with CaptureQueriesContext(connection) as asked:
        second = queue_page(cast.amira, QueueFilter(), at=NOW, cursor=first.next_cursor)
    assert len(asked) <= 3
    assert second.rows[0].due_at > first.rows[-1].due_at
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}


@pytest.mark.django_db
def test_the_clock_looks_at_its_index_only(cast: Cast) -> None:
    grow(cast.desk, MANY)
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT id FROM ticket WHERE next_timer_at <= %s"
            " ORDER BY next_timer_at LIMIT 200",
            [NOW],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "ticket_timer" in plan, plan
    assert clocks.fire_due(at=NOW).due == 0


@pytest.mark.django_db
def test_a_ticket_page_asks_the_same_number_of_times_however_long_it_is(cast: Cast) -> None:
    from kept.services import conversation

    number = dana_asks()
    ticket_view(cast.amira, number, at=MONDAY)
    with CaptureQueriesContext(connection) as short:
        ticket_view(cast.amira, number, at=MONDAY)
    for turn in range(5):
        conversation.note(number, by=cast.amira, at=MONDAY, text=f"Note {turn}")
    with CaptureQueriesContext(connection) as longer:
        ticket_view(cast.amira, number, at=MONDAY)
    assert len(short) == len(longer) <= 10
