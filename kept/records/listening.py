"""A plain connection for LISTEN, outside of Django's own."""

from typing import Any

import psycopg
from django.db import connections

CHANNEL = "kept_journal"
"""Hints are sent here: `ticket:42`, `outbox`, `intake`. Missing one costs a poll."""


def place() -> dict[str, Any]:
    """Return where Django's connection goes, the test database included."""
    settings = connections["default"].settings_dict
    return {
        "dbname": settings["NAME"],
        "user": settings["USER"] or None,
        "password": settings["PASSWORD"] or None,
        "host": settings["HOST"] or None,
        "port": settings["PORT"] or None,
        "connect_timeout": 5,
    }


def listening_connection() -> psycopg.Connection[Any]:
    """Return a connection that sees hints as they come."""
    return psycopg.connect(**place(), application_name="kept-hints", autocommit=True)
