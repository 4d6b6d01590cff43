"""PostgreSQL itself keeps the journal: nothing changes it, and a forgery does not verify."""

import pytest
from django.db import DatabaseError, connection, transaction

from kept.services.verify import rebuild, verify
from tests.people import MONDAY, Cast, dana_asks, ticket_row


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET by_agent = 1",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "SET LOCAL session_replication_role = replica; UPDATE journal SET refused = true",
    ],
)
def test_the_journal_refuses_every_change(cast: Cast, statement: str) -> None:
    dana_asks()
    with (
        pytest.raises(DatabaseError, match=r"append-only|pending trigger"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for part in statement.split("; "):
            cursor.execute(part)


@pytest.mark.parametrize(
    ("forgery", "found"),
    [
        ("UPDATE journal SET recorded_at = recorded_at + interval '1 second' WHERE seq = 1",
         "the hash chain is broken"),
        ("UPDATE journal SET fact = jsonb_set(fact, '{channel}', '\"phone\"') WHERE seq = 2",
         "the hash chain is broken"),
        ("DELETE FROM journal WHERE seq = 1", "a journal row is missing"),
        ("DELETE FROM journal WHERE seq = 2", "the journal's last rows are gone"),
        ("UPDATE commitment SET due_at = due_at + interval '1 hour'",
         "the commitment rows differ"),
        ("UPDATE ticket SET severity = 'P1'", "the column severity differs"),
        ("UPDATE ticket SET state = convert_to(replace(convert_from(state, 'UTF8'),"
         " '\"front\"', '\"other\"'), 'UTF8')", "the stored state differs"),
    ],
)  # fmt: skip
def test_verify_finds_the_first_wrong_row(cast: Cast, forgery: str, found: str) -> None:
    number = dana_asks("an outage")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE journal DISABLE TRIGGER USER")
        cursor.execute(forgery)
        cursor.execute("ALTER TABLE journal ENABLE ALWAYS TRIGGER journal_append_only")
    fault = verify().faults[0]
    assert (fault.ticket, fault.what) == (number, found)


def test_lost_projections_are_made_again_from_the_journal(cast: Cast) -> None:
    number = dana_asks("an outage")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM commitment")
        cursor.execute(
            "UPDATE ticket SET state = '', severity = 'P1', next_timer_at = NULL,"
            " next_due_at = NULL, owner_id = NULL"
        )
    assert not verify().ok
    rebuild(number, at=MONDAY)
    report = verify()
    assert report.ok, report.faults
    assert ticket_row(number).owner_id == cast.amira
