"""Try a transaction again that PostgreSQL gave up to let another one through."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, transaction
from psycopg import errors

T = TypeVar("T")
TRIES = 4
_PASSING = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)


def retried(verb: Callable[[], T]) -> T:
    """Run a whole transaction, again where it lost a race; the last failure is raised."""
    for attempt in range(1, TRIES):
        try:
            return verb()
        except OperationalError as problem:
            if not isinstance(problem.__cause__, _PASSING):
                raise
            if transaction.get_connection().in_atomic_block:
                raise
            time.sleep(random.uniform(0.01, 0.05) * attempt)
    return verb()
