"""One embedded PostgreSQL for the whole session, started when the first test wants a database.

With DATABASE_URL set, tests use that server. Under pytest-xdist the controller starts the server
and its workers share it, each with a database of its own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from kept.postgres import Server, places
from kept.settings import database_settings

SHARED = "KEPT_TEST_SERVER_URL"
# A test server may lose everything in a crash; a desk's may not.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
pytest_plugins = ["tests.people"]


class TestServer:
    """A server in a folder of its own that goes away with the session."""

    __test__ = False

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kept-tests-"))
        self.folder.chmod(0o711)
        self.server = Server(places(self.folder), settings=FAST)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.server.places.cluster.parent, ignore_errors=True)


def pytest_configure(config: pytest.Config) -> None:
    is_controller = not hasattr(config, "workerinput")
    wants_workers = bool(getattr(config.option, "numprocesses", None))
    if is_controller and wants_workers and "DATABASE_URL" not in os.environ:
        shared = TestServer()
        os.environ[SHARED] = shared.server.url
        config.add_cleanup(shared.stop)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The server that the session's databases are made on."""
    given = os.environ.get("DATABASE_URL") or os.environ.get(SHARED)
    if given:
        yield given
        return
    own = TestServer()
    try:
        yield own.server.url
    finally:
        own.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, database_url: str
) -> None:
    """Point Django at the server before it makes its database."""
    place = connections["default"].settings_dict
    made = database_settings(database_url)
    for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
        place[key] = made[key]


@pytest.fixture(scope="session", autouse=True)
def _emptied_between_tests() -> None:
    """Let Django empty the tables between tests; the logs refuse everybody else."""
    operations = connections["default"].ops
    flush = operations.execute_sql_flush
    logs = (
        ("journal", "journal_never_emptied"),
        ("access_event", "access_log_never_emptied"),
    )

    def emptied(sql_list: list[str]) -> None:
        with connections["default"].cursor() as cursor:
            for table, trigger in logs:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            flush(sql_list)
            for table, trigger in logs:
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")

    operations.execute_sql_flush = emptied


def database_in_use() -> str:
    """Return the URL of this process's own test database."""
    place = connections["default"].settings_dict
    at = f":{place['PASSWORD']}" if place["PASSWORD"] else ""
    port = f"&port={place['PORT']}" if place["PORT"] else ""
    return f"postgresql://{place['USER']}{at}@/{place['NAME']}?host={place['HOST']}{port}"


@pytest.fixture
def live_url(transactional_db: None) -> str:
    """The URL of this test's own database, for processes that a test starts."""
    return database_in_use()
