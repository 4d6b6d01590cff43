"""A request with an Idempotency-Key has one effect, however often it is sent.

Its answer is kept in the transaction of the effect, so there is never one without the other. A
lock that ends with the transaction tells a running request from one that died.
"""

import hashlib
from datetime import datetime, timedelta

from django.db import connection

from kept.policy.words import Frozen
from kept.services.errors import Conflict, NotValid

KEPT_FOR = timedelta(hours=24)
SWEPT = 20
"""So many old answers go with each new one, so that nobody has to tidy up."""


class Answer(Frozen, frozen=True, kw_only=True):
    """What a request was answered."""

    status: int
    content_type: str
    body: bytes


class Running(Conflict):
    """The same request is still at work."""

    code = "still_running"


class OtherBody(NotValid):
    """The key was used with another body."""

    code = "key_used"


def earlier(token: int, route: str, key: str, body: bytes) -> Answer | None:
    """Return the answer the key has; else hold the key until this transaction ends."""
    name = f"{token} {route} {key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        if not cursor.fetchone()[0]:
            raise Running("A request with this Idempotency-Key is still running. Ask again.")
        cursor.execute(
            "SELECT body_hash, status, content_type, body FROM idempotent_answer"
            " WHERE token_id = %s AND route = %s AND key = %s",
            [token, route, key],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    if bytes(row[0]) != hashlib.sha256(body).digest():
        raise OtherBody("This Idempotency-Key was used with another body. Use a new key.")
    return Answer(status=row[1], content_type=row[2], body=bytes(row[3]))


def keep(token: int, route: str, key: str, body: bytes, answer: Answer, *, at: datetime) -> None:
    """Keep the answer with its effect, and let some old ones go."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO idempotent_answer
              (token_id, route, key, body_hash, status, content_type, body, made_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                token, route, key, hashlib.sha256(body).digest(), answer.status,
                answer.content_type, answer.body, at,
            ],
        )  # fmt: skip
        cursor.execute(
            """
            DELETE FROM idempotent_answer WHERE id IN (
              SELECT id FROM idempotent_answer WHERE made_at < %s
              ORDER BY made_at LIMIT %s FOR UPDATE SKIP LOCKED)
            """,
            [at - KEPT_FOR, SWEPT],
        )
