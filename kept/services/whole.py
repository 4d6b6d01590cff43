"""One transaction for a verb, or for a verb and what its caller writes with it.

Outside `together` a verb's transaction is the outermost and commits when it ends. Inside, it is
a part of the caller's, which catches what the verb raises and commits both at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction

_JOINED: ContextVar[bool] = ContextVar("joined", default=False)


@contextmanager
def whole() -> Iterator[None]:
    """Open the transaction of one verb."""
    with transaction.atomic(durable=not _JOINED.get()):
        yield


@contextmanager
def together() -> Iterator[None]:
    """Open a transaction that the verbs inside join."""
    with transaction.atomic(durable=True):
        joined = _JOINED.set(True)
        try:
            yield
        finally:
            _JOINED.reset(joined)
