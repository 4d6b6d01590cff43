"""The desk's database for one command: Django set up, and a server that answers.

Where `kept run` is not running its embedded server and no DATABASE_URL names another, the server
is started for as long as the command takes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from kept.cli.output import Stop


def set_up() -> None:
    """Let Django read the settings."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kept.settings")
    django.setup()


@contextmanager
def database() -> Iterator[None]:
    """Set Django up on a database that answers; stop what was started for it."""
    set_up()
    from django.conf import settings
    from django.db import connections

    from kept.postgres import Server, places
    from kept.postgres.supervisor import ServerError
    from kept.services.errors import DeskError

    own = None
    if not answers():
        if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
            raise Stop("the database does not answer. Is DATABASE_URL right?", code=1)
        own = Server(places(settings.KEPT_DATA))
        try:
            own.start()
        except ServerError as wrong:
            raise Stop(str(wrong), code=1) from None
    try:
        yield
    except DeskError as refused:
        raise Stop(str(refused), code=1) from None
    finally:
        connections.close_all()
        if own is not None:
            own.stop()


def answers() -> bool:
    """Tell whether the database takes a connection."""
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True
