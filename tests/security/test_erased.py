"""S82: who is erased stands in no table any more, whatever place a desk had for their words."""

import pytest
from django.db import connection

from kept import clock
from kept.records.models import Customer
from kept.services import erasing
from tests.security.asking import Street, street


@pytest.fixture
def here(db: None) -> Street:
    return street()


def tables_with(word: str) -> dict[str, str]:
    """Return the tables in which some row holds a word, as text or as bytes."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT t::text FROM "{table}" t WHERE t::text ILIKE %s OR t::text ILIKE %s'
                " LIMIT 1",
                [f"%{word}%", f"%{word.encode().hex()}%"],
            )
            row = cursor.fetchone()
            if row is not None:
                found[table] = row[0][:300]
    return found


def test_an_erased_customer_is_in_no_table(here: Street) -> None:
    customer = here.small.ids["customer"]
    word = "Quetzalcoatl"
    Customer.objects.filter(pk=customer).update(name=word)
    for table, column in WRITTEN:
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{table}" SET {column} = %s || id WHERE ticket_id = %s',
                [word, here.small.ids["ticket"]],
            )
    assert tables_with(word)
    erasing.erase(customer, by=here.cast.chen, desk=here.cast.desk, at=clock.now())
    assert tables_with(word) == {}
    assert tables_with("one@small.example") == {}


WRITTEN = (
    ("message", "text"), ("message", "subject"), ("draft", "text"), ("draft", "name"),
    ("room_line", "text"), ("upload", "filename"), ("notification", "about"),
    ("page", "about"), ("time_entry", "what"), ("outbox", "recipient"),
)  # fmt: skip
"""Columns of a ticket's rows into which people write of its customer."""
