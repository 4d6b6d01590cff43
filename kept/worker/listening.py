"""Listen for hints on a connection of its own. When it dies the loops still poll."""

import logging
import threading
from collections.abc import Callable

import psycopg

from kept.records.listening import CHANNEL, listening_connection

log = logging.getLogger(__name__)
ROUND_SECONDS = 1.0
AGAIN_SECONDS = 5.0


def listen(hint: Callable[[str], None], stopping: threading.Event) -> None:
    """Pass each hint's kind on until told to stop; a lost connection is made again."""
    while not stopping.is_set():
        try:
            with listening_connection() as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                while not stopping.is_set():
                    for notice in connection.notifies(timeout=ROUND_SECONDS):
                        hint(notice.payload.partition(":")[0])
        except psycopg.Error:
            log.warning("hints are lost; the loops poll on")
            stopping.wait(AGAIN_SECONDS)
