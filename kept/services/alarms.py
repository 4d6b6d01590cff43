"""Faults a person must see: raised once while they last, counted, cleared by hand or by itself."""

from datetime import datetime

from django.db import connection


def raise_alarm(
    key: str,
    sentence: str,
    *,
    at: datetime,
    desk: int | None = None,
    ticket: int | None = None,
) -> None:
    """Raise an alarm or count one more occurrence of the one that stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO alarm (key, desk_id, ticket_id, sentence, raised_at, last_at, times)
            VALUES (%s, %s, %s, %s, %s, %s, 1)
            ON CONFLICT (key) WHERE cleared_at IS NULL DO UPDATE SET
              times = alarm.times + 1, last_at = excluded.last_at, sentence = excluded.sentence
            """,
            [key[:200], desk, ticket, sentence, at, at],
        )


def clear_alarm(key: str, *, at: datetime) -> None:
    """Clear an alarm whose cause is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alarm SET cleared_at = %s WHERE key = %s AND cleared_at IS NULL",
            [at, key[:200]],
        )
